using System;
using System.Buffers.Binary;
using Dataplane.Packet;
using Dataplane.TestKit;

namespace Dataplane.Datapath.Tests.Fuzz;

/// <summary>Checksums of frames that may have anything in them.</summary>
internal static class FrameSums
{
    /// <summary>Mends the IPv4 header's checksum and the transport's, as far as their fields are there.</summary>
    /// <remarks>A fragment's transport checksum is that of its datagram and stays.</remarks>
    public static void Mend(Span<byte> frame)
    {
        if (!FrameLayout.TryRead(frame, out FrameLayout layout))
        {
            return;
        }

        if (!layout.IsIpv6)
        {
            Span<byte> header = frame[layout.L3..layout.L4];
            BinaryPrimitives.WriteUInt16BigEndian(header[10..], 0);
            BinaryPrimitives.WriteUInt16BigEndian(header[10..], ReferenceChecksum.Of(header));
        }

        Span<byte> l4 = frame[layout.L4..layout.End];
        if (layout.IsFragment || !TryCover(frame, layout, out int offset, out int covered, out ushort seed))
        {
            return;
        }

        if (layout.Protocol == IpProtocol.Sctp)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(l4[offset..], 0);
            BinaryPrimitives.WriteUInt32LittleEndian(l4[offset..], ReferenceCrc32c.Of(l4));
            return;
        }

        BinaryPrimitives.WriteUInt16BigEndian(l4[offset..], 0);
        ushort checksum = ReferenceChecksum.Of(l4[..covered], seed);
        bool isDatagram = layout.Protocol is IpProtocol.Udp or IpProtocol.UdpLite;
        BinaryPrimitives.WriteUInt16BigEndian(l4[offset..], isDatagram && checksum == 0 ? ushort.MaxValue : checksum);
    }

    /// <summary>Whether the transport's checksum is right; true where there is none to check.</summary>
    public static bool IsTransportRight(ReadOnlySpan<byte> frame, in FrameLayout layout)
    {
        ReadOnlySpan<byte> l4 = frame[layout.L4..layout.End];
        if (layout.IsFragment || !TryCover(frame, layout, out int offset, out int covered, out ushort seed))
        {
            return true;
        }

        if (layout.Protocol == IpProtocol.Sctp)
        {
            byte[] copy = l4.ToArray();
            copy.AsSpan(offset, 4).Clear();
            return ReferenceCrc32c.Of(copy) == BinaryPrimitives.ReadUInt32LittleEndian(l4[offset..]);
        }

        bool isWithout = layout.Protocol == IpProtocol.Udp && !layout.IsIpv6 && BinaryPrimitives.ReadUInt16BigEndian(l4[offset..]) == 0;
        return isWithout || ReferenceChecksum.Sum(l4[..covered], seed) == 0xFFFF;
    }

    /// <summary>Where the checksum stands, how much it covers, and the pseudo-header's sum.</summary>
    private static bool TryCover(ReadOnlySpan<byte> frame, in FrameLayout layout, out int offset, out int covered, out ushort seed)
    {
        ReadOnlySpan<byte> l4 = frame[layout.L4..layout.End];
        (offset, int least, bool hasPseudo) = layout.Protocol switch
        {
            IpProtocol.Tcp => (16, 20, true),
            IpProtocol.Udp => (6, 8, true),
            IpProtocol.UdpLite => (6, 8, true),
            IpProtocol.Dccp => (6, 12, true),
            IpProtocol.Icmp => (2, 8, false),
            IpProtocol.Icmpv6 => (2, 8, true),
            IpProtocol.Sctp => (8, 12, false),
            IpProtocol.Gre when l4.Length >= 8 && (l4[0] & 0x80) != 0 && (l4[1] & 7) == 0 => (4, 8, false),
            _ => (0, int.MaxValue, false),
        };
        (covered, seed) = (l4.Length, 0);
        if (l4.Length < least)
        {
            return false;
        }

        int field = BinaryPrimitives.ReadUInt16BigEndian(l4[4..]);
        int messageBytes = layout.Protocol == IpProtocol.Udp ? Math.Min(field, l4.Length) : l4.Length;
        covered = Math.Min(messageBytes, layout.Protocol switch
        {
            IpProtocol.UdpLite when field != 0 => field,
            IpProtocol.Dccp when (l4[5] & 15) != 0 => l4[4] * 4 + ((l4[5] & 15) - 1) * 4,
            _ => messageBytes,
        });
        if (hasPseudo)
        {
            ReadOnlySpan<byte> addresses = layout.IsIpv6 ? frame.Slice(layout.L3 + 8, 32) : frame.Slice(layout.L3 + 12, 8);
            seed = ReferenceChecksum.PseudoHeader(addresses, layout.Protocol, messageBytes);
        }

        return covered >= offset + 2;
    }
}
