using Xunit;

namespace Dataplane.Conntrack.Tests;

/// <summary>What a packet may do to its connection's state word: one swap, or nothing.</summary>
[Trait("Category", "Portable")]
public sealed unsafe class StateWordMoveTests
{
    private const uint Deadline = 5000;

    [Theory]
    [InlineData(Deadline, Deadline)]
    [InlineData(Deadline - 1, Deadline)]
    [InlineData(Deadline - 2, Deadline - 2)]
    [InlineData(60u, 60u)]
    [InlineData(Deadline + 1, Deadline + 1)]
    public void A_deadline_moves_on_or_back_by_a_changed_timeout_but_not_back_by_a_moment(uint asked, uint expected)
    {
        EntryHead head = new() { State = Word(Deadline, ConnectionState.TcpEstablished).Value };
        Assert.True(EntryHead.TryMove(&head, new StateWord(head.State), Word(asked, ConnectionState.TcpEstablished)));
        Assert.Equal(expected, new StateWord(head.State).DeadlineSeconds);
    }

    [Fact]
    public void A_transition_is_written_although_its_deadline_is_earlier_by_a_moment()
    {
        EntryHead head = new() { State = Word(Deadline, ConnectionState.TcpEstablished).Value };
        Assert.True(EntryHead.TryMove(&head, new StateWord(head.State), Word(Deadline - 1, ConnectionState.TcpClose)));
        Assert.Equal(Word(Deadline - 1, ConnectionState.TcpClose).Value, head.State);
    }

    [Fact]
    public void A_late_refresh_does_not_undo_a_close()
    {
        StateWord judged = Word(Deadline, ConnectionState.TcpEstablished);
        ulong closed = Word(Deadline - 100, ConnectionState.TcpClose).Value;
        EntryHead head = new() { State = closed };
        Assert.False(EntryHead.TryMove(&head, judged, Word(Deadline + 10, ConnectionState.TcpEstablished)));
        Assert.Equal(closed, head.State);
    }

    private static StateWord Word(uint deadline, ConnectionState state) => new(deadline, state, 0, EntryFlags.Confirmed);
}
