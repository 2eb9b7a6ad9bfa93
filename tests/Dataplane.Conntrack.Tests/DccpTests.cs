using System;
using System.Collections.Generic;
using System.Linq;
using Dataplane.Packet;
using Xunit;
using static Dataplane.Conntrack.ConnectionState;

namespace Dataplane.Conntrack.Tests;

/// <summary>DCCP connections packet by packet: RFC 4340 §8 seen from the middle.</summary>
[Trait("Category", "Portable")]
public sealed unsafe class DccpTests
{
    private static readonly Dictionary<ConnectionState, string> s_names = new()
    {
        [DccpRequest] = "rq",
        [DccpRespond] = "rs",
        [DccpPartOpen] = "po",
        [DccpOpen] = "op",
        [DccpCloseRequest] = "cr",
        [DccpClosing] = "cg",
        [DccpTimeWait] = "tw",
    };

    /// <summary>What each packet does in each state; columns as written.</summary>
    public static TheoryData<string, string> Rows => new()
    {
        //                    rq  rs  po  op  cr  cg  tw
        { "> Request",      "rq  rs  =   =   =   =   new" },
        { "< Request",      "=   =   =   =   =   =   = " },
        { "> Response",     "=   =   =   =   =   =   - " },
        { "< Response",     "rs  rs  =   =   =   =   - " },
        { "> Data",         "-   -   -   op  cr  cg  = " },
        { "< Data",         "-   -   op  op  =   cg  = " },
        { "> Ack",          "-   po  po  op  cr  cg  = " },
        { "< Ack",          "-   -   op  op  =   cg  = " },
        { "> DataAck",      "-   po  po  op  cr  cg  = " },
        { "< DataAck",      "-   -   op  op  =   cg  = " },
        { "> CloseRequest", "-   -   -   -   -   -   - " },
        { "< CloseRequest", "-   -   cr  cr  cr  cr  = " },
        { "> Close",        "-   -   cg  cg  cg  cg  = " },
        { "< Close",        "-   -   cg  cg  =   cg  = " },
        { "> Reset",        "tw  tw  tw  tw  tw  tw  = " },
        { "< Reset",        "tw  tw  tw  tw  tw  tw  = " },
        { "> Sync",         "=   =   =   =   =   =   = " },
        { "< Sync",         "=   =   =   =   =   =   = " },
        { "> SyncAck",      "=   =   =   =   =   =   = " },
        { "< SyncAck",      "=   =   =   =   =   =   = " },
    };

    [Theory]
    [MemberData(nameof(Rows))]
    public void Every_cell_of_a_row_is_as_stated(string packet, string cells)
    {
        string[] expected = cells.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(s_names.Count, expected.Length);
        foreach ((ConnectionState state, string cell) in s_names.Keys.Zip(expected))
        {
            Assert.Equal((state, cell), (state, Step(packet, state, out _)));
        }
    }

    [Theory]
    [InlineData("closed by the client", "> Request", "< Response", "> Ack", "< Ack", "> Data", "< DataAck", "> Close", "< Reset")]
    [InlineData("closed by the server", "> Request", "< Response", "> DataAck", "< Data", "< CloseRequest", "> Close", "< Reset")]
    [InlineData("refused", "> Request", "< Reset")]
    public void A_connection_lives_and_ends_in_time_wait(string name, params string[] packets)
    {
        DccpHeader request = new() { TypeAndExtended = (byte)((int)DccpType.Request << 1 | 1) };
        Assert.Equal(DropReason.None, DccpTracker.Open(&request, out ConnectionState state));
        foreach (string packet in packets)
        {
            Assert.DoesNotContain(Step(packet, state, out state), (string[])["-", "=", "new"]);
        }

        Assert.True(state == DccpTimeWait, $"{name}: {state}");
    }

    [Fact]
    public void Only_a_request_opens()
    {
        foreach (DccpType type in Enum.GetValues<DccpType>())
        {
            DccpHeader header = new() { TypeAndExtended = (byte)((int)type << 1 | 1) };
            Assert.Equal(type == DccpType.Request ? DropReason.None : DropReason.DccpNotRequest, DccpTracker.Open(&header, out _));
        }
    }

    [Fact]
    public void Other_protocols_states_are_refused() => Assert.All(
        Enum.GetValues<ConnectionState>().Except(s_names.Keys),
        state => Assert.Equal(Trackers.Invalid, DccpTracker.Transition(Direction.Original, DccpType.Data, state)));

    private static string Step(string packet, ConnectionState state, out ConnectionState next)
    {
        DccpHeader header = new() { TypeAndExtended = (byte)((int)Enum.Parse<DccpType>(packet[2..]) << 1 | 1) };
        TrackerVerdict verdict = DccpTracker.Judge(state, packet[0] == '>' ? Direction.Original : Direction.Reply, &header);
        Assert.Equal(verdict.Effect == Trackers.Invalid ? DropReason.DccpStateInvalid : DropReason.None, verdict.Reason);
        next = verdict.Effect < Trackers.Invalid ? (ConnectionState)verdict.Effect : state;
        return verdict.Effect switch
        {
            Trackers.Invalid => "-",
            Trackers.Keep => "=",
            Trackers.Reopen => "new",
            _ => s_names[next],
        };
    }
}
