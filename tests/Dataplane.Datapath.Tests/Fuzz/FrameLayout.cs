using System.Buffers.Binary;
using Dataplane.Packet;

namespace Dataplane.Datapath.Tests.Fuzz;

/// <summary>Where the layers of a frame stand, read without trust and without the parser under test.</summary>
internal readonly record struct FrameLayout(int L3, bool IsIpv6, int L4, int End, byte Protocol, bool IsFragment)
{
    private const int ExtensionsMax = 8;

    /// <summary>Finds the layers.</summary>
    /// <returns>False when there is no complete IP header; the transport header may be incomplete: <c>End - L4</c> bytes.</returns>
    public static bool TryRead(System.ReadOnlySpan<byte> frame, out FrameLayout layout)
    {
        layout = default;
        int l3 = 14;
        while (frame.Length >= l3 + 4 && BinaryPrimitives.ReadUInt16BigEndian(frame[(l3 - 2)..]) is EtherType.Vlan or 0x88A8)
        {
            l3 += 4;
        }

        if (frame.Length < l3 + 20)
        {
            return false;
        }

        return BinaryPrimitives.ReadUInt16BigEndian(frame[(l3 - 2)..]) switch
        {
            EtherType.Ipv4 => TryReadIpv4(frame, l3, out layout),
            EtherType.Ipv6 => TryReadIpv6(frame, l3, out layout),
            _ => false,
        };
    }

    private static bool TryReadIpv4(System.ReadOnlySpan<byte> frame, int l3, out FrameLayout layout)
    {
        int l4 = l3 + (frame[l3] & 15) * 4;
        int end = l3 + BinaryPrimitives.ReadUInt16BigEndian(frame[(l3 + 2)..]);
        bool isFragment = (BinaryPrimitives.ReadUInt16BigEndian(frame[(l3 + 6)..]) & 0x3FFF) != 0;
        layout = new FrameLayout(l3, false, l4, end, frame[l3 + 9], isFragment);
        return l4 >= l3 + 20 && l4 <= end && end <= frame.Length;
    }

    private static bool TryReadIpv6(System.ReadOnlySpan<byte> frame, int l3, out FrameLayout layout)
    {
        layout = default;
        if (frame.Length < l3 + Ipv6Header.SizeBytes)
        {
            return false;
        }

        int end = l3 + Ipv6Header.SizeBytes + BinaryPrimitives.ReadUInt16BigEndian(frame[(l3 + 4)..]);
        byte protocol = frame[l3 + 6];
        int l4 = l3 + Ipv6Header.SizeBytes;
        bool isFragment = false;
        bool isData = false;
        for (int step = 0; step < ExtensionsMax && !isData && l4 + 8 <= frame.Length
            && protocol is IpProtocol.HopByHop or IpProtocol.Routing or IpProtocol.DestinationOptions or IpProtocol.Fragment; step++)
        {
            int place = protocol == IpProtocol.Fragment ? BinaryPrimitives.ReadUInt16BigEndian(frame[(l4 + 2)..]) : 0;
            isFragment |= (place & 0xFFF9) != 0;

            // Behind a later fragment's header come bytes from the middle of the packet, whatever its next header says.
            isData = (place & 0xFFF8) != 0;
            int lengthBytes = protocol == IpProtocol.Fragment ? 8 : 8 + frame[l4 + 1] * 8;
            protocol = frame[l4];
            l4 += lengthBytes;
        }

        layout = new FrameLayout(l3, true, l4, end, protocol, isFragment);
        return l4 <= end && end <= frame.Length;
    }
}
