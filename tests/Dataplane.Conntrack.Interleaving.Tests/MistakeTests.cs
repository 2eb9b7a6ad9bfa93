using System;
using Xunit;
using Xunit.Abstractions;

namespace Dataplane.Conntrack.Interleaving.Tests;

/// <summary>The exploration finds each known mistake, and says by which schedule.</summary>
public sealed class MistakeTests(ITestOutputHelper output)
{
    private const string Unexplained = "no order";

    [Fact]
    public void A_move_that_clears_before_it_fills_loses_a_live_connection_to_a_lookup() =>
        AssertFound(new MoveThatClearsFirst(), ResizeScenarios.GrowUnderLookups, Unexplained);

    [Fact]
    public void A_lookup_in_current_before_previous_misses_what_moves_meanwhile() =>
        AssertFound(new LookupInCurrentFirst(), ResizeScenarios.ShrinkByBoth, Unexplained);

    [Fact]
    public void A_lookup_that_does_not_look_at_the_view_again_misses_what_moved_on_from_it() =>
        AssertFound(new LookupWithoutSecondLook(), ResizeScenarios.GrowUnderLookups, Unexplained);

    [Fact]
    public void An_unlock_between_the_two_insertions_shows_a_connection_that_is_then_refused() =>
        AssertFound(new InsertTupleByTuple(), TableScenarios.OriginalClash, Unexplained);

    [Fact]
    public void An_adoption_on_an_equal_reply_tuple_is_no_answer_that_a_map_gives() =>
        AssertFound(new InsertThatAdoptsByReply(), TableScenarios.ReplyClash, Unexplained);

    [Fact]
    public void A_tag_published_before_its_reference_leads_a_lookup_to_another_connection() =>
        AssertFound(new InsertMistaken(InsertMistake.TagBeforeReference), TableScenarios.OldReferences, Unexplained);

    [Fact]
    public void A_view_read_before_the_locks_are_held_leaves_a_connection_in_the_emptied_array() =>
        AssertFound(new InsertMistaken(InsertMistake.ViewBeforeLocks), ResizeScenarios.InsertAtBegin, "was left in bucket");

    [Fact]
    public void Locks_taken_in_no_order_end_in_a_deadlock() =>
        AssertFound(new InsertMistaken(InsertMistake.LocksUnordered), TableScenarios.CrossedLocks, "deadlock");

    [Fact]
    public void An_entry_reused_without_a_grace_period_changes_in_a_readers_hand() =>
        AssertFound(new ReuseWithoutGrace(), TableScenarios.Reuse, Unexplained);

    [Fact]
    public void An_old_array_freed_without_a_grace_period_is_still_searched() =>
        AssertFound(new FreeWithoutGrace(), ResizeScenarios.EndUnderLookups, Unexplained);

    [Fact]
    public void A_late_write_of_the_deadline_brings_a_removed_connection_back() =>
        AssertFound(new RefreshRegardless(), TableScenarios.RefreshAgainstRemoval, "is live and stands in 0 places");

    [Fact]
    public void An_eviction_that_does_not_compare_takes_what_a_packet_has_just_assured() =>
        AssertFound(new EvictRegardless(), TableScenarios.RefreshAgainstEviction, Unexplained);

    [Fact]
    public void A_state_swapped_after_the_lock_is_given_back_fits_no_order_of_the_segments() =>
        AssertFound(new LockGivenBack(LockSpan.AllButSwap), TrackingScenarios.ResetAgainstFin, Unexplained);

    [Fact]
    public void A_segment_counted_after_the_lock_is_given_back_is_lost_to_the_counter() =>
        AssertFound(new LockGivenBack(LockSpan.AllButCount), TrackingScenarios.ResetAgainstFin, "were forwarded");

    [Fact]
    public void A_reopening_that_removes_what_it_was_not_judged_by_ends_the_new_connection() =>
        AssertFound(new ReopenWhatever(), TrackingScenarios.BothReopen, Unexplained);

    [Fact]
    public void A_label_copied_without_a_look_at_the_generation_is_another_connections() =>
        AssertFound(new CopySideUnasked(), TrackingScenarios.LabelOfAnother, Unexplained);

    /// <summary>The mistake is found; its schedule repeats it, and does the table as it is no harm.</summary>
    private void AssertFound(TableOperations mistake, Func<Scenario> scenario, string message)
    {
        Violation violation = Find(mistake, scenario());
        output.WriteLine($"{violation}");
        Assert.Contains(message, violation.Message, StringComparison.Ordinal);

        Schedule schedule = Schedule.Parse(violation.Schedule.ToString());
        Assert.Equal($"{violation}", $"{Run(schedule, mistake, scenario())}");
        Assert.Null(Run(schedule, new TableOperations(), scenario()));
    }

    private static Violation Find(TableOperations mistake, Scenario scenario)
    {
        using Explorer explorer = new(scenario, mistake);
        explorer.Enumerate();
        Assert.NotNull(explorer.Violation);
        return explorer.Violation;
    }

    private static Violation? Run(Schedule schedule, TableOperations operations, Scenario scenario)
    {
        using Explorer explorer = new(scenario, operations);
        return explorer.Run(schedule);
    }
}
