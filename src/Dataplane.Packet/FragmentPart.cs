namespace Dataplane.Packet;

/// <summary>Which piece of a datagram a packet is; the order matters: everything from <see cref="Middle"/> on has no ports.</summary>
public enum FragmentPart : byte
{
    /// <summary>The whole datagram. An IPv6 atomic fragment is one too (RFC 6946).</summary>
    Whole = 0,

    /// <summary>Offset 0, and more follow: has the transport header.</summary>
    First,

    /// <summary>Neither first nor last.</summary>
    Middle,

    /// <summary>Says where the datagram ends.</summary>
    Last,
}
