using System.Collections.Generic;
using static Dataplane.Oracle.Tests.Did;
using static Dataplane.Oracle.Tests.Side;
using static Dataplane.Oracle.Tests.TcpScripts;

namespace Dataplane.Oracle.Tests;

/// <summary>Differences in TCP; most follow from RFC 5961 and from what a router between two endpoints cannot know.</summary>
internal static class TcpDifferences
{
    private const byte Tcp = Packet.IpProtocol.Tcp;

    private const string Live = "SYN_RECV ESTABLISHED FIN_WAIT CLOSE_WAIT LAST_ACK";
    private const string Any = Live + " TIME_WAIT CLOSE";

    private const string Outside = "tcp_reset_outside_window";

    public static IReadOnlyList<KnownDifference> All { get; } =
    [
        .. Opening,
        .. Windows,
        .. Ending,
        .. Resets,
        .. Beginning,
    ];

    private static KnownDifference[] Opening =>
    [
        new("what acknowledges something else while both are opening",
            "The opener answers it with a reset (RFC 9293 §3.10.7.3), which the peer needs to see to forget an older connection.",
            Tcp,
            new Case("SYN_SENT SYN_SENT2", Wan, "SYN-ACK", Drop, Keep, "> S 0", "< SA 0 a=7777"),
            new Case("SYN_SENT2", Lan, "ACK", Drop, Keep, "> S 0", "< S 0", "> A 0 a=5000")),
        new("two SYNs of different number",
            "The opener has given up one attempt for another: we follow the latest, netfilter its guess from the distance of the two.",
            Tcp,
            new Case("SYN_SENT SYN_SENT2", Wan, "SYN-ACK", Move("SYN_RECV"), Keep, "> S 0", "> S 5000", "< SA 0 a=1"),
            new Case("SYN_SENT", Wan, "SYN-ACK", Move("SYN_SENT+r"), Keep, "> S 0", "> S 2000000000", "< SA 0 a=1"),
            new Case("SYN_SENT", Wan, "SYN-ACK", Move("SYN_SENT+r"), Move("SYN_RECV"), "> S 0", "> S 120000", "> S 0", "< SA 0 a=1"),
            new Case("SYN_SENT2", null, "SYN", Drop, Keep, "> S 0", "< S 0", "> S 1500000000")),
        new("two SYN-ACKs of different number",
            "Either may be acknowledged, and then that one's number counts; netfilter keeps bounds that cover both, as far as its windows reach.",
            Tcp,
            new Case("SYN_RECV", Wan, "FIN", Move("FIN_WAIT"), Refuse("tcp_sequence_below_window"),
                "> S 0", "< SA 0 a=1", "< SA 100000000 a=1", "< FA 0 a=1"),
            new Case("SYN_RECV", Wan, "FIN", Drop, Move("FIN_WAIT"),
                "> S 0", "< SA 0 a=1 w=65535", "< SA 80620 a=1 w=65535", "< FA 80620 a=1 w=65535")),
        new("data in a SYN that the peer does not accept",
            "To netfilter what follows is then too old to be looked at; we count such data as sent only once it is acknowledged (RFC 7413 §4.2).",
            Tcp,
            new Case("SYN_RECV", Lan, "ACK", Keep, Move("ESTABLISHED"), "> S 0 l=1005", "< SA 0 a=1 w=920", "> A 1 a=1")),
        new("an ACK in answer to a SYN",
            "Both forward the challenge of an older connection; netfilter counts it as an answer, we only what the handshake allows.",
            Tcp,
            new Case("SYN_SENT", Wan, "ACK", Move("SYN_SENT+r"), Keep, "> S 0", "< A 9000 a=5555")),
        new("a reset refuses the SYN, or its sender gives up",
            "Netfilter deletes the entry; we keep it in CLOSE for its timeout, so that a repetition finds it.",
            Tcp,
            new Case("SYN_SENT", null, "RST", Move(Connection.Gone), Move("CLOSE"), "> S 0", "< RA 0 a=1"),
            new Case("SYN_SENT", null, "RST", Move(Connection.Gone), Move("CLOSE"), "> S 0", "> R 1")),
        new("a reset of the opener that is not about its SYN",
            "It refuses a segment of an older connection (RFC 9293 §3.10.7.3) and the SYN will be repeated: the entry stays.",
            Tcp,
            new Case("SYN_SENT", Lan, "RST", Move(Connection.Gone), Keep, "> S 0", "> R 0"),
            new Case("SYN_SENT", Lan, "RST", Drop, Keep, "> S 0", "> RA 1350000000 a=0"),
            new Case("SYN_SENT2", Lan, "RST", Move("CLOSE"), Keep, "> S 0", "< S 0", "> R 0")),
        new("a reset that does not acknowledge the SYN",
            "Whoever knows the ports could end a connection before it begins: it must acknowledge the SYN (RFC 9293 §3.10.7.3).",
            Tcp,
            new Case("SYN_SENT", Wan, "RST", Pass, Refuse("tcp_reset_unacknowledging"), "> S 0", "< R 0"),
            new Case("SYN_SENT2", Wan, "RST", Pass, Refuse("tcp_reset_unacknowledging"), "> S 0", "< S 0", "< R 0")),
        new("the handshake's last ACK below the SYN-ACK",
            "Only the exact number proves that its sender has received the SYN-ACK; a blind attacker would be assured otherwise.",
            Tcp,
            new Case("SYN_RECV", Lan, "ACK", Move("ESTABLISHED"), Refuse("tcp_ack_below_window"), "> S 0", "< SA 0 a=1", "> A 1 a=0"),
            new Case("SYN_RECV", Lan, "FIN", Move("FIN_WAIT"), Refuse("tcp_ack_below_window"), "> S 0", "< SA 0 a=1", "> FA 1 a=0")),
        new("the peer's ACK in a simultaneous open",
            "Netfilter is established; we wait for the opener's next segment, whatever it is, as in the ordinary handshake.",
            Tcp,
            new Case("SYN_RECV", Wan, "ACK", Move("ESTABLISHED"), Keep, "> S 0", "< S 0", "> SA 0 a=1", "< A 1 a=1")),
    ];

    private static KnownDifference[] Windows =>
    [
        new("up to one window beyond the window",
            "Netfilter lets senders overrun by another window, or by as much as was acknowledged selectively; no receiver has to take that.",
            Tcp,
            new Case(Any, null, "ACK FIN", Pass, Refuse("tcp_sequence_above_window"), [.. Open, "> A 1002 a=1 l=100"]),
            new Case(Any, null, "ACK FIN", Pass, Refuse("tcp_sequence_above_window"),
                [.. Open, "> A 501 a=1 l=500", "< A 1 a=1 sack=501..1001", "> FA 1002 a=1"])),
        new("the window of a SYN",
            "Netfilter ignores what the peer sends before the client's ACK; to us the window that came with the SYN counts from the peer's number.",
            Tcp,
            new Case("SYN_RECV", Wan, "FIN", Keep, Move("FIN_WAIT"), "> S 0", "< SA 0 a=1", "< FA 2 a=1")),
        new("what a reset without effect says",
            "Netfilter takes the number of a reset that it kept from ending the connection for one that its sender has reached.",
            Tcp,
            new Case(Any, null, "ACK FIN", Pass, Refuse("tcp_ack_above_window"), [.. Open, "< RA 500 a=1", "> A 1 a=500"])),
        new("a number of long ago",
            "Netfilter forwards what is old and ignores it. No honest duplicate is older than the largest window or 64 KiB; RFC 5961 §5 bounds acknowledgments.",
            Tcp,
            new Case(Any, null, "ACK FIN", Pass, Refuse("tcp_sequence_below_window"), [.. Open, "> A -200000 a=1 l=100"]),
            new Case(Any, null, "ACK FIN", Pass, Refuse("tcp_ack_below_window"), [.. Open, "> A 1 a=-200000"])),
        new("a number older than the window but not than 64 KiB",
            "Netfilter forwards it and ignores it; to us it is as good as any duplicate, and moves the state by its flags.",
            Tcp,
            new Case("FIN_WAIT", null, "ACK", Keep, Move("CLOSE_WAIT"), [.. Open, "> FA 1 a=1", "> A -50000 a=1"]),
            new Case("ESTABLISHED", null, "FIN", Keep, Move("FIN_WAIT"), [.. Open, "> FA -50000 a=1"]),
            new Case("FIN_WAIT CLOSE_WAIT", null, "FIN", Keep, Move("LAST_ACK"), [.. Open, "< FA 1 a=1", "> FA -50000 a=1"])),
        new("a window that a repeated SYN-ACK takes back",
            "What was granted stays granted (RFC 9293 §3.8.6): the sender may have seen the larger one only.",
            Tcp,
            new Case("ESTABLISHED", Lan, "ACK", Drop, Keep, "> S 0", "< SA 0 a=1", "> S 0", "< SA 0 a=1 w=2", "> A 1 a=1", "> A 40 a=1")),
    ];

    private static KnownDifference[] Ending =>
    [
        new("the first FIN again",
            "Netfilter takes any FIN for the next one of the two; a repetition says nothing new, and must not shorten the other half's life.",
            Tcp,
            new Case("FIN_WAIT CLOSE_WAIT", null, "FIN", Move("LAST_ACK"), Keep, [.. Open, "> FA 1 a=1", "> FA 1 a=1"])),
        new("an ACK that answers a stray SYN while closing",
            "Netfilter remembers the SYN and does not take the challenge for the last ACK; both states live equally long with us.",
            Tcp,
            new Case("LAST_ACK", null, "ACK", Keep, Move("TIME_WAIT"),
                [.. Open, "< FA 1 a=1", "> FA 1 a=1", "> S 500000000", "< A 2 a=2"])),
        new("a FIN behind a reset",
            "The connection is over, and we leave its windows alone: nothing stops a FIN.",
            Tcp,
            new Case("CLOSE", null, "ACK FIN", Drop, Keep, [.. Open, "> R 1", "< FA 1300000000 a=1"])),
    ];

    private static KnownDifference[] Resets =>
    [
        new("a reset before or behind the established state",
            "Only an exact one ends a connection, whatever its state (RFC 5961 §3); netfilter asks for that in ESTABLISHED alone.",
            Tcp,
            new Case("SYN_RECV FIN_WAIT CLOSE_WAIT LAST_ACK", null, "RST", Move("CLOSE"), Keep, [.. Open, "> FA 1 a=1", "< R 500"]),
            new Case(Any, null, "RST", Move("CLOSE"), Refuse(Outside), [.. Open, "< FA 1 a=1", "> R 700000000"])),
        new("a reset up to one window beyond the window",
            "Netfilter lets it overrun as it does data.",
            Tcp,
            new Case("SYN_RECV ESTABLISHED", null, "RST", Keep, Refuse(Outside), [.. Open, "> R 1500"])),
        new("a reset behind what its sender sent last, or sent at most",
            "A sender's number is behind the highest byte that it has sent; netfilter takes that of its last segment, if nothing came in between.",
            Tcp,
            new Case("ESTABLISHED", null, "RST", Move("CLOSE"), Keep, [.. Open, "> A 1 a=1 l=500", "> A 501 a=1 l=400", "> A 1 a=1 l=500", "> R 501"]),
            new Case("ESTABLISHED", null, "RST", Keep, Move("CLOSE"), [.. Open, "> A 1 a=1 l=500", "< A 1 a=1", "> R 501"])),
        new("what a reset acknowledges",
            "An endpoint obeys a reset by its sequence number alone (RFC 9293 §3.10.7.4, second); netfilter refuses it.",
            Tcp,
            new Case(Live, null, "RST", Drop, Move("CLOSE"), [.. Open, "> RA 1 a=1900"]),
            new Case(Live, null, "RST", Drop, Keep, [.. Open, "> RA 500 a=1900"]),
            new Case("SYN_SENT", Lan, "RST", Drop, Move("CLOSE"), "> S 0", "> RA 1 a=100001296"),
            new Case("SYN_SENT", Lan, "RST", Keep, Move("CLOSE"), "> S 0", "> RA 1 a=-659633360")),
        new("a reset in TIME_WAIT",
            "It must not end TIME_WAIT early (RFC 1337); netfilter moves to CLOSE.",
            Tcp,
            new Case("TIME_WAIT", null, "RST", Move("CLOSE"), Keep, [.. Closed, "> R 2"])),
    ];

    private static KnownDifference[] Beginning =>
    [
        new("a SYN of the peer on a live connection",
            "Netfilter drops it; we forward it without effect, and the client's challenge ACK tells the peer where it stands (RFC 5961 §4).",
            Tcp,
            new Case(Any, Wan, "SYN", Drop, Keep, [.. Open, "< S 50000"]),
            new Case("TIME_WAIT", Wan, "SYN", new Did(IsForwarded: false, Connection.Gone), Keep, [.. Closed, "< S 100000"])),
        new("a SYN-ACK of the opener",
            "On a live connection netfilter drops it where we let it be challenged (RFC 5961 §4); in the handshake the reverse, unless both have sent SYNs.",
            Tcp,
            new Case(Any, Lan, "SYN-ACK", Drop, Keep, [.. Open, "> SA 1 a=1"]),
            new Case("SYN_RECV", Lan, "SYN-ACK", Keep, Drop, "> S 0", "< SA 0 a=1", "> SA 0 a=0")),
        new("the handshake's own segments, delayed",
            "To netfilter a SYN and a SYN-ACK after each other are a new handshake; the old numbers tell us that they are of the old one.",
            Tcp,
            new Case(Live, Wan, "SYN-ACK", Move("SYN_RECV"), Keep, [.. Open, "> S 0", "< SA 0 a=1"])),
        new("a SYN behind the peer's reset",
            "CLOSE is an end whoever brought it about: either side begins a new connection. Netfilter waits for the peer's SYN-ACK, or lets it wait.",
            Tcp,
            new Case("CLOSE", Wan, "SYN", Drop, Move("SYN_SENT"), [.. Open, "< R 1", "< S 100000"]) { IsIpv6 = true },
            new Case("CLOSE", Lan, "SYN", Keep, Move("SYN_SENT"), [.. Open, "< R 1", "> S 100000"])),
    ];
}
