namespace Dataplane.Packet;

/// <summary>What the parser found, in the order in which the pipeline cares.</summary>
public enum PacketKind : byte
{
    /// <summary>Not parsed, or refused with a <see cref="DropReason"/>.</summary>
    None = 0,

    /// <summary>IPv4 of any protocol, but no ICMP error: has a tuple.</summary>
    Ipv4Tracked,

    /// <summary>IPv4 ICMP error: the connection it speaks of is found by the packet it quotes.</summary>
    Ipv4IcmpError,

    /// <summary>ARP over Ethernet for IPv4.</summary>
    Arp,

    /// <summary>IPv6 of any protocol, of ICMPv6 echo only: has an IPv6 tuple.</summary>
    Ipv6Tracked,

    /// <summary>IPv6 ICMPv6 error.</summary>
    Ipv6IcmpError,

    /// <summary>IPv6 neighbour discovery (RFC 4861), not tracked.</summary>
    Ipv6Neighbour,

    /// <summary>A fragment of an IPv4 datagram; which one is in <see cref="PacketMeta.Fragment"/>.</summary>
    Ipv4Fragment,

    /// <summary>A fragment of an IPv6 packet, not an atomic one (RFC 6946), which is a whole packet.</summary>
    Ipv6Fragment,
}
