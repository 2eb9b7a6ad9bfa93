namespace Dataplane.Packet;

/// <content>The IPv6 header and its extension headers, on the careful path.</content>
public static unsafe partial class PacketParser
{
    /// <summary>A legitimate packet carries at most one of each kind (RFC 8200 §4.1); a chain without bound costs time.</summary>
    private const int ExtensionHeadersMax = 8;

    private static DropReason ParseIpv6(ref ParseContext context)
    {
        if (context.AvailableBytes < Ipv6Header.SizeBytes)
        {
            return DropReason.Ipv6Truncated;
        }

        var ip = (Ipv6Header*)context.Cursor;
        if (ip->Version != 6)
        {
            return DropReason.Ipv6VersionBad;
        }

        int payloadBytes = ip->PayloadLengthBytes.Host;
        if (payloadBytes > context.AvailableBytes - Ipv6Header.SizeBytes)
        {
            return DropReason.Ipv6PayloadLengthBad;
        }

        PacketMeta* meta = context.Meta;
        meta->L3LengthBytes = (ushort)(Ipv6Header.SizeBytes + payloadBytes);
        meta->Ttl = ip->HopLimit;
        context.AvailableBytes = meta->L3LengthBytes;
        context.Skip(Ipv6Header.SizeBytes);

        byte protocol = ip->NextHeader;
        DropReason reason = SkipExtensions(ref context, ref protocol);
        if (reason == DropReason.None)
        {
            reason = CheckIpv6Addresses(ip, meta->Fragment == FragmentPart.Whole ? protocol : IpProtocol.Fragment);
        }

        if (reason == DropReason.None)
        {
            reason = context.Fragment != null
                ? ParseFragment(ref context, protocol)
                : ParseTransport(ref context, protocol, isIpv6: true);
        }

        if (reason == DropReason.None && meta->Fragment == FragmentPart.Whole && MustVerifyL4(in context, protocol, out reason)
            && !Checksum.VerifyL4(ip, protocol, meta->L4, meta->L4LengthBytes))
        {
            reason = DropReason.L4ChecksumBad;
        }

        meta->Tuple = new Ipv4Tuple { Zone = context.Zone, Protocol = protocol };
        *context.Tuple6 = new Ipv6Tuple
        {
            Source = ip->Source,
            Destination = ip->Destination,
            SourcePort = context.SourcePort,
            DestinationPort = context.DestinationPort,
            Zone = context.Zone,
            Protocol = protocol,
            Kind = context.IcmpKind,
        };
        return reason;
    }

    /// <summary>
    /// Moves the cursor to the transport header and <paramref name="protocol"/> to what it is; in a fragment that is not
    /// the first, behind the fragment header, whose number the protocol then keeps.
    /// </summary>
    private static DropReason SkipExtensions(ref ParseContext context, ref byte protocol)
    {
        for (int count = 0; IsExtension(protocol, isFirst: count == 0); count++)
        {
            if (count == ExtensionHeadersMax)
            {
                return DropReason.Ipv6ExtensionTooMany;
            }

            // Every extension header is at least 8 bytes (RFC 8200 §4.2–4.6, RFC 4302 §2).
            byte* extension = context.Cursor;
            if (context.AvailableBytes < 8)
            {
                return Truncated(in context);
            }

            if (protocol == IpProtocol.Fragment)
            {
                if (context.Fragment != null)
                {
                    return DropReason.Ipv6ExtensionTooMany;
                }

                TakeFragmentHeader(ref context);
                if (context.Meta->Fragment >= FragmentPart.Middle)
                {
                    return DropReason.None;
                }

                protocol = extension[0];
                continue;
            }

            // AH counts 4-byte words less two (RFC 4302 §2.2), the others 8-byte words less one.
            int lengthBytes = protocol == IpProtocol.Authentication ? (extension[1] + 2) * 4 : (extension[1] + 1) * 8;
            if (lengthBytes > context.AvailableBytes)
            {
                return Truncated(in context);
            }

            // Segments left would send the packet on to an address that no rule has seen (RFC 5095 §3).
            if (protocol == IpProtocol.Routing && extension[3] != 0)
            {
                return DropReason.Ipv6SourceRoute;
            }

            protocol = extension[0];
            context.Skip(lengthBytes);
        }

        return DropReason.None;
    }

    /// <summary>The whole chain of headers belongs into the first fragment (RFC 7112 §5).</summary>
    private static DropReason Truncated(in ParseContext context) =>
        context.Meta->Fragment == FragmentPart.First ? DropReason.FragmentTooSmall : DropReason.Ipv6ExtensionTruncated;

    /// <summary>Hop-by-hop options may only come first (RFC 8200 §4.1); anywhere else they are an unknown protocol.</summary>
    private static bool IsExtension(byte protocol, bool isFirst) => protocol switch
    {
        IpProtocol.HopByHop => isFirst,
        IpProtocol.Routing or IpProtocol.Fragment or IpProtocol.DestinationOptions or IpProtocol.Authentication => true,
        _ => false,
    };

    /// <summary>
    /// The unspecified source is legitimate in ICMPv6 alone: duplicate address detection (RFC 4862 §5.4), where
    /// source and destination still differ.
    /// </summary>
    private static DropReason CheckIpv6Addresses(Ipv6Header* ip, byte protocol)
    {
        bool isSourceUsable = ip->Source.IsUnspecified
            ? protocol == IpProtocol.Icmpv6
            : !ip->Source.IsMulticast && !ip->Source.IsLoopback && !ip->Source.IsIpv4Mapped;
        if (!isSourceUsable || ip->Source == ip->Destination)
        {
            return DropReason.Ipv6SourceInvalid;
        }

        return ip->Destination.IsUnspecified || ip->Destination.IsLoopback || ip->Destination.IsIpv4Mapped
            ? DropReason.Ipv6DestinationInvalid
            : DropReason.None;
    }
}
