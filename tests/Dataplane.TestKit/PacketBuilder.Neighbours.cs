using Dataplane.Packet;

namespace Dataplane.TestKit;

/// <content>Neighbour discovery over IPv6.</content>
public sealed partial class PacketBuilder
{
    /// <summary>A neighbour solicitation (RFC 4861 §4.3).</summary>
    public PacketBuilder NeighbourSolicitation(string target, params byte[] options) =>
        Icmpv6(Icmpv6Type.NeighbourSolicitation).Payload([.. Bytes(Ipv6Address.Parse(target)), .. options]);

    /// <summary>A neighbour advertisement (RFC 4861 §4.4).</summary>
    public PacketBuilder NeighbourAdvertisement(NeighbourFlags flags, string target, params byte[] options) =>
        Icmpv6(Icmpv6Type.NeighbourAdvertisement, rest: (uint)flags << 24).Payload([.. Bytes(Ipv6Address.Parse(target)), .. options]);

    /// <summary>A router solicitation (RFC 4861 §4.1).</summary>
    public PacketBuilder RouterSolicitation(params byte[] options) => Icmpv6(Icmpv6Type.RouterSolicitation).Payload(options);

    /// <summary>A source (1) or target (2) link-layer address option.</summary>
    public static byte[] LinkLayerOption(byte type, MacAddress mac) => [type, 1, .. Bytes(mac)];
}
