using Dataplane.Packet;

namespace Dataplane.Nat;

/// <summary>What rules may ask about the packet that opens a connection.</summary>
/// <remarks>The tuple is as the rule list sees it: behind destination translation for Filter and Source.</remarks>
public struct FirstPacket
{
    public Ipv4Tuple Tuple;

    /// <summary>Ingress port index, 0 to 63.</summary>
    public byte In;

    /// <summary>Egress port index; meaningful after routing.</summary>
    public byte Out;
}
