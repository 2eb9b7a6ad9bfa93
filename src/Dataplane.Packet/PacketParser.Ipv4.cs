namespace Dataplane.Packet;

/// <content>The IPv4 header and its options, on the careful path.</content>
public static unsafe partial class PacketParser
{
    private const byte OptionEnd = 0;
    private const byte OptionNoOperation = 1;
    private const byte OptionLooseSourceRoute = 131;
    private const byte OptionStrictSourceRoute = 137;

    private static DropReason ParseIpv4(ref ParseContext context)
    {
        var ip = (Ipv4Header*)context.Cursor;
        DropReason reason = CheckIpv4Lengths(ip, context.AvailableBytes);
        if (reason != DropReason.None)
        {
            return reason;
        }

        int headerBytes = ip->HeaderLengthBytes;
        reason = CheckIpv4Header(ip, headerBytes, context.Flags);
        if (reason != DropReason.None)
        {
            return reason;
        }

        PacketMeta* meta = context.Meta;
        meta->L3LengthBytes = ip->TotalLengthBytes.Host;
        meta->Ttl = ip->Ttl;
        context.AvailableBytes = meta->L3LengthBytes;
        context.Skip(headerBytes);

        reason = ip->IsFragment ? ParseFragment(ref context, ip) : ParseTransport(ref context, ip->Protocol, isIpv6: false);
        if (reason == DropReason.None && meta->Fragment == FragmentPart.Whole && MustVerifyL4(in context, ip->Protocol, out reason)
            && !Checksum.VerifyL4(ip, ip->Protocol, meta->L4, meta->L4LengthBytes))
        {
            reason = DropReason.L4ChecksumBad;
        }

        meta->Tuple = new Ipv4Tuple
        {
            Source = ip->Source,
            Destination = ip->Destination,
            SourcePort = context.SourcePort,
            DestinationPort = context.DestinationPort,
            Zone = context.Zone,
            Protocol = ip->Protocol,
            Kind = context.IcmpKind,
        };
        return reason;
    }

    private static DropReason CheckIpv4Lengths(Ipv4Header* ip, int availableBytes)
    {
        if (availableBytes < Ipv4Header.SizeBytes)
        {
            return DropReason.Ipv4Truncated;
        }

        if (ip->Version != 4)
        {
            return DropReason.Ipv4VersionBad;
        }

        int headerBytes = ip->HeaderLengthBytes;
        if (headerBytes < Ipv4Header.SizeBytes || headerBytes > availableBytes)
        {
            return DropReason.Ipv4HeaderLengthBad;
        }

        int totalBytes = ip->TotalLengthBytes.Host;
        return totalBytes < headerBytes || totalBytes > availableBytes ? DropReason.Ipv4TotalLengthBad : DropReason.None;
    }

    private static DropReason CheckIpv4Header(Ipv4Header* ip, int headerBytes, MbufFlags flags)
    {
        MbufFlags verdict = flags & MbufFlags.RxIpChecksumMask;
        if (verdict != MbufFlags.RxIpChecksumGood
            && (verdict == MbufFlags.RxIpChecksumBad || !Checksum.VerifyIpv4Header(ip, headerBytes)))
        {
            return DropReason.Ipv4ChecksumBad;
        }

        DropReason reason = CheckOptions((byte*)ip + Ipv4Header.SizeBytes, headerBytes - Ipv4Header.SizeBytes);
        if (reason != DropReason.None)
        {
            return reason;
        }

        // Equal addresses are the LAND attack: an answer would come back to whoever gives it.
        if (!ip->Source.IsForwardable || ip->Source == ip->Destination)
        {
            return DropReason.Ipv4SourceInvalid;
        }

        return ip->Destination.IsForwardable ? DropReason.None : DropReason.Ipv4DestinationInvalid;
    }

    /// <summary>Walks the options (RFC 791 §3.1); harmless ones travel on untouched.</summary>
    private static DropReason CheckOptions(byte* option, int availableBytes)
    {
        while (availableBytes > 0 && *option != OptionEnd)
        {
            if (*option == OptionNoOperation)
            {
                option++;
                availableBytes--;
                continue;
            }

            if (availableBytes < 2 || option[1] < 2 || option[1] > availableBytes)
            {
                return DropReason.Ipv4OptionBad;
            }

            if (*option is OptionLooseSourceRoute or OptionStrictSourceRoute)
            {
                return DropReason.Ipv4SourceRoute;
            }

            availableBytes -= option[1];
            option += option[1];
        }

        return DropReason.None;
    }
}
