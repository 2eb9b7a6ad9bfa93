using System.Collections.Generic;
using Dataplane.Packet;
using static Dataplane.Oracle.Tests.Did;
using static Dataplane.Oracle.Tests.Side;

namespace Dataplane.Oracle.Tests;

/// <summary>Differences in protocols other than TCP.</summary>
internal static class OtherDifferences
{
    private const string Open = Connection.Open;

    private static readonly string[] s_datagrams = ["> data l=10", "< data l=10", "> data l=10"];

    public static IReadOnlyList<KnownDifference> All { get; } =
    [
        new("UDP is assured at once",
            "A packet behind an answer makes a stream; netfilter waits two seconds besides.",
            IpProtocol.Udp,
            new Case(Open, Lan, "data", Move("OPEN+r"), Move("OPEN+r+a"), s_datagrams)) { IsInName = true },
        new("GRE is assured at once",
            "A tunnel that both ends use is worth keeping; netfilter waits for one packet more.",
            IpProtocol.Gre,
            new Case(Open, Wan, "data", Move("OPEN+r"), Move("OPEN+r+a"), "> data l=10", "< data l=10")) { IsInName = true },
        new("UDP shorter than the IP packet around it",
            "The checksum covers what UDP says is its length (RFC 768); netfilter sums up all of the packet and finds it wrong.",
            IpProtocol.Udp,
            new Case("- OPEN", null, "less", Drop, Pass, "> data l=10 less")),
        new("UDP without a checksum over IPv6",
            "It is not allowed (RFC 8200 §8.1), and every host would discard it; netfilter looks for IPv4's meaning only.",
            IpProtocol.Udp,
            new Case("- OPEN", null, "zero", Pass, Refuse("l4_checksum_bad"), "> data l=10 zero") { IsIpv6 = true }),
        new("an ICMPv6 error that quotes less than eight bytes of UDP",
            "Errors quote as much as fits (RFC 4443 §3): less is not from a node that works. Netfilter is content with both ports.",
            IpProtocol.Udp,
            new Case(Open, null, "error", Pass, Refuse("icmp_error_inner_invalid"), "> data l=64", "< data l=64", "> error 1/4 quote=47") { IsIpv6 = true }),
        new("UDP-Lite's checksum",
            "Netfilter computes it with UDP's protocol number in the pseudo-header and finds every right one wrong (RFC 3828 §3.2).",
            IpProtocol.UdpLite,
            new Case("- OPEN", null, "data", Drop, Pass, "> data l=10"),
            new Case("- OPEN", null, "udp", Pass, Refuse("l4_checksum_bad"), "> data l=10 udp")),
        new("SCTP's state between INIT and INIT ACK",
            "Netfilter stays in CLOSED until the answer; our COOKIE_WAIT begins with INIT, as the opener's does (RFC 9260 §4).",
            IpProtocol.Sctp,
            new Case("- CLOSED", null, "Init", Move("CLOSED"), Move("COOKIE_WAIT"), "> Init v=0 i=11")) { IsInName = true },
        new("an SCTP INIT ACK without INIT",
            "Nothing but INIT, or a heartbeat on another path, opens an association; netfilter takes it up and waits.",
            IpProtocol.Sctp,
            new Case("-", Lan, "InitAck", Move("CLOSED"), Refuse("sctp_not_init"), "> InitAck v=0 i=1")),
    ];
}
