using System.Runtime.CompilerServices;

namespace Dataplane.Packet;

/// <content>The packet inside an ICMP error (RFC 792, RFC 1812 §4.3.2.3, RFC 5508 §4).</content>
public static unsafe partial class PacketParser
{
    /// <summary>What every ICMP error quotes of the transport message at least (RFC 792).</summary>
    private const int QuotedL4BytesMin = 8;

    /// <summary>
    /// Reads the start of the packet that an <see cref="PacketKind.Ipv4IcmpError"/> quotes. Its header checksum is
    /// verified (RFC 5508 REQ-3a), its options are passed over (3b), its transport checksum is not looked at (3c).
    /// </summary>
    /// <param name="outer">A parsed ICMP error; its transport pointer and lengths bound every read.</param>
    /// <param name="quoted">What was found; meaningful on success only.</param>
    /// <returns>
    /// <see cref="DropReason.None"/>; <see cref="DropReason.IcmpErrorInnerInvalid"/> for a quotation that is too short,
    /// malformed, or of anything but the beginning of a datagram; <see cref="DropReason.IcmpErrorUnrelated"/> for one
    /// of a protocol number or ICMP message that never has a connection, an ICMP error among them.
    /// </returns>
    [MethodImpl(MethodImplOptions.NoInlining)] // Cold: errors are rare.
    public static DropReason ParseQuoted(PacketMeta* outer, out QuotedPacket quoted)
    {
        quoted = default;
        int availableBytes = outer->L4LengthBytes - IcmpHeader.SizeBytes;
        var ip = (Ipv4Header*)(outer->L4 + IcmpHeader.SizeBytes);
        if (availableBytes < Ipv4Header.SizeBytes + QuotedL4BytesMin || ip->Version != 4)
        {
            return DropReason.IcmpErrorInnerInvalid;
        }

        int headerBytes = ip->HeaderLengthBytes;
        int totalBytes = ip->TotalLengthBytes.Host;

        // The total length is the original datagram's, of which the quotation may be the beginning only; what lies
        // behind it in the error is padding or an extension structure (RFC 4884).
        int quotedBytes = totalBytes < availableBytes ? totalBytes : availableBytes;
        if (headerBytes < Ipv4Header.SizeBytes
            || quotedBytes < headerBytes + QuotedL4BytesMin
            || ip->FragmentOffsetBytes != 0
            || !Checksum.VerifyIpv4Header(ip, headerBytes))
        {
            return DropReason.IcmpErrorInnerInvalid;
        }

        quoted.L3 = ip;
        quoted.L4 = (byte*)ip + headerBytes;
        quoted.L4AvailableBytes = (ushort)(quotedBytes - headerBytes);
        quoted.Tuple.Source = ip->Source;
        quoted.Tuple.Destination = ip->Destination;
        quoted.Tuple.Zone = outer->Tuple.Zone;
        quoted.Tuple.Protocol = ip->Protocol;
        quoted.ChecksumOffset = (byte)ChecksumOffsetOf(ip->Protocol);
        ParseContext context = new() { Cursor = quoted.L4, AvailableBytes = quoted.L4AvailableBytes };
        DropReason reason = ReadQuotedPorts(ref context, ip->Protocol, isIpv6: false);
        quoted.Tuple.SourcePort = context.SourcePort;
        quoted.Tuple.DestinationPort = context.DestinationPort;
        quoted.Tuple.Kind = context.IcmpKind;
        return reason;
    }

    /// <summary>Ports, query id or key of a quoted message; but for a key they are in its first 8 bytes.</summary>
    /// <param name="quoted">Its cursor is at the message; takes the ports and the kind.</param>
    /// <param name="protocol">IANA protocol number.</param>
    /// <param name="isIpv6">The family of the quoted packet.</param>
    private static DropReason ReadQuotedPorts(ref ParseContext quoted, byte protocol, bool isIpv6)
    {
        var icmp = (IcmpHeader*)quoted.Cursor;
        switch (protocol)
        {
            case IpProtocol.Tcp or IpProtocol.Udp or IpProtocol.UdpLite or IpProtocol.Sctp or IpProtocol.Dccp:
                // All of them begin alike.
                quoted.SourcePort = ((UdpHeader*)quoted.Cursor)->SourcePort;
                quoted.DestinationPort = ((UdpHeader*)quoted.Cursor)->DestinationPort;
                return DropReason.None;

            case IpProtocol.Icmp when !isIpv6:
                return TakeIcmpId(ref quoted, icmp, IcmpType.IsRequest(icmp->Type), IcmpType.IsReply(icmp->Type)) == DropReason.None
                    ? DropReason.None
                    : DropReason.IcmpErrorUnrelated;

            case IpProtocol.Icmpv6 when isIpv6:
                return TakeIcmpId(ref quoted, icmp, icmp->Type == Icmpv6Type.EchoRequest, icmp->Type == Icmpv6Type.EchoReply)
                    == DropReason.None ? DropReason.None : DropReason.IcmpErrorUnrelated;

            case IpProtocol.Gre:
                // A key behind a checksum is at 8 to 12: a host that quotes no more than it must leaves the error without a flow.
                return GreHeader.TryReadKey(quoted.Cursor, quoted.AvailableBytes, out quoted.SourcePort, out quoted.DestinationPort)
                    ? DropReason.None
                    : DropReason.IcmpErrorInnerInvalid;

            default:
                return IsTrackable(protocol, isIpv6) ? DropReason.None : DropReason.IcmpErrorUnrelated;
        }
    }

    /// <summary>Where the checksum stands in a transport header; 0 for a protocol without one that translation changes.</summary>
    private static int ChecksumOffsetOf(byte protocol) => protocol switch
    {
        IpProtocol.Tcp => TcpHeader.ChecksumOffset,
        IpProtocol.Udp => UdpHeader.ChecksumOffset,
        IpProtocol.Icmp => IcmpHeader.ChecksumOffset,
        IpProtocol.Sctp => SctpHeader.ChecksumOffset,
        IpProtocol.UdpLite => UdpLiteHeader.ChecksumOffset,
        IpProtocol.Dccp => DccpHeader.ChecksumOffset,
        _ => 0,
    };
}
