using Xunit;
using static Dataplane.Conntrack.Interleaving.Tests.Steps;

namespace Dataplane.Conntrack.Interleaving.Tests;

/// <summary>The judge: what it must accept, and what it must not.</summary>
public sealed class LinearizabilityTests
{
    [Fact]
    public void Operations_one_after_the_other_have_the_answers_of_a_map()
    {
        Scenario scenario = InsertAndTwoLookups();
        Assert.True(Explains(scenario, 0b10, [(Ending.Inserted, 1)], [(Ending.FoundReply, 1), (Ending.FoundOriginal, 1)], seen1: [1, 1]));
        Assert.True(Explains(scenario, 0b10, [(Ending.Inserted, 1)], [(Ending.None, 0), (Ending.None, 0)], seen0: [2]));
    }

    [Fact]
    public void A_lookup_that_began_after_the_insertion_must_find()
    {
        Scenario scenario = InsertAndTwoLookups();
        Assert.False(Explains(scenario, 0b10, [(Ending.Inserted, 1)], [(Ending.None, 0), (Ending.FoundOriginal, 1)], seen1: [1, 1]));
        Assert.False(Explains(scenario, 0b10, [(Ending.Inserted, 1)], [(Ending.FoundReply, 1), (Ending.None, 0)], seen1: [0, 1]));
    }

    [Fact]
    public void A_lookup_that_was_over_before_the_insertion_must_not_find() => Assert.False(
        Explains(InsertAndTwoLookups(), 0b10, [(Ending.Inserted, 1)], [(Ending.FoundReply, 1), (Ending.None, 0)], seen0: [1]));

    [Fact]
    public void While_an_insertion_runs_the_reply_may_be_found_before_the_original() => Assert.True(
        Explains(InsertAndTwoLookups(), 0b10, [(Ending.Inserted, 1)], [(Ending.FoundReply, 1), (Ending.None, 0)]));

    [Fact]
    public void While_an_insertion_runs_a_lookup_may_find_and_the_next_not_but_not_once_it_is_over()
    {
        Scenario scenario = new("");
        (byte a, byte b) = (scenario.Tuple(0), scenario.Tuple(0));
        scenario.Do([Insert(scenario.Connection(a, b))], [Find(a), Find(a)]);
        Assert.True(Explains(scenario, 0b10, [(Ending.Inserted, 1)], [(Ending.FoundOriginal, 1), (Ending.None, 0)]));
        Assert.False(Explains(scenario, 0b10, [(Ending.Inserted, 1)], [(Ending.FoundOriginal, 1), (Ending.None, 0)], seen1: [0, 1]));
    }

    [Fact]
    public void The_original_is_never_found_before_the_reply()
    {
        Scenario scenario = new("");
        (byte a, byte b) = (scenario.Tuple(0), scenario.Tuple(0));
        scenario.Do([Insert(scenario.Connection(a, b))], [Find(a), Find(b)]);
        Assert.False(Explains(scenario, 0b10, [(Ending.Inserted, 1)], [(Ending.FoundOriginal, 1), (Ending.None, 0)]));
    }

    [Fact]
    public void What_is_left_must_be_what_the_operations_left() =>
        Assert.False(Explains(InsertAndTwoLookups(), 0, [(Ending.Inserted, 1)], [(Ending.None, 0), (Ending.None, 0)]));

    [Fact]
    public void Of_two_insertions_of_one_original_tuple_the_loser_names_the_winner()
    {
        Scenario scenario = new("");
        (byte original, byte mine, byte yours) = (scenario.Tuple(0), scenario.Tuple(0), scenario.Tuple(0));
        scenario.Do([Insert(scenario.Connection(original, mine))], [Insert(scenario.Connection(original, yours))]);
        Assert.True(Explains(scenario, 0b10, [(Ending.Inserted, 1)], [(Ending.OriginalExists, 1)]));
        Assert.True(Explains(scenario, 0b100, [(Ending.OriginalExists, 2)], [(Ending.Inserted, 2)]));
        Assert.False(Explains(scenario, 0b110, [(Ending.Inserted, 1)], [(Ending.Inserted, 2)]));
        Assert.False(Explains(scenario, 0b10, [(Ending.Inserted, 1)], [(Ending.ReplyExists, 1)]));
        Assert.False(Explains(scenario, 0, [(Ending.OriginalExists, 2)], [(Ending.OriginalExists, 1)]));
    }

    [Fact]
    public void A_removal_loses_only_if_something_else_changed_the_entry_meanwhile()
    {
        Scenario scenario = new("");
        (byte a, byte b) = (scenario.Tuple(0), scenario.Tuple(0));
        scenario.Existing(a, b);
        scenario.Do([Remove(a)], [Refresh(b)]);
        Assert.True(Explains(scenario, 0b10, [(Ending.Lost, 1)], [(Ending.Done, 1)], assured: 0b10));
        Assert.True(Explains(scenario, 0, [(Ending.Done, 1)], [(Ending.Lost, 1)]));
        Assert.True(Explains(scenario, 0, [(Ending.Done, 1)], [(Ending.Done, 1)]));
        Assert.False(Explains(scenario, 0b10, [(Ending.Lost, 1)], [(Ending.Lost, 1)]));
        Assert.False(Explains(scenario, 0b10, [(Ending.Lost, 1)], [(Ending.Done, 1)], seen0: [1], assured: 0b10));
    }

    [Fact]
    public void An_eviction_after_a_packet_has_assured_the_entry_spares_it()
    {
        Scenario scenario = new("");
        (byte a, byte b) = (scenario.Tuple(0), scenario.Tuple(0));
        byte victim = scenario.Existing(a, b);
        scenario.Do([Refresh(a)], [Evict(victim)]);
        Assert.True(Explains(scenario, 0b10, [(Ending.Done, 1)], [(Ending.Spared, 1)], seen1: [1], assured: 0b10));
        Assert.False(Explains(scenario, 0, [(Ending.Done, 1)], [(Ending.Done, 1)]));
        Assert.True(Explains(scenario, 0, [(Ending.None, 0)], [(Ending.Done, 1)]));
    }

    [Fact]
    public void An_insertion_removes_an_expired_connection_and_a_lookup_does_not_find_it()
    {
        Scenario scenario = new("");
        (byte a, byte b, byte c) = (scenario.Tuple(0), scenario.Tuple(0), scenario.Tuple(0));
        byte expired = scenario.Existing(a, b, isExpired: true);
        scenario.Do([Insert(scenario.Connection(a, c))], [Find(b), Expire(expired)]);
        Assert.True(Explains(scenario, 0b100, [(Ending.Inserted, 2)], [(Ending.None, 0), (Ending.Lost, 1)]));
        Assert.True(Explains(scenario, 0b100, [(Ending.Inserted, 2)], [(Ending.None, 0), (Ending.Done, 1)]));
        Assert.False(Explains(scenario, 0b100, [(Ending.Inserted, 2)], [(Ending.FoundReply, 1), (Ending.Done, 1)]));
        Assert.False(Explains(scenario, 0b110, [(Ending.Inserted, 2)], [(Ending.None, 0), (Ending.Lost, 1)]));
    }

    [Fact]
    public void A_FIN_does_not_undo_a_reset()
    {
        Scenario scenario = OneConnection(out byte a, out byte b, out _);
        scenario.Do([Fin(a)], [Reset(b)]);
        (Ending, byte)[] forwarded = [(Ending.Forwarded, 1)];
        Assert.True(Explains(scenario, 0b10, forwarded, forwarded, closed: 0b10));
        Assert.False(Explains(scenario, 0b10, forwarded, forwarded, closing: 0b10));
        Assert.False(Explains(scenario, 0b10, forwarded, forwarded));
    }

    [Fact]
    public void A_segment_that_would_move_the_state_is_lost_only_to_a_removal()
    {
        Scenario scenario = OneConnection(out byte a, out byte b, out _);
        scenario.Do([Fin(a)], [Remove(b)]);
        Assert.True(Explains(scenario, 0, [(Ending.Lost, 1)], [(Ending.Done, 1)]));
        Assert.True(Explains(scenario, 0, [(Ending.Forwarded, 1)], [(Ending.Done, 1)]));
        Assert.True(Explains(scenario, 0b10, [(Ending.Forwarded, 1)], [(Ending.Lost, 1)], closing: 0b10));
        Assert.False(Explains(scenario, 0b10, [(Ending.Lost, 1)], [(Ending.Lost, 1)]));
        Assert.False(Explains(scenario, 0, [(Ending.Forwarded, 1)], [(Ending.Done, 1)], seen0: [1]));
        Assert.False(Explains(scenario, 0b10, [(Ending.Refused, 1)], [(Ending.Lost, 1)]));
    }

    [Fact]
    public void Of_two_SYNs_that_reopen_a_connection_one_removes_it()
    {
        Scenario scenario = new("");
        (byte a, byte b) = (scenario.Tuple(0), scenario.Tuple(0));
        scenario.Existing(a, b, isClosed: true);
        scenario.Do([Reopen(a)], [Reopen(a)]);
        Assert.True(Explains(scenario, 0, [(Ending.Done, 1)], [(Ending.Lost, 1)]));
        Assert.True(Explains(scenario, 0, [(Ending.None, 0)], [(Ending.Done, 1)]));
        Assert.False(Explains(scenario, 0, [(Ending.Done, 1)], [(Ending.Done, 1)]));
        Assert.False(Explains(scenario, 0b10, [(Ending.Lost, 1)], [(Ending.Lost, 1)], closed: 0b10));
    }

    [Fact]
    public void A_label_that_is_there_throughout_is_copied()
    {
        Scenario scenario = OneConnection(out byte a, out byte b, out byte connection);
        scenario.Do([Label(a), Remove(b)], [DumpLabel(connection)]);
        (Ending, byte)[] removed = [(Ending.Done, 1), (Ending.Done, 1)];
        Assert.True(Explains(scenario, 0, removed, [(Ending.Done, 1)], seen1: [1]));
        Assert.True(Explains(scenario, 0, removed, [(Ending.Unlabelled, 1)], seen1: [1]));
        Assert.True(Explains(scenario, 0, removed, [(Ending.None, 0)], seen1: [1]));
        Assert.False(Explains(scenario, 0, removed, [(Ending.Unlabelled, 1)], seen0: [0, 1], seen1: [1]));
        Assert.False(Explains(scenario, 0, removed, [(Ending.Done, 1)], seen0: [1, 1]));
        Assert.False(Explains(scenario, 0, removed, [(Ending.Torn, 1)], seen1: [1]));
    }

    private static Scenario OneConnection(out byte original, out byte reply, out byte connection)
    {
        Scenario scenario = new("");
        original = scenario.Tuple(0);
        reply = scenario.Tuple(0);
        connection = scenario.Existing(original, reply);
        return scenario;
    }

    private static Scenario InsertAndTwoLookups()
    {
        Scenario scenario = new("");
        (byte a, byte b) = (scenario.Tuple(0), scenario.Tuple(0));
        return scenario.Do([Insert(scenario.Connection(a, b))], [Find(b), Find(a)]);
    }

    private static bool Explains(
        Scenario scenario, ushort live, (Ending Ending, byte Connection)[] answers0, (Ending Ending, byte Connection)[] answers1,
        int[]? seen0 = null, int[]? seen1 = null, ushort assured = 0, ushort closing = 0, ushort closed = 0)
    {
        History history = new() { Live = live, Assured = assured, Closing = closing, Closed = closed };
        Fill(ref history, 0, answers0, seen0);
        Fill(ref history, 1, answers1, seen1);
        return new Linearizability(scenario).Explains(history);
    }

    private static void Fill(ref History history, int worker, (Ending Ending, byte Connection)[] answers, int[]? seen)
    {
        for (int operation = 0; operation < answers.Length; operation++)
        {
            history.Begin(worker, operation, seen is null ? 0 : seen[operation]);
            history.End(worker, operation, new Answer(answers[operation].Ending, answers[operation].Connection));
        }
    }
}
