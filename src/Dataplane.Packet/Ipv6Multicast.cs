using System.Buffers.Binary;

namespace Dataplane.Packet;

/// <summary>The groups of a link that neighbour discovery speaks to (RFC 4291 §2.7.1), and their Ethernet addresses.</summary>
public static class Ipv6Multicast
{
    private const ulong LinkScope = 0xFF02_0000_0000_0000;

    /// <summary>ff02::1.</summary>
    public static Ipv6Address AllNodes => new(Network(LinkScope), Network(1));

    /// <summary>ff02::2.</summary>
    public static Ipv6Address AllRouters => new(Network(LinkScope), Network(2));

    /// <summary>ff02::16: routers that keep lists of a link's groups (RFC 3810 §5.2.14).</summary>
    public static Ipv6Address AllReportRouters => new(Network(LinkScope), Network(0x16));

    /// <summary>ff02::1:ffXX:XXXX, which whoever has the address belongs to.</summary>
    public static Ipv6Address SolicitedNode(Ipv6Address address) =>
        new(Network(LinkScope), Network(0x0000_0001_FF00_0000 | Network(address.RawLow) & 0xFF_FFFF));

    /// <summary>33:33 and the group's last four bytes (RFC 2464 §7).</summary>
    public static MacAddress Mac(Ipv6Address group) =>
        MacAddress.FromRaw48(0x3333 | (ulong)(uint)(group.RawLow >> 32) << 16);

    private static ulong Network(ulong value) =>
        System.BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(value) : value;
}
