using System;
using System.Buffers.Binary;
using Dataplane.Packet;
using Dataplane.TestKit;

namespace Dataplane.Datapath.Tests.Fuzz;

/// <summary>What must hold of every frame that leaves, whatever came in.</summary>
internal static class FrameRules
{
    /// <summary>Precedence of the router's own errors, which may quote what an outsider wrote.</summary>
    private const byte ErrorService = 0xC0;

    private const ushort UntrackedPort = 123;

    private static readonly uint s_lan = Ipv4Address.Parse(Network.LanAddress).Host;
    private static readonly uint s_dmz = Ipv4Address.Parse(Network.DmzAddress).Host;

    /// <summary>Says what is wrong with a frame that left.</summary>
    /// <returns>Null if nothing is.</returns>
    public static string? Breach(SentFrame sent)
    {
        ReadOnlySpan<byte> frame = sent.Bytes;
        ushort etherType = frame.Length < 14 ? (ushort)0 : BinaryPrimitives.ReadUInt16BigEndian(frame[12..]);
        if (etherType == EtherType.Arp)
        {
            return frame.Length >= 42 ? null : "a short ARP frame";
        }

        if (etherType is not (EtherType.Ipv4 or EtherType.Ipv6))
        {
            return $"EtherType {etherType:x4}";
        }

        if (!FrameLayout.TryRead(frame, out FrameLayout layout))
        {
            return "no IP packet";
        }

        return !FrameSums.IsTransportRight(frame, layout) ? "a wrong transport checksum"
            : layout.IsIpv6 ? BreachOfIpv6(frame, layout) : BreachOfIpv4(frame, layout, sent.Port);
    }

    private static string? BreachOfIpv4(ReadOnlySpan<byte> frame, in FrameLayout layout, int port)
    {
        ReadOnlySpan<byte> ip = frame[layout.L3..layout.End];
        if (ip[0] >> 4 != 4 || ip[8] == 0)
        {
            return "a wrong version, or a TTL of zero";
        }

        if (ReferenceChecksum.Sum(frame[layout.L3..layout.L4]) != 0xFFFF)
        {
            return "a wrong header checksum";
        }

        return port == Network.Wan ? LeakOf(frame, layout) : null;
    }

    /// <summary>Inside addresses where outsiders can read them: as source or destination, or quoted in an error.</summary>
    private static string? LeakOf(ReadOnlySpan<byte> frame, in FrameLayout layout)
    {
        ReadOnlySpan<byte> ip = frame[layout.L3..layout.End];
        ReadOnlySpan<byte> l4 = frame[layout.L4..layout.End];
        bool isUntracked = layout.Protocol == IpProtocol.Udp
            && (layout.IsFragment || (l4.Length >= 4 && BinaryPrimitives.ReadUInt16BigEndian(l4[2..]) == UntrackedPort));

        // The router answers from the address that was asked, and reports from the port by which the cause came in, also to somebody
        // inside who gave himself an outside source.
        bool isRouters = layout.Protocol == IpProtocol.Icmp && IsRouter(ip[12..]);
        if (IsInside(ip[16..]) || (IsInside(ip[12..]) && !isUntracked && !isRouters))
        {
            return "an inside address";
        }

        bool isError = layout.Protocol == IpProtocol.Icmp && !layout.IsFragment && l4.Length >= 28 && IcmpType.IsError(l4[0]);
        return isError && ip[1] != ErrorService && (IsInside(l4[20..]) || IsInside(l4[24..])) ? "an inside address in a quotation" : null;
    }

    private static string? BreachOfIpv6(ReadOnlySpan<byte> frame, in FrameLayout layout)
    {
        ReadOnlySpan<byte> ip = frame[layout.L3..layout.End];

        // Neighbour discovery (RFC 4861), and what goes to a group of the link (RFC 3810).
        bool isLocal = layout.Protocol == IpProtocol.Icmpv6 && (ip[7] == 255 || (ip[24] == 0xFF && ip[25] == 2));
        bool isLinkLocal = ip[8] == 0xFE && (ip[9] & 0xC0) == 0x80;
        return ip[0] >> 4 != 6 || ip[7] == 0 ? "a wrong version, or a hop limit of zero"
            : isLinkLocal && !isLocal ? "a link-local source beyond its link" : null;
    }

    private static bool IsRouter(ReadOnlySpan<byte> address) =>
        BinaryPrimitives.ReadUInt32BigEndian(address) is uint host && (host == s_lan || host == s_dmz);

    /// <summary>Whether an address is routed to lan or dmz.</summary>
    private static bool IsInside(ReadOnlySpan<byte> address) =>
        (address[0] == 10 && address[1] is (0 or 8)) || (address[0] == 172 && address[1] == 16 && address[2] == 0);
}
