using System;
using System.Buffers.Binary;
using Dataplane.Packet;
using Dataplane.TestKit;
using Xunit;

namespace Dataplane.Datapath.Tests;

/// <summary>Whether a frame that left the router is one that a host would accept.</summary>
internal static class FrameCheck
{
    /// <summary>Fails the test unless the frame is untagged ARP, IPv4 or IPv6 with right checksums, quoted headers included.</summary>
    public static void IsSound(ReadOnlySpan<byte> frame)
    {
        Assert.True(frame.Length >= 42, $"a frame of {frame.Length} bytes");
        ushort etherType = BinaryPrimitives.ReadUInt16BigEndian(frame[12..]);
        if (etherType == EtherType.Arp)
        {
            return;
        }

        if (etherType == EtherType.Ipv6)
        {
            IsSoundIpv6(frame[14..]);
            return;
        }

        Assert.Equal(EtherType.Ipv4, etherType);
        ReadOnlySpan<byte> ip = frame[14..];
        ip = ip[..BinaryPrimitives.ReadUInt16BigEndian(ip[2..])];
        int headerBytes = (ip[0] & 15) * 4;
        Assert.Equal(0xFFFF, ReferenceChecksum.Sum(ip[..headerBytes]));
        bool isFragment = (ip[6] & 0x3F) != 0 || ip[7] != 0;
        if (isFragment)
        {
            // Its transport checksum is that of the datagram.
            return;
        }

        ReadOnlySpan<byte> l4 = ip[headerBytes..];
        bool isUdpWithout = ip[9] == IpProtocol.Udp && l4[6] == 0 && l4[7] == 0;
        if (isUdpWithout || ip[9] == IpProtocol.Gre)
        {
            return;
        }

        ushort pseudo = ip[9] == IpProtocol.Icmp ? (ushort)0 : ReferenceChecksum.PseudoHeader(ip[12..20], ip[9], l4.Length);
        Assert.Equal(0xFFFF, ReferenceChecksum.Sum(l4, pseudo));
        if (ip[9] == IpProtocol.Icmp && IcmpType.IsError(l4[0]))
        {
            Assert.Equal(0xFFFF, ReferenceChecksum.Sum(l4[8..(8 + (l4[8] & 15) * 4)]));
        }
    }

    /// <summary>Lengths, hop limit, and the checksum of what has no extension headers.</summary>
    private static void IsSoundIpv6(ReadOnlySpan<byte> ip)
    {
        Assert.Equal(6, ip[0] >> 4);
        ip = ip[..(40 + BinaryPrimitives.ReadUInt16BigEndian(ip[4..]))];
        Assert.NotEqual(0, ip[7]);
        ReadOnlySpan<byte> l4 = ip[40..];
        if (ip[6] is IpProtocol.Tcp or IpProtocol.Udp or IpProtocol.Icmpv6)
        {
            Assert.Equal(0xFFFF, ReferenceChecksum.Sum(l4, ReferenceChecksum.PseudoHeader(ip[8..40], ip[6], l4.Length)));
        }

        if (ip[6] == IpProtocol.Icmpv6)
        {
            Assert.True(!Icmpv6Type.IsNeighbourDiscovery(l4[0]) || ip[7] == 255, "neighbour discovery that no host believes");
            Assert.True(!Icmpv6Type.IsError(l4[0]) || ip.Length <= 1280, "an error beyond the least MTU");
        }
    }
}
