using System;
using System.Collections.Generic;
using System.Linq;
using Dataplane.Packet;
using Xunit;

namespace Dataplane.Conntrack.Tests;

/// <summary>The transition table, cell by cell and along the lives that RFC 9293 describes.</summary>
[Trait("Category", "Portable")]
public sealed class TrackerTests
{
    private const string States = "none ss s2 sr es fw cw la tw cl";

    /// <summary>What each TCP segment does in each state; columns as in <see cref="States"/>. "-" refused, "=" passed on without
    /// effect, "new" opens the next connection.</summary>
    public static TheoryData<string, string> TcpRows => new()
    {
        //                none ss  s2  sr  es  fw  cw  la  tw  cl
        { "> SYN",       "-    ss  s2  =   =   =   =   =   new new" },
        { "< SYN",       "-    s2  s2  =   =   =   =   =   =   =  " },
        { "> SYN,ACK",   "-    -   sr  sr  =   =   =   =   =   =" },
        { "< SYN,ACK",   "-    sr  sr  sr  =   =   =   =   =   =" },
        { "> ACK",       "-    -   =   es  es  cw  cw  tw  tw  cl" },
        { "< ACK",       "-    =   =   sr  es  cw  cw  tw  tw  cl" },
        { "> FIN,ACK",   "-    -   -   fw  fw  la  la  la  tw  =" },
        { "< FIN,ACK",   "-    -   -   fw  fw  la  la  la  tw  =" },
        { "> RST",       "-    cl  cl  cl  cl  cl  cl  cl  =   =" },
        { "< RST",       "-    cl  cl  cl  cl  cl  cl  cl  =   =" },
    };

    [Theory]
    [MemberData(nameof(TcpRows))]
    public void Every_cell_of_a_tcp_row_is_as_stated(string segment, string cells)
    {
        string[] states = States.Split(' ');
        string[] expected = cells.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(states.Length, expected.Length);
        for (int column = 0; column < states.Length; column++)
        {
            string actual = Step(StateOf(states[column]), segment, out _);
            Assert.True(expected[column] == actual, $"{segment} in {states[column]}: expected {expected[column]}, is {actual}");
        }
    }

    [Theory]
    [InlineData("handshake", "> SYN:ss", "< SYN,ACK:sr", "> ACK:es", "> PSH,ACK:es", "< ACK:es")]
    [InlineData("handshake with repetitions", "> SYN:ss", "> SYN:ss", "< SYN,ACK:sr", "< SYN,ACK:sr", "> SYN:=", "> ACK:es", "< SYN,ACK:=")]
    [InlineData("refused", "> SYN:ss", "< RST,ACK:cl")]
    [InlineData("given up by the client", "> SYN:ss", "< SYN,ACK:sr", "> RST:cl", "< SYN,ACK:=")]
    [InlineData("closed by the client", "> SYN:ss", "< SYN,ACK:sr", "> ACK:es", "> FIN,ACK:fw", "< ACK:cw", "< FIN,ACK:la", "> ACK:tw")]
    [InlineData("closed by the server", "> SYN:ss", "< SYN,ACK:sr", "> ACK:es", "< FIN,ACK:fw", "> ACK:cw", "> FIN,ACK:la", "< ACK:tw")]
    [InlineData("half closed by the client", "> SYN:ss", "< SYN,ACK:sr", "> ACK:es", "> FIN,ACK:fw", "< ACK:cw", "< PSH,ACK:cw", "> ACK:cw", "< FIN,ACK:la", "> ACK:tw")]
    [InlineData("half closed by the server", "> SYN:ss", "< SYN,ACK:sr", "> ACK:es", "< FIN,ACK:fw", "> ACK:cw", "> PSH,ACK:cw", "< ACK:cw", "> FIN,ACK:la", "< ACK:tw")]
    [InlineData("closed by both at once", "> SYN:ss", "< SYN,ACK:sr", "> ACK:es", "> FIN,ACK:fw", "< FIN,ACK:la", "> ACK:tw", "< ACK:tw")]
    [InlineData("simultaneous open", "> SYN:ss", "< SYN:s2", "> SYN,ACK:sr", "< SYN,ACK:sr", "> ACK:es")]
    [InlineData("reset in the middle", "> SYN:ss", "< SYN,ACK:sr", "> ACK:es", "< RST:cl", "> SYN:new")]
    [InlineData("data with the first acknowledgement and a FIN", "> SYN:ss", "< SYN,ACK:sr", "> FIN,ACK:fw", "< ACK:cw")]
    [InlineData("a SYN on an established connection changes nothing", "> SYN:ss", "< SYN,ACK:sr", "> ACK:es", "> SYN:=", "< SYN:=", "< ACK:es")]
    [InlineData("tuple reused from TIME-WAIT", "> SYN:ss", "< SYN,ACK:sr", "> ACK:es", "> FIN,ACK:fw", "< FIN,ACK:la", "> ACK:tw", "> FIN,ACK:tw", "> RST:=", "> SYN:new")]
    [InlineData("a challenge to a SYN reaches the client", "> SYN:ss", "< ACK:=", "> RST:cl", "> SYN:new")]
    [InlineData("data before an answer is refused", "> SYN:ss", "> ACK:-", "> FIN,ACK:-")]
    public void A_connection_goes_through_the_states_of_its_life(string name, params string[] steps)
    {
        ConnectionState state = ConnectionState.None;
        foreach (string step in steps)
        {
            string[] parts = step.Split(':');
            if (state == ConnectionState.None)
            {
                Assert.Equal(DropReason.None, OpenTcp(FlagsOf(parts[0]), loose: false, out state));
                Assert.Equal(parts[1], NameOf((byte)state));
                continue;
            }

            string actual = Step(state, parts[0], out ConnectionState next);
            Assert.True(parts[1] == actual, $"{name}, at {step}: {actual}");
            state = next;
        }
    }

    private static unsafe DropReason OpenTcp(TcpFlags flags, bool loose, out ConnectionState state)
    {
        TcpHeader header = new() { OffsetAndReserved = 0x50, Flags = flags };
        TcpWindows windows = default;
        TcpPolicy policy = TcpPolicy.Strict with { IsLoose = loose };
        return TcpTracker.Open(ref windows, TcpSegment.Read(&header, payloadBytes: 0), policy, out state);
    }

    [Fact]
    public void Udp_is_unreplied_until_answered_and_a_stream_when_it_goes_on()
    {
        Assert.Equal(DropReason.None, Trackers.Open(IpProtocol.Udp, kind: 0, out ConnectionState state));
        Assert.Equal(ConnectionState.UdpUnreplied, state);
        (Direction Direction, ConnectionState State)[] life =
        [
            (Direction.Original, ConnectionState.UdpUnreplied),
            (Direction.Reply, ConnectionState.UdpReplied),
            (Direction.Reply, ConnectionState.UdpReplied),
            (Direction.Original, ConnectionState.UdpStream),
            (Direction.Reply, ConnectionState.UdpStream),
            (Direction.Original, ConnectionState.UdpStream),
        ];
        foreach ((Direction direction, ConnectionState expected) in life)
        {
            state = (ConnectionState)Trackers.Transitions[Trackers.IndexOf(direction, Trackers.Plain, state)];
            Assert.Equal(expected, state);
            Assert.Equal(expected == ConnectionState.UdpStream, (Trackers.FlagsOf(state, direction) & EntryFlags.Assured) != 0);
        }
    }

    [Theory]
    [InlineData(ConnectionState.IcmpUnreplied, ConnectionState.IcmpReplied)]
    [InlineData(ConnectionState.GreUnreplied, ConnectionState.GreReplied)]
    [InlineData(ConnectionState.GenericUnreplied, ConnectionState.GenericReplied)]
    public void What_only_asks_and_answers_may_do_so_in_any_order(ConnectionState unreplied, ConnectionState replied)
    {
        Assert.Equal((byte)unreplied, Trackers.Transitions[Trackers.IndexOf(Direction.Original, Trackers.Plain, unreplied)]);
        Assert.Equal((byte)replied, Trackers.Transitions[Trackers.IndexOf(Direction.Reply, Trackers.Plain, unreplied)]);
        Assert.Equal((byte)replied, Trackers.Transitions[Trackers.IndexOf(Direction.Original, Trackers.Plain, replied)]);
        Assert.Equal((byte)replied, Trackers.Transitions[Trackers.IndexOf(Direction.Reply, Trackers.Plain, replied)]);
    }

    [Fact]
    public void Every_other_cell_refuses_and_every_next_state_has_a_name()
    {
        Assert.Equal(2 * 8 * TimeoutTable.States, Trackers.Transitions.Length);
        ConnectionState[] plain =
        [
            ConnectionState.UdpUnreplied, ConnectionState.UdpReplied, ConnectionState.UdpStream,
            ConnectionState.IcmpUnreplied, ConnectionState.IcmpReplied, ConnectionState.GreUnreplied, ConnectionState.GreReplied,
            ConnectionState.GenericUnreplied, ConnectionState.GenericReplied,
        ];
        foreach (Direction direction in Enum.GetValues<Direction>())
        {
            for (int packetClass = 0; packetClass < 8; packetClass++)
            {
                for (int state = 0; state < TimeoutTable.States; state++)
                {
                    byte next = Trackers.Transitions[Trackers.IndexOf(direction, packetClass, (ConnectionState)state)];
                    bool isTcp = state is >= (int)ConnectionState.TcpSynSent and <= (int)ConnectionState.TcpClose && packetClass <= Trackers.Rst;
                    bool isPlain = packetClass == Trackers.Plain && plain.Contains((ConnectionState)state);
                    if (isTcp || isPlain)
                    {
                        Assert.True(
                            next is Trackers.Invalid or Trackers.Keep or Trackers.Reopen || Enum.IsDefined((ConnectionState)next),
                            $"{direction}, class {packetClass}, state {state}: {next}");
                    }
                    else
                    {
                        Assert.Equal(Trackers.Invalid, next);
                    }
                }
            }
        }
    }

    /// <summary>All combinations of the control bits, by what RFC 9293 §3.10.7 looks at first: RST, then SYN, then FIN.</summary>
    [Fact]
    public void A_segments_class_follows_from_its_control_bits()
    {
        for (int bits = 0; bits < 256; bits++)
        {
            var flags = (TcpFlags)bits;
            int expected = Trackers.Plain;
            if (flags.HasFlag(TcpFlags.Rst))
            {
                expected = Trackers.Rst;
            }
            else if (flags.HasFlag(TcpFlags.Syn))
            {
                expected = flags.HasFlag(TcpFlags.Ack) ? Trackers.SynAck : Trackers.Syn;
            }
            else if (flags.HasFlag(TcpFlags.Fin))
            {
                expected = Trackers.Fin;
            }

            Assert.Equal(expected, Trackers.ClassOf(flags));
        }
    }

    [Theory]
    [InlineData("SYN", false, DropReason.None, ConnectionState.TcpSynSent)]
    [InlineData("SYN", true, DropReason.None, ConnectionState.TcpSynSent)]
    [InlineData("ACK", true, DropReason.None, ConnectionState.TcpEstablished)]
    [InlineData("ACK", false, DropReason.TcpNotSyn, null)]
    [InlineData("SYN,ACK", true, DropReason.TcpNotSyn, null)]
    [InlineData("FIN,ACK", true, DropReason.TcpNotSyn, null)]
    [InlineData("RST", true, DropReason.TcpNotSyn, null)]
    public void A_tcp_connection_opens_with_a_SYN_or_loosely_with_an_ACK(
        string flags, bool loose, DropReason reason, ConnectionState? state)
    {
        Assert.Equal(reason, OpenTcp(FlagsOf("> " + flags), loose, out ConnectionState opened));
        Assert.Equal(state ?? opened, opened);
    }

    [Theory]
    [InlineData(IcmpType.EchoRequest, DropReason.None)]
    [InlineData(IcmpType.TimestampRequest, DropReason.None)]
    [InlineData(IcmpType.EchoReply, DropReason.IcmpReplyUnsolicited)]
    [InlineData(IcmpType.TimestampReply, DropReason.IcmpReplyUnsolicited)]
    public void Only_a_query_opens_an_icmp_connection(byte kind, DropReason reason)
    {
        Assert.Equal(reason, Trackers.Open(IpProtocol.Icmp, kind, out ConnectionState state));
        Assert.Equal(ConnectionState.IcmpUnreplied, state);
    }

    [Theory]
    [InlineData(IpProtocol.Udp, 0, DropReason.None, ConnectionState.UdpUnreplied)]
    [InlineData(IpProtocol.UdpLite, 0, DropReason.None, ConnectionState.UdpUnreplied)]
    [InlineData(IpProtocol.Gre, 0, DropReason.None, ConnectionState.GreUnreplied)]
    [InlineData(IpProtocol.Esp, 0, DropReason.None, ConnectionState.GenericUnreplied)]
    [InlineData(253, 0, DropReason.None, ConnectionState.GenericUnreplied)]
    [InlineData(IpProtocol.Icmpv6, Icmpv6Type.EchoRequest, DropReason.None, ConnectionState.IcmpUnreplied)]
    [InlineData(IpProtocol.Icmpv6, Icmpv6Type.EchoReply, DropReason.IcmpReplyUnsolicited, null)]
    [InlineData(IpProtocol.Sctp, 0, DropReason.ProtocolUnsupported, null)]
    [InlineData(IpProtocol.Dccp, 0, DropReason.ProtocolUnsupported, null)]
    public void Every_protocol_without_a_tracker_of_its_own_opens_by_its_number(
        byte protocol, byte kind, DropReason reason, ConnectionState? state)
    {
        Assert.Equal(reason, Trackers.Open(protocol, kind, out ConnectionState opened));
        Assert.Equal(state ?? opened, opened);
    }

    [Fact]
    public void Only_open_connections_and_streams_are_assured_and_only_replies_count_as_replies()
    {
        ConnectionState[] open =
        [
            ConnectionState.TcpEstablished, ConnectionState.UdpStream, ConnectionState.GreReplied, ConnectionState.SctpEstablished,
            ConnectionState.DccpOpen,
        ];
        foreach (ConnectionState state in Enum.GetValues<ConnectionState>())
        {
            EntryFlags assured = open.Contains(state) ? EntryFlags.Assured : EntryFlags.None;
            Assert.Equal(assured, Trackers.FlagsOf(state, Direction.Original));
            Assert.Equal(assured | EntryFlags.SeenReply, Trackers.FlagsOf(state, Direction.Reply));
        }
    }

    [Fact]
    public void The_default_timeouts_meet_the_floors_of_the_rfcs()
    {
        TimeoutTable timeouts = default;
        timeouts.SetDefaults();
        Assert.True(timeouts.Seconds(0, ConnectionState.TcpEstablished) >= 7440, "RFC 5382 REQ-5: 2 h 4 min");
        Assert.True(timeouts.Seconds(0, ConnectionState.TcpUnacknowledged) >= 7440, "RFC 5382 REQ-5: idle is idle");
        Assert.True(timeouts.Seconds(0, ConnectionState.TcpRetransmitting) >= 240, "RFC 5382 REQ-5");
        Assert.True(timeouts.Seconds(0, ConnectionState.DccpOpen) >= 7440, "RFC 5597 REQ-5");
        Assert.True(timeouts.Seconds(0, ConnectionState.DccpRespond) >= 480, "RFC 4340 §8.1.3: 4 MSL");
        Assert.True(timeouts.Seconds(0, ConnectionState.SctpEstablished) > 210, "RFC 9260 §16: 5 heartbeats of 30 s and one RTO.Max");
        foreach (ConnectionState state in Enum.GetValues<ConnectionState>().Where(state => state is > ConnectionState.None and <= ConnectionState.TcpClose))
        {
            Assert.True(timeouts.Seconds(0, state) >= 240, $"RFC 5382 REQ-5: 4 min in {state}");
        }

        Assert.True(timeouts.Seconds(0, ConnectionState.UdpUnreplied) >= 120, "RFC 4787 REQ-5");
        Assert.True(timeouts.Seconds(0, ConnectionState.UdpReplied) >= 120, "RFC 4787 REQ-5");
        Assert.True(timeouts.Seconds(0, ConnectionState.UdpStream) >= 300, "RFC 4787 REQ-5, recommended");
        Assert.True(timeouts.Seconds(0, ConnectionState.IcmpReplied) >= 60, "RFC 5508 REQ-2");
    }

    [Fact]
    public void The_linux_preset_has_the_values_that_a_linux_router_starts_with()
    {
        TimeoutTable timeouts = default;
        timeouts.SetLinux();
        Dictionary<string, uint> expected = new()
        {
            ["TcpSynSent"] = 120,
            ["TcpSynSent2"] = 120,
            ["TcpSynReceived"] = 60,
            ["TcpEstablished"] = 432_000,
            ["TcpFinWait"] = 120,
            ["TcpCloseWait"] = 60,
            ["TcpLastAck"] = 30,
            ["TcpTimeWait"] = 120,
            ["TcpClose"] = 10,
            ["TcpRetransmitting"] = 300,
            ["TcpUnacknowledged"] = 300,
            ["UdpUnreplied"] = 30,
            ["UdpReplied"] = 30,
            ["UdpStream"] = 120,
            ["IcmpUnreplied"] = 30,
            ["IcmpReplied"] = 30,
            ["GreUnreplied"] = 30,
            ["GreReplied"] = 180,
            ["GenericUnreplied"] = 600,
            ["GenericReplied"] = 600,
            ["SctpCookieWait"] = 3,
            ["SctpCookieEchoed"] = 3,
            ["SctpEstablished"] = 210,
            ["SctpShutdownSent"] = 3,
            ["SctpShutdownReceived"] = 3,
            ["SctpShutdownAckSent"] = 3,
            ["SctpClosed"] = 10,
            ["SctpHeartbeatSent"] = 30,
            ["DccpRequest"] = 240,
            ["DccpRespond"] = 480,
            ["DccpPartOpen"] = 480,
            ["DccpOpen"] = 43_200,
            ["DccpCloseRequest"] = 64,
            ["DccpClosing"] = 64,
            ["DccpTimeWait"] = 240,
        };
        foreach (ConnectionState state in Enum.GetValues<ConnectionState>().Where(state => state != ConnectionState.None))
        {
            Assert.Equal((state, expected[state.ToString()]), (state, timeouts.Seconds(0, state)));
        }
    }

    [Fact]
    public void Every_place_of_both_presets_has_a_timeout()
    {
        TimeoutTable defaults = default;
        TimeoutTable linux = default;
        defaults.SetDefaults();
        linux.SetLinux();
        for (int state = 0; state < TimeoutTable.States; state++)
        {
            Assert.NotEqual(0u, defaults.Seconds(0, (ConnectionState)state));
            Assert.NotEqual(0u, linux.Seconds(0, (ConnectionState)state));
        }
    }

    [Fact]
    public void A_cap_shortens_a_timeout_and_never_lengthens_it()
    {
        TimeoutTable timeouts = default;
        timeouts.SetLinux();
        Assert.Equal(432_000u, timeouts.Seconds(0, ConnectionState.TcpEstablished, ConnectionState.None));
        Assert.Equal(300u, timeouts.Seconds(0, ConnectionState.TcpEstablished, ConnectionState.TcpRetransmitting));
        Assert.Equal(10u, timeouts.Seconds(0, ConnectionState.TcpClose, ConnectionState.TcpUnacknowledged));
    }

    [Fact]
    public void A_timeout_is_kept_by_policy_and_state()
    {
        TimeoutTable timeouts = default;
        timeouts.Set(3, ConnectionState.UdpStream, 17);
        Assert.Equal(17u, timeouts.Seconds(3, ConnectionState.UdpStream));
        Assert.Equal(0u, timeouts.Seconds(2, ConnectionState.UdpStream));
        Assert.Throws<ArgumentOutOfRangeException>(() => timeouts.Set(TimeoutTable.Policies, ConnectionState.UdpStream, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => timeouts.Set(0, ConnectionState.UdpStream, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => timeouts.Set(0, (ConnectionState)TimeoutTable.States, 1));
    }

    private static Ipv4Tuple Tuple(byte protocol) => new() { Protocol = protocol };

    /// <summary>One segment in one state: the next state's short name, or the verdict's.</summary>
    private static string Step(ConnectionState state, string segment, out ConnectionState next)
    {
        Direction direction = segment[0] == '>' ? Direction.Original : Direction.Reply;
        byte effect = Trackers.Transitions[Trackers.IndexOf(direction, Trackers.ClassOf(FlagsOf(segment)), state)];
        next = effect < 0x80 ? (ConnectionState)effect : state;
        return NameOf(effect);
    }

    private static TcpFlags FlagsOf(string segment) =>
        segment[2..].Split(',').Aggregate(TcpFlags.None, (flags, name) => flags | Enum.Parse<TcpFlags>(name, ignoreCase: true));

    private static ConnectionState StateOf(string name) => s_names.First(pair => pair.Value == name).Key;

    private static string NameOf(byte effect) => effect switch
    {
        Trackers.Invalid => "-",
        Trackers.Keep => "=",
        Trackers.Reopen => "new",
        _ => s_names[(ConnectionState)effect],
    };

    private static readonly Dictionary<ConnectionState, string> s_names = new()
    {
        [ConnectionState.None] = "none",
        [ConnectionState.TcpSynSent] = "ss",
        [ConnectionState.TcpSynSent2] = "s2",
        [ConnectionState.TcpSynReceived] = "sr",
        [ConnectionState.TcpEstablished] = "es",
        [ConnectionState.TcpFinWait] = "fw",
        [ConnectionState.TcpCloseWait] = "cw",
        [ConnectionState.TcpLastAck] = "la",
        [ConnectionState.TcpTimeWait] = "tw",
        [ConnectionState.TcpClose] = "cl",
    };
}
