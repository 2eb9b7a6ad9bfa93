using System;
using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using Dataplane.Packet;
using Dataplane.TestKit;
using Xunit;

namespace Dataplane.Oracle.Tests;

/// <summary>A forwarded frame as text that is equal for both routers if they did the same.</summary>
/// <remarks>
/// Which port translation chose is each router's own affair: the client's inside endpoint takes its place, also in the header that an ICMP
/// error quotes. Checksums are verified and then left out. Everything else, MAC addresses included, counts.
/// </remarks>
internal static class FrameText
{
    private const int EthernetBytes = 14;

    /// <summary>The frame, comparable.</summary>
    /// <param name="frame">As it left.</param>
    /// <param name="flow">Names the client.</param>
    /// <param name="outside">The client as this router presents it on the wan.</param>
    public static string Of(byte[] frame, Flow flow, Endpoint outside)
    {
        Verify(frame);
        byte[] copy = [.. frame];
        Span<byte> ip = copy.AsSpan(EthernetBytes);
        int l4 = Neutralize(ip, flow, outside);
        bool isError = ip[0] >> 4 == 4
            ? ip[9] == IpProtocol.Icmp && IcmpType.IsError(ip[l4])
            : ip[6] == IpProtocol.Icmpv6 && Icmpv6Type.IsError(ip[l4]);
        if (isError)
        {
            Neutralize(ip[(l4 + 8)..], flow, outside);
        }

        return Convert.ToHexString(copy);
    }

    /// <summary>What an answer of the router itself is: two stacks agree on type and code at most.</summary>
    public static string KindOf(byte[] frame)
    {
        ReadOnlySpan<byte> ip = frame.AsSpan(EthernetBytes);
        (byte protocol, int l4) = ip[0] >> 4 == 4 ? (ip[9], (ip[0] & 15) * 4) : (ip[6], 40);
        return protocol is IpProtocol.Icmp or IpProtocol.Icmpv6
            ? string.Create(CultureInfo.InvariantCulture, $"icmp {ip[l4]}/{ip[l4 + 1]}")
            : $"protocol {IpProtocol.Name(protocol)}";
    }

    /// <summary>Replaces the client's outside endpoint by its inside one, and checksums by zero.</summary>
    /// <returns>Where the transport header begins.</returns>
    private static int Neutralize(Span<byte> ip, Flow flow, Endpoint outside)
    {
        if (ip[0] >> 4 != 4)
        {
            // No translation, so that every checksum stays what the sender made it.
            return 40;
        }

        int l4 = (ip[0] & 15) * 4;
        ip[10..12].Clear();
        byte[] hidden = IPAddress.Parse(outside.Address).GetAddressBytes();
        byte[] shown = IPAddress.Parse(flow.Client.Address).GetAddressBytes();
        bool isSource = Replace(ip[12..16], hidden, shown);
        bool isDestination = Replace(ip[16..20], hidden, shown);
        byte protocol = ip[9];
        int port = protocol == IpProtocol.Icmp ? l4 + 4 : isSource ? l4 : l4 + 2;
        bool hasPort = (protocol == IpProtocol.Icmp && !IcmpType.IsError(ip[l4])) || flow.HasPorts;
        if ((isSource || isDestination) && hasPort && port + 2 <= ip.Length && protocol == flow.Protocol)
        {
            Assert.Equal(outside.Port, BinaryPrimitives.ReadUInt16BigEndian(ip[port..]));
            BinaryPrimitives.WriteUInt16BigEndian(ip[port..], flow.Client.Port);
        }

        (int checksum, int bytes) = ChecksumPlace(protocol);
        if (bytes > 0 && l4 + checksum + bytes <= ip.Length)
        {
            ip.Slice(l4 + checksum, bytes).Clear();
        }

        return l4;
    }

    private static bool Replace(Span<byte> address, byte[] hidden, byte[] shown)
    {
        if (!address.SequenceEqual(hidden))
        {
            return false;
        }

        shown.CopyTo(address);
        return true;
    }

    private static (int Offset, int Bytes) ChecksumPlace(byte protocol) => protocol switch
    {
        IpProtocol.Tcp => (16, 2),
        IpProtocol.Udp or IpProtocol.UdpLite => (6, 2),
        IpProtocol.Icmp => (2, 2),
        IpProtocol.Sctp => (8, 4),
        _ => (0, 0),
    };

    /// <summary>Fails the test unless a host would accept the frame's checksums.</summary>
    private static void Verify(byte[] frame)
    {
        ReadOnlySpan<byte> ip = frame.AsSpan(EthernetBytes);
        bool isIpv4 = ip[0] >> 4 == 4;
        byte protocol = isIpv4 ? ip[9] : ip[6];
        int headerBytes = isIpv4 ? (ip[0] & 15) * 4 : 40;
        ReadOnlySpan<byte> l4 = ip[headerBytes..];
        ReadOnlySpan<byte> addresses = isIpv4 ? ip[12..20] : ip[8..40];
        if (isIpv4)
        {
            Assert.Equal(0xFFFF, ReferenceChecksum.Sum(ip[..headerBytes]));
        }

        // UDP says itself how long it is; what the IP packet has beyond that is not covered (RFC 768).
        l4 = protocol == IpProtocol.Udp ? l4[..BinaryPrimitives.ReadUInt16BigEndian(l4[4..])] : l4;
        bool isUdpWithout = protocol == IpProtocol.Udp && l4[6] == 0 && l4[7] == 0;
        if (protocol is IpProtocol.Tcp or IpProtocol.Udp or IpProtocol.Icmpv6 && !isUdpWithout)
        {
            Assert.Equal(0xFFFF, ReferenceChecksum.Sum(l4, ReferenceChecksum.PseudoHeader(addresses, protocol, l4.Length)));
        }
        else if (protocol == IpProtocol.Icmp)
        {
            Assert.Equal(0xFFFF, ReferenceChecksum.Sum(l4));
        }
        else if (protocol == IpProtocol.Sctp)
        {
            byte[] copy = l4.ToArray();
            copy.AsSpan(8, 4).Clear();
            Assert.Equal(BinaryPrimitives.ReadUInt32LittleEndian(l4[8..]), OtherPackets.Crc32c(copy));
        }
    }
}
