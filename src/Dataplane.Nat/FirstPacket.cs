using Dataplane.Packet;

namespace Dataplane.Nat;

/// <summary>What rules may ask about the packet that opens a connection.</summary>
/// <remarks>The tuple is as the rule list sees it: behind destination translation for Filter and Source.</remarks>
public struct FirstPacket
{
    public Ipv4Tuple Tuple;

    /// <summary>The connection's label so far; track rules add to it.</summary>
    public ConnectionLabel Label;

    /// <summary>The connection's mark so far; track rules change it.</summary>
    public uint Mark;

    /// <summary>Ingress port index, 0 to 63.</summary>
    public byte In;

    /// <summary>Egress port index; meaningful after routing.</summary>
    public byte Out;

    /// <summary>New unless said otherwise; untracked behind a track rule that says so.</summary>
    public PacketState State;
}
