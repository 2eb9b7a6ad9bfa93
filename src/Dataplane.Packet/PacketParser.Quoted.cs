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
    /// of a protocol or ICMP message that never has a connection, an ICMP error among them.
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
        return ReadQuotedPorts(ref quoted);
    }

    /// <summary>The ports, or the query id, are in the first 8 bytes of every tracked protocol.</summary>
    private static DropReason ReadQuotedPorts(ref QuotedPacket quoted)
    {
        switch (quoted.Tuple.Protocol)
        {
            case IpProtocol.Tcp or IpProtocol.Udp:
                // TCP and UDP begin alike.
                quoted.Tuple.SourcePort = ((UdpHeader*)quoted.L4)->SourcePort;
                quoted.Tuple.DestinationPort = ((UdpHeader*)quoted.L4)->DestinationPort;
                quoted.ChecksumOffset =
                    quoted.Tuple.Protocol == IpProtocol.Tcp ? (byte)TcpHeader.ChecksumOffset : (byte)UdpHeader.ChecksumOffset;
                return DropReason.None;

            case IpProtocol.Icmp:
                var icmp = (IcmpHeader*)quoted.L4;
                quoted.Tuple.Kind = icmp->Type;
                quoted.ChecksumOffset = IcmpHeader.ChecksumOffset;
                if (IcmpType.IsRequest(icmp->Type))
                {
                    quoted.Tuple.SourcePort = icmp->Identifier;
                    return DropReason.None;
                }

                quoted.Tuple.DestinationPort = icmp->Identifier;
                return IcmpType.IsReply(icmp->Type) ? DropReason.None : DropReason.IcmpErrorUnrelated;

            default:
                return DropReason.IcmpErrorUnrelated;
        }
    }
}
