using System;
using System.Diagnostics;
using System.Linq;
using Xunit;
using Xunit.Abstractions;

namespace Dataplane.Conntrack.Interleaving.Tests;

/// <summary>The table under every schedule with few preemptions and many with more: at least a million in all.</summary>
public sealed class InterleavingTests(ITestOutputHelper output)
{
    private const long SchedulesInAll = 1_000_000;
    private const long SchedulesSampled = 10_000;
    private const int Seed = 20;

    private static readonly Func<Scenario>[] s_scenarios =
    [
        TableScenarios.SameConnection, TableScenarios.SameBucket, TableScenarios.CrossedLocks, TableScenarios.Overflow,
        TableScenarios.OverflowedStays, TableScenarios.OriginalClash, TableScenarios.ReplyClash, TableScenarios.Expiry,
        TableScenarios.RefreshAgainstRemoval, TableScenarios.RefreshAgainstEviction, TableScenarios.Reuse,
        TableScenarios.ReuseUnderBursts, TableScenarios.ReuseBesideSleeper, TableScenarios.OldReferences, TableScenarios.Listing,
        ResizeScenarios.GrowUnderLookups, ResizeScenarios.ShrinkByBoth, ResizeScenarios.ChangeDuringMove, ResizeScenarios.InsertAtBegin,
        ResizeScenarios.RemoveAtBegin, ResizeScenarios.EndUnderLookups, ResizeScenarios.AgainUnderLookups,
        ResizeScenarios.ClashDuringMove, ResizeScenarios.NoRoom,
        TrackingScenarios.ResetAgainstFin, TrackingScenarios.SegmentsAgainstRemoval, TrackingScenarios.BothReopen,
        TrackingScenarios.BothLabel, TrackingScenarios.LabelOfAnother, TrackingScenarios.LabelOfNext,
    ];

    public static TheoryData<string> Names => [.. s_scenarios.Select(scenario => scenario().Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_schedule_is_explained_by_a_map_and_leaves_a_sound_table(string name)
    {
        Scenario scenario = s_scenarios.Select(make => make()).Single(scenario => scenario.Name == name);
        Assert.All(scenario.Workers, operations => Assert.True(operations.Length >= 3, "a worker has fewer than three operations"));

        using Explorer explorer = new(scenario, new TableOperations());
        long share = SchedulesInAll / s_scenarios.Length + 1;
        var clock = Stopwatch.StartNew();
        explorer.Enumerate();
        explorer.Sample(Math.Max(share, explorer.Enumerated + SchedulesSampled), Seed);

        output.WriteLine(
            $"{explorer.Schedules} schedules, {explorer.Enumerated} of them all with {Explorer.PreemptionsMax} preemptions at most;"
            + $" {explorer.StepsMost} steps, {explorer.Histories} histories; {explorer.Schedules / clock.Elapsed.TotalSeconds:F0} a second");
        Assert.True(explorer.Violation == null, $"{explorer.Violation}");
        Assert.True(explorer.Schedules >= share, $"only {explorer.Schedules} schedules");
        Assert.True(explorer.Histories > 1, "the schedules made no difference");
    }
}
