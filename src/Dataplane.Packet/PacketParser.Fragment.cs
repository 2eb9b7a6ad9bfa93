namespace Dataplane.Packet;

/// <content>Fragments of both address families, on the careful path.</content>
/// <remarks>
/// Judged here is what one fragment shows by itself; what shows only beside the others of its datagram is the
/// reassembly's affair. IPv6's atomic fragments (RFC 6946) come out as whole packets: they overlap with nothing.
/// </remarks>
public static unsafe partial class PacketParser
{
    /// <summary>The largest total length of an IPv4 packet and the largest payload length of an IPv6 one.</summary>
    private const int DatagramBytesMax = ushort.MaxValue;

    /// <summary>An IPv4 fragment; the cursor is behind the header and its options.</summary>
    private static DropReason ParseFragment(ref ParseContext context, Ipv4Header* ip)
    {
        PacketMeta* meta = context.Meta;
        bool hasMore = (ip->FlagsAndOffset.Host & Ipv4Header.MoreFragments) != 0;
        SetFragment(meta, ip->Identification.Host, (ushort)ip->FragmentOffsetBytes, hasMore);
        meta->FragmentLengthBytes = (ushort)context.AvailableBytes;
        DropReason reason = CheckFragment(meta, ip->HeaderLengthBytes);
        if (reason != DropReason.None)
        {
            return reason;
        }

        if (meta->Fragment == FragmentPart.First)
        {
            return ParseFirst(ref context, ip->Protocol, isIpv6: false);
        }

        // What the first fragment alone may say, the flags of TCP and the types of SCTP and DCCP, nothing may replace
        // (RFC 1858 §4.2, RFC 3128 §2).
        if (meta->FragmentOffsetBytes < BytesOfFirstOnly(ip->Protocol))
        {
            return DropReason.FragmentTooSmall;
        }

        TakeLater(ref context, PacketKind.Ipv4Fragment);
        return DropReason.None;
    }

    /// <summary>An IPv6 packet with a fragment header, which the cursor has passed together with all extension headers.</summary>
    private static DropReason ParseFragment(ref ParseContext context, byte protocol)
    {
        PacketMeta* meta = context.Meta;
        if (meta->Fragment == FragmentPart.Whole)
        {
            DropReason whole = ParseTransport(ref context, protocol, isIpv6: true);

            // Neighbour discovery is never fragmented, not even into one piece (RFC 6980 §5).
            return whole == DropReason.None && meta->Kind == PacketKind.Ipv6Neighbour ? DropReason.Ipv6NeighbourInvalid : whole;
        }

        byte* fragmentable = (byte*)context.Fragment + FragmentHeader.SizeBytes;
        int unfragmentableBytes = (int)((byte*)context.Fragment - meta->L3) - Ipv6Header.SizeBytes;
        meta->FragmentLengthBytes = (ushort)(meta->L3 + meta->L3LengthBytes - fragmentable);
        DropReason reason = CheckFragment(meta, unfragmentableBytes);
        if (reason != DropReason.None)
        {
            return reason;
        }

        if (meta->Fragment == FragmentPart.First)
        {
            reason = ParseFirst(ref context, protocol, isIpv6: true);
            return reason == DropReason.None && meta->Kind != PacketKind.Ipv6Fragment ? DropReason.Ipv6NeighbourInvalid : reason;
        }

        TakeLater(ref context, PacketKind.Ipv6Fragment);
        return DropReason.None;
    }

    /// <summary>Takes the fragment header at the cursor in, and passes it.</summary>
    private static void TakeFragmentHeader(ref ParseContext context)
    {
        var header = (FragmentHeader*)context.Cursor;
        context.Fragment = header;
        if (header->OffsetBytes != 0 || header->HasMore)
        {
            SetFragment(context.Meta, header->Identification.Host, header->OffsetBytes, header->HasMore);
        }

        context.Skip(FragmentHeader.SizeBytes);
    }

    private static void SetFragment(PacketMeta* meta, uint id, ushort offsetBytes, bool hasMore)
    {
        meta->FragmentId = id;
        meta->FragmentOffsetBytes = offsetBytes;
        meta->Fragment = offsetBytes == 0 ? FragmentPart.First : hasMore ? FragmentPart.Middle : FragmentPart.Last;
    }

    /// <summary>What holds for every fragment.</summary>
    /// <param name="meta">Fragment fields filled.</param>
    /// <param name="headerBytes">What the length field of a reassembled packet would count beside the fragmentable part.</param>
    private static DropReason CheckFragment(PacketMeta* meta, int headerBytes)
    {
        int lengthBytes = meta->FragmentLengthBytes;
        if (lengthBytes == 0 || (meta->Fragment != FragmentPart.Last && lengthBytes % 8 != 0))
        {
            return DropReason.FragmentLengthBad;
        }

        return headerBytes + meta->FragmentOffsetBytes + lengthBytes > DatagramBytesMax
            ? DropReason.FragmentOversize
            : DropReason.None;
    }

    /// <summary>The transport header in a first fragment: all of it, or nothing tells what passes (RFC 1858 §3, RFC 7112 §5).</summary>
    private static DropReason ParseFirst(ref ParseContext context, byte protocol, bool isIpv6)
    {
        PacketMeta* meta = context.Meta;
        DropReason reason = ParseTransport(ref context, protocol, isIpv6);
        switch (reason)
        {
            case DropReason.TcpTruncated or DropReason.UdpTruncated or DropReason.IcmpTruncated
                or DropReason.SctpTruncated or DropReason.DccpTruncated or DropReason.GreTruncated:
                return DropReason.FragmentTooSmall;

            case DropReason.None when meta->Kind is PacketKind.Ipv4IcmpError or PacketKind.Ipv6IcmpError:
                // Errors are at most 576 bytes (RFC 1812 §4.3.2.3) or the least MTU (RFC 4443 §2.4): none needs fragments.
                return DropReason.FragmentIcmpError;

            case DropReason.None when meta->Kind is PacketKind.Ipv4Tracked:
                meta->Kind = PacketKind.Ipv4Fragment;
                return DropReason.None;

            case DropReason.None when meta->Kind is PacketKind.Ipv6Tracked:
                meta->Kind = PacketKind.Ipv6Fragment;
                return DropReason.None;

            default:
                return reason;
        }
    }

    /// <summary>The protocol's header, where it is longer than the 8 bytes that a first fragment has in any case.</summary>
    private static int BytesOfFirstOnly(byte protocol) => protocol switch
    {
        IpProtocol.Tcp => TcpHeader.SizeBytes,
        IpProtocol.Sctp => SctpHeader.SizeBytes,
        IpProtocol.Dccp => DccpHeader.SizeBytes,
        _ => 0,
    };

    private static void TakeLater(ref ParseContext context, PacketKind kind)
    {
        context.Meta->Kind = kind;
        context.Meta->L4 = context.Cursor;
        context.Meta->L4LengthBytes = (ushort)context.AvailableBytes;
    }
}
