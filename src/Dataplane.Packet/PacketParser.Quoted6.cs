using System.Runtime.CompilerServices;

namespace Dataplane.Packet;

/// <content>The packet inside an ICMPv6 error (RFC 4443 §2.1, §3).</content>
public static unsafe partial class PacketParser
{
    /// <summary>Reads the start of the packet that an <see cref="PacketKind.Ipv6IcmpError"/> quotes.</summary>
    /// <remarks>
    /// The quotation is as much as fits the least MTU (RFC 4443 §2.4c), so all headers up to the transport's first
    /// 8 bytes are asked for.
    /// </remarks>
    /// <param name="outer">A parsed ICMPv6 error; its transport pointer and length bound every read.</param>
    /// <param name="quoted">
    /// As the quoted packet was on the wire where the error arose, in the zone that the error came in by; meaningful
    /// on success only.
    /// </param>
    /// <returns>
    /// <see cref="DropReason.None"/>; <see cref="DropReason.IcmpErrorInnerInvalid"/> for a quotation that is too short,
    /// malformed, or of anything but the beginning of a datagram; <see cref="DropReason.IcmpErrorUnrelated"/> for one
    /// of a protocol number or ICMPv6 message that never has a connection, an ICMPv6 error among them.
    /// </returns>
    [MethodImpl(MethodImplOptions.NoInlining)] // Cold: errors are rare.
    public static DropReason ParseQuoted6(PacketMeta* outer, out Ipv6Tuple quoted)
    {
        quoted = default;
        int availableBytes = outer->L4LengthBytes - IcmpHeader.SizeBytes;
        var ip = (Ipv6Header*)(outer->L4 + IcmpHeader.SizeBytes);
        if (availableBytes < Ipv6Header.SizeBytes + QuotedL4BytesMin || ip->Version != 6)
        {
            return DropReason.IcmpErrorInnerInvalid;
        }

        int lengthBytes = Ipv6Header.SizeBytes + ip->PayloadLengthBytes.Host;
        byte protocol = ip->NextHeader;
        byte* l4 = (byte*)(ip + 1);
        byte* end = (byte*)ip + (lengthBytes < availableBytes ? lengthBytes : availableBytes);
        if (!SkipQuotedExtensions(ref protocol, ref l4, end) || end - l4 < QuotedL4BytesMin)
        {
            return DropReason.IcmpErrorInnerInvalid;
        }

        quoted.Source = ip->Source;
        quoted.Destination = ip->Destination;
        quoted.Zone = outer->Tuple.Zone;
        quoted.Protocol = protocol;
        ParseContext context = new() { Cursor = l4, AvailableBytes = (int)(end - l4) };
        DropReason reason = ReadQuotedPorts(ref context, protocol, isIpv6: true);
        quoted.SourcePort = context.SourcePort;
        quoted.DestinationPort = context.DestinationPort;
        quoted.Kind = context.IcmpKind;
        return reason;
    }

    /// <summary>Moves to the transport header; false when the chain is cut off, too long, or of a later fragment.</summary>
    private static bool SkipQuotedExtensions(ref byte protocol, ref byte* next, byte* end)
    {
        for (int count = 0; IsExtension(protocol, isFirst: count == 0); count++)
        {
            if (count == ExtensionHeadersMax || end - next < 8)
            {
                return false;
            }

            int lengthBytes = (next[1] + 1) * 8;
            if (protocol == IpProtocol.Authentication)
            {
                lengthBytes = (next[1] + 2) * 4;
            }
            else if (protocol == IpProtocol.Fragment)
            {
                lengthBytes = FragmentHeader.SizeBytes;
                if (((FragmentHeader*)next)->OffsetBytes != 0)
                {
                    return false;
                }
            }

            if (lengthBytes > end - next)
            {
                return false;
            }

            protocol = next[0];
            next += lengthBytes;
        }

        return true;
    }
}
