namespace Dataplane.Packet;

/// <content>Transport headers on the careful path, for both address families.</content>
public static unsafe partial class PacketParser
{
    /// <summary>
    /// Reads the transport header at the cursor, whose available bytes are those that the IP header grants; sets
    /// kind, transport pointer and lengths, and the ports.
    /// </summary>
    private static DropReason ParseTransport(ref ParseContext context, byte protocol, bool isIpv6)
    {
        context.Meta->L4 = context.Cursor;
        context.Meta->L4LengthBytes = (ushort)context.AvailableBytes;
        context.Meta->Kind = isIpv6 ? PacketKind.Ipv6Tracked : PacketKind.Ipv4Tracked;
        return protocol switch
        {
            IpProtocol.Tcp => ParseTcp(ref context),
            IpProtocol.Udp => ParseUdp(ref context),
            IpProtocol.Icmp when !isIpv6 => ParseIcmp(ref context),
            IpProtocol.Icmpv6 when isIpv6 => ParseIcmpv6(ref context),
            IpProtocol.Sctp => ParseSctp(ref context),
            IpProtocol.UdpLite => ParseUdpLite(ref context),
            IpProtocol.Dccp => ParseDccp(ref context),
            IpProtocol.Gre => ParseGre(ref context),
            _ => ParseGeneric(protocol, isIpv6),
        };
    }

    private static DropReason ParseTcp(ref ParseContext context)
    {
        if (context.AvailableBytes < TcpHeader.SizeBytes)
        {
            return DropReason.TcpTruncated;
        }

        var tcp = (TcpHeader*)context.Cursor;
        int headerBytes = tcp->HeaderLengthBytes;
        if (headerBytes < TcpHeader.SizeBytes || headerBytes > context.AvailableBytes)
        {
            return DropReason.TcpOffsetBad;
        }

        if (!IsValid(tcp->Flags))
        {
            return DropReason.TcpFlagsBad;
        }

        context.SourcePort = tcp->SourcePort;
        context.DestinationPort = tcp->DestinationPort;
        context.Meta->TcpFlags = tcp->Flags;
        context.Meta->PayloadBytes = (ushort)(context.AvailableBytes - headerBytes);
        return DropReason.None;
    }

    private static DropReason ParseUdp(ref ParseContext context)
    {
        if (context.AvailableBytes < UdpHeader.SizeBytes)
        {
            return DropReason.UdpTruncated;
        }

        var udp = (UdpHeader*)context.Cursor;
        int udpBytes = udp->LengthBytes.Host;
        if (context.Meta->Fragment == FragmentPart.First && udpBytes > context.AvailableBytes)
        {
            // The rest of the datagram is in other packets.
            udpBytes = context.AvailableBytes;
        }

        if (udpBytes < UdpHeader.SizeBytes || udpBytes > context.AvailableBytes)
        {
            return DropReason.UdpLengthBad;
        }

        context.SourcePort = udp->SourcePort;
        context.DestinationPort = udp->DestinationPort;
        context.Meta->L4LengthBytes = (ushort)udpBytes;
        context.Meta->PayloadBytes = (ushort)(udpBytes - UdpHeader.SizeBytes);
        return DropReason.None;
    }

    private static DropReason ParseIcmp(ref ParseContext context)
    {
        if (context.AvailableBytes < IcmpHeader.SizeBytes)
        {
            return DropReason.IcmpTruncated;
        }

        var icmp = (IcmpHeader*)context.Cursor;
        if (IcmpType.IsError(icmp->Type))
        {
            context.Meta->Kind = PacketKind.Ipv4IcmpError;
            return DropReason.None;
        }

        return TakeIcmpId(ref context, icmp, IcmpType.IsRequest(icmp->Type), IcmpType.IsReply(icmp->Type));
    }

    private static DropReason ParseIcmpv6(ref ParseContext context)
    {
        // RFC 4443 §2.1 has four bytes of header; every message that is taken here has four more.
        if (context.AvailableBytes < IcmpHeader.SizeBytes)
        {
            return DropReason.IcmpTruncated;
        }

        var icmp = (IcmpHeader*)context.Cursor;
        if (Icmpv6Type.IsError(icmp->Type))
        {
            context.Meta->Kind = PacketKind.Ipv6IcmpError;
            return DropReason.None;
        }

        if (Icmpv6Type.IsNeighbourDiscovery(icmp->Type))
        {
            context.Meta->Kind = PacketKind.Ipv6Neighbour;
            return CheckNeighbourDiscovery(in context, icmp);
        }

        if (Icmpv6Type.IsMulticastListener(icmp->Type))
        {
            context.Meta->Kind = PacketKind.Ipv6Neighbour;

            // RFC 2710 §3, RFC 3810 §5: it has passed no router either.
            return context.Meta->Ttl == 1 && context.AvailableBytes >= MulticastReportHeader.SizeBytes
                && (icmp->Type == Icmpv6Type.MulticastListenerReport2 || context.AvailableBytes >= MulticastQuery.SizeBytes)
                ? DropReason.None
                : DropReason.Ipv6NeighbourInvalid;
        }

        return TakeIcmpId(ref context, icmp, icmp->Type == Icmpv6Type.EchoRequest, icmp->Type == Icmpv6Type.EchoReply);
    }

    /// <summary>An id stands where the port of the side that chose it would stand: see <see cref="Ipv4Tuple"/>.</summary>
    private static DropReason TakeIcmpId(ref ParseContext context, IcmpHeader* icmp, bool isRequest, bool isReply)
    {
        if (!isRequest && !isReply)
        {
            return DropReason.IcmpTypeUnsupported;
        }

        context.IcmpKind = icmp->Type;
        if (isRequest)
        {
            context.SourcePort = icmp->Identifier;
        }
        else
        {
            context.DestinationPort = icmp->Identifier;
        }

        return DropReason.None;
    }

    /// <summary>
    /// A hop limit of 255 proves that no router was passed (RFC 4861 §6.1, §7.1, §8.1); the lengths are those of the
    /// messages without options.
    /// </summary>
    private static DropReason CheckNeighbourDiscovery(in ParseContext context, IcmpHeader* icmp)
    {
        int bytesMin = icmp->Type switch
        {
            Icmpv6Type.RouterSolicitation => 8,
            Icmpv6Type.RouterAdvertisement => 16,
            Icmpv6Type.NeighbourSolicitation or Icmpv6Type.NeighbourAdvertisement => 24,
            _ => 40,
        };
        return context.Meta->Ttl == 255 && icmp->Code == 0 && context.AvailableBytes >= bytesMin
            ? DropReason.None
            : DropReason.Ipv6NeighbourInvalid;
    }

    /// <summary>Whether the L4 checksum has to be summed up; a reason where the NIC found it bad already.</summary>
    private static bool MustVerifyL4(in ParseContext context, byte protocol, out DropReason reason)
    {
        MbufFlags verdict = IsJudgedByNic(protocol) ? context.Flags & MbufFlags.RxL4ChecksumMask : MbufFlags.None;
        reason = context.VerifiesL4 && verdict == MbufFlags.RxL4ChecksumBad ? DropReason.L4ChecksumBad : DropReason.None;
        return context.VerifiesL4 && verdict is not (MbufFlags.RxL4ChecksumBad or MbufFlags.RxL4ChecksumGood);
    }
}
