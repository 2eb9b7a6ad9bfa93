namespace Dataplane.Packet;

/// <summary>The label and the explanation of each <see cref="DropReason"/>.</summary>
public static class DropReasons
{
    private static readonly (string Label, string Description)[] s_texts =
    [
        ("none", "not dropped"),
        ("frame_truncated", "shorter than an Ethernet header"),
        ("frame_chained", "the driver delivered it in several segments; the port's MTU exceeds the buffer size"),
        ("not_for_this_router", "unicast to a MAC address that is not the port's"),
        ("vlan_truncated", "ends inside a VLAN tag"),
        ("vlan_too_many_tags", "more than two VLAN tags"),
        ("vlan_not_configured", "carries a VLAN tag that the port has no interface for"),
        ("ethertype_unsupported", "neither ARP, IPv4 nor IPv6"),
        ("arp_truncated", "ends inside the ARP body"),
        ("arp_invalid", "not Ethernet/IPv4 ARP, or its sender contradicts the frame or is not a host of the port's subnet"),
        ("ipv4_truncated", "ends inside the IPv4 header"),
        ("ipv4_version_bad", "EtherType IPv4, version field other than 4"),
        ("ipv4_header_length_bad", "IHL below five words or beyond the packet"),
        ("ipv4_total_length_bad", "total length below the header's or beyond the frame"),
        ("ipv4_checksum_bad", "the header checksum is wrong"),
        ("ipv4_option_bad", "an IPv4 option runs past the header"),
        ("ipv4_source_route", "carries a loose or strict source route (RFC 7126 §4.3)"),
        ("ipv4_fragment_unsupported", "a fragment; this version forwards whole datagrams only"),
        ("ipv4_source_invalid", "source is multicast, broadcast, loopback, zero, or one of the router's own addresses"),
        ("ipv4_destination_invalid", "destination is loopback, zero, or a broadcast or group address that is not forwarded"),
        ("ipv6_truncated", "ends inside the IPv6 header"),
        ("ipv6_version_bad", "EtherType IPv6, version field other than 6"),
        ("ipv6_payload_length_bad", "payload length beyond the frame"),
        ("ipv6_extension_truncated", "ends inside an extension header"),
        ("ipv6_extension_too_many", "more extension headers than the parser follows"),
        ("ipv6_fragment_unsupported", "a fragment; this version forwards whole datagrams only"),
        ("ipv6_source_route", "carries a routing header with segments left (RFC 5095 §3)"),
        ("ipv6_source_invalid", "source is multicast, loopback, unspecified, IPv4-mapped, or equal to the destination"),
        ("ipv6_destination_invalid", "destination is loopback, unspecified or IPv4-mapped"),
        ("ipv6_neighbour_invalid", "neighbour discovery that came through a router, is too short or has a code (RFC 4861 §6.1, §7.1)"),
        ("ipv6_forwarding_unsupported", "IPv6 is parsed but not forwarded in this version"),
        ("tcp_truncated", "ends inside the TCP header"),
        ("tcp_offset_bad", "data offset below five words or beyond the packet"),
        ("tcp_flags_bad", "a combination of flags that no segment of a real connection carries"),
        ("udp_truncated", "ends inside the UDP header"),
        ("udp_length_bad", "UDP length below eight or beyond the packet"),
        ("icmp_truncated", "ends inside the ICMP header"),
        ("icmp_type_unsupported", "an ICMP message that is neither a tracked query nor an error"),
        ("l4_checksum_bad", "the TCP, UDP or ICMP checksum is wrong; transmit checksum offload left on at a veth peer looks like this"),
        ("protocol_unsupported", "an IP protocol other than TCP, UDP and ICMP"),
        ("tcp_not_syn", "TCP without a connection, and not a plain SYN (RFC 9293 §3.10.7)"),
        ("tcp_state_invalid", "TCP segment that its connection's state does not allow"),
        ("icmp_reply_unsolicited", "an ICMP reply without a query"),
        ("icmp_error_inner_invalid", "the packet quoted in the ICMP error is malformed"),
        ("icmp_error_unrelated", "the ICMP error quotes no connection, or is not addressed to the quoted sender (RFC 5508 §4.2)"),
        ("table_full", "the connection table is at its limit"),
        ("zone_full", "the zone is at its limit of connections"),
        ("chain_too_long", "every bucket that the tuple may use is full"),
        ("clash_unresolved", "no free reply tuple after the bounded number of attempts"),
        ("filter_dropped", "a filter rule or the filter's default dropped the connection"),
        ("filter_rejected", "a filter rule rejected the connection; the sender was told"),
        ("nat_ports_exhausted", "no free port in the pool for this destination"),
        ("nat_no_address", "masquerade on a port without an address"),
        ("no_route", "no route to the destination"),
        ("ttl_exceeded", "TTL reached zero (RFC 1812 §5.3.1)"),
        ("mtu_exceeded", "larger than the egress MTU; with DF the sender was told (RFC 1191 §4)"),
        ("neighbour_unresolved", "the next hop did not answer ARP"),
        ("neighbour_queue_full", "the bounded queue behind a resolving neighbour was full"),
        ("neighbour_table_full", "no room for another neighbour"),
        ("local_unsupported", "addressed to the router, which serves nothing there"),
        ("transmit_refused", "the egress queue was full"),
        ("handover_full", "the ring to the worker that owns the egress queue was full"),
        ("port_down", "the egress port is not running"),
    ];

    /// <summary>Number of members, <see cref="DropReason.None"/> included.</summary>
    public static int Count => s_texts.Length;

    /// <summary>The stable name in metrics, JSON and tables: lower case with underscores.</summary>
    public static string Label(DropReason reason) => s_texts[(int)reason].Label;

    /// <summary>One line for people: what such a packet looked like.</summary>
    public static string Description(DropReason reason) => s_texts[(int)reason].Description;
}
