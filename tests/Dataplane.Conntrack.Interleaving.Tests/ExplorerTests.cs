using System;
using Xunit;

namespace Dataplane.Conntrack.Interleaving.Tests;

/// <summary>The exploration itself: complete, repeatable, and able to see what goes wrong in a run.</summary>
public sealed class ExplorerTests
{
    [Fact]
    public void The_enumeration_has_as_many_schedules_as_there_are()
    {
        // A miss takes four steps (view, tags, overflow count, view), three of them with a step between two 14. A worker can be
        // interrupted before each: with c preemptions there are C(n, c - c/2) C(n, c/2) schedules for either worker to begin.
        const long steps = 3 * 4 + 2;
        const long once = steps;
        const long twice = steps * steps;
        const long thrice = steps * (steps - 1) / 2 * steps;
        using Explorer explorer = new(Misses(), new TableOperations());
        explorer.Enumerate();
        Assert.Equal(2 * steps, explorer.StepsMost);
        Assert.Equal(2 * (1 + once + twice + thrice), explorer.Schedules);
        Assert.Null(explorer.Violation);
    }

    [Fact]
    public void A_sample_is_of_other_schedules_than_the_enumeration_and_of_as_many_as_asked()
    {
        using Explorer explorer = new(Misses(), new TableOperations());
        explorer.Enumerate();
        explorer.Sample(explorer.Enumerated + 1000, seed: 1);
        Assert.Equal(explorer.Enumerated + 1000, explorer.Schedules);
    }

    [Theory]
    [InlineData("0@")]
    [InlineData("1@")]
    [InlineData("1@3,4,9,15,27")]
    public void A_schedule_is_written_and_read_back_and_runs_the_same_each_time(string text)
    {
        Schedule schedule = Schedule.Parse(text);
        Assert.Equal(text, schedule.ToString());
        using Explorer explorer = new(TableScenarios.SameConnection(), new TableOperations());
        Assert.Null(explorer.Run(schedule));
        History first = explorer.Last;
        Assert.Null(explorer.Run(schedule));
        Assert.Equal(first, explorer.Last);
    }

    [Fact]
    public void The_worker_that_begins_is_over_before_the_other_begins_unless_it_is_interrupted()
    {
        using Explorer explorer = new(TableScenarios.SameConnection(), new TableOperations());
        explorer.Run(Schedule.Parse("0@"));
        Assert.Equal([0, 3], [explorer.Last.Seen(0, 2), explorer.Last.Seen(1, 0)]);
        explorer.Run(Schedule.Parse("1@"));
        Assert.Equal([3, 0], [explorer.Last.Seen(0, 0), explorer.Last.Seen(1, 2)]);
        explorer.Run(Schedule.Parse("1@2"));
        Assert.Equal([0, 0, 3], [explorer.Last.Seen(0, 0), explorer.Last.Seen(1, 0), explorer.Last.Seen(1, 1)]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("2@1")]
    [InlineData("0@1,1")]
    [InlineData("0@4,3")]
    [InlineData("0@0")]
    [InlineData("0@x")]
    [InlineData("0@1@2")]
    public void What_is_no_schedule_is_refused(string text) => Assert.Throws<FormatException>(() => Schedule.Parse(text));

    [Fact]
    public void A_worker_that_does_not_end_is_a_violation()
    {
        using Explorer explorer = new(Misses(), new EndlessLookup());
        Assert.Contains("no end", explorer.Run(Schedule.Parse("0@5"))?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_exception_in_a_worker_is_a_violation()
    {
        using Explorer explorer = new(Misses(), new ThrowingLookup());
        Assert.Contains("thrown by a lookup", explorer.Run(Schedule.Parse("1@3"))?.Message, StringComparison.Ordinal);
        Assert.Contains("worker 1", explorer.Run(Schedule.Parse("1@3"))?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_lock_that_nobody_gives_back_is_a_deadlock()
    {
        using Explorer explorer = new(TableScenarios.SameBucket(), new LeakedLock());
        Assert.Contains("deadlock", explorer.Run(Schedule.Parse("0@"))?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_lock_that_is_held_at_the_end_is_seen()
    {
        using Explorer explorer = new(Misses(), new LeakedLock());
        Assert.Equal("lock 0 is held", explorer.Run(Schedule.Parse("0@"))?.Message);
    }

    private static Scenario Misses()
    {
        Scenario it = new("lookups in an empty table");
        byte a = it.Tuple(0);
        return it.Do([Steps.Find(a), Steps.Find(a), Steps.Find(a)], [Steps.Find(a), Steps.Find(a), Steps.Find(a)]);
    }
}
