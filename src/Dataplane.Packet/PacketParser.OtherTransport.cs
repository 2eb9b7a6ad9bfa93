namespace Dataplane.Packet;

/// <content>Transport protocols other than TCP, UDP and ICMP, for both address families.</content>
/// <remarks>
/// Any protocol is tracked. Those that the router knows have their ports, or what tells their flows apart, in the tuple and
/// their lengths and checksums looked at; the others, ESP and tunnels of IP in IP among them, are a flow for each pair of hosts,
/// with 0 for both ports.
/// </remarks>
public static unsafe partial class PacketParser
{
    private static DropReason ParseSctp(ref ParseContext context)
    {
        DropReason reason = SctpHeader.ReadPorts(
            context.Cursor, context.AvailableBytes, out context.SourcePort, out context.DestinationPort);
        if (reason == DropReason.None)
        {
            context.Meta->PayloadBytes = (ushort)(context.AvailableBytes - SctpHeader.SizeBytes);
        }

        return reason;
    }

    private static DropReason ParseUdpLite(ref ParseContext context)
    {
        bool isCut = context.Meta->Fragment == FragmentPart.First;
        DropReason reason = UdpLiteHeader.ReadPorts(
            context.Cursor, context.AvailableBytes, out context.SourcePort, out context.DestinationPort, isCut);
        if (reason == DropReason.None)
        {
            context.Meta->PayloadBytes = (ushort)(context.AvailableBytes - UdpLiteHeader.SizeBytes);
        }

        return reason;
    }

    private static DropReason ParseDccp(ref ParseContext context)
    {
        bool isCut = context.Meta->Fragment == FragmentPart.First;
        DropReason reason = DccpHeader.ReadPorts(
            context.Cursor, context.AvailableBytes, out context.SourcePort, out context.DestinationPort, isCut);
        if (reason == DropReason.None)
        {
            context.Meta->PayloadBytes = (ushort)(context.AvailableBytes - ((DccpHeader*)context.Cursor)->HeaderLengthBytes);
        }

        return reason;
    }

    private static DropReason ParseGre(ref ParseContext context) =>
        GreHeader.ReadPorts(context.Cursor, context.AvailableBytes, out context.SourcePort, out context.DestinationPort);

    /// <summary>A protocol of which nothing is known but its number.</summary>
    private static DropReason ParseGeneric(byte protocol, bool isIpv6) =>
        IsTrackable(protocol, isIpv6) ? DropReason.None : DropReason.ProtocolUnsupported;

    /// <summary>Whether the number stands for messages between two hosts.</summary>
    /// <remarks>
    /// Those of IPv6 extension headers do not: where the parser meets one here it is out of its place or in IPv4, and who
    /// skips it would find a transport header that no rule has seen. No next header (RFC 8200 §4.7) announces nothing at all. ICMP
    /// of the other family must not speak, its checksum and its addresses being those of a packet that this one is not.
    /// </remarks>
    private static bool IsTrackable(byte protocol, bool isIpv6) => protocol switch
    {
        IpProtocol.HopByHop or IpProtocol.Routing or IpProtocol.Fragment or IpProtocol.DestinationOptions or IpProtocol.NoNext => false,
        IpProtocol.Icmp => !isIpv6,
        IpProtocol.Icmpv6 => isIpv6,
        _ => true,
    };

    /// <summary>Whether a NIC's word on the L4 checksum is about this message.</summary>
    /// <remarks>A NIC that looks into tunnels reports on the packet inside, which is for the tunnel's end to judge.</remarks>
    private static bool IsJudgedByNic(byte protocol) =>
        protocol is IpProtocol.Tcp or IpProtocol.Udp or IpProtocol.Icmp or IpProtocol.Icmpv6
            or IpProtocol.Sctp or IpProtocol.UdpLite or IpProtocol.Dccp;
}
