using System;
using Dataplane.Packet;
using Xunit;
using Xunit.Abstractions;

namespace Dataplane.Conntrack.Tests;

/// <summary>The checkers of <see cref="ConcurrencyTests"/> find each variant of the table that is known to be wrong, and name its fault.</summary>
[Collection(nameof(ConcurrencyCollection))]
public sealed class PlantedVariantTests(ITestOutputHelper output)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    private static ConcurrencySetup Steadily => new() { Duration = s_patience, Steady = 64 };

    private static ConcurrencySetup Closing => new() { Duration = s_patience, Mortal = 8, EndsMortals = false, Timeout = 100_000 };

    private static ConcurrencySetup Moving => new() { Duration = s_patience, Steady = 500, BucketCounts = [4096, 8192] };

    private static ConcurrencySetup Racing => new() { Duration = s_patience, Steady = 4, Racing = 4, RacingShare = 95 };

    [Fact]
    public void Publishing_before_the_entry_is_built_is_caught() =>
        AssertCaught(new PlantedPublishBeforeBuild<Ipv4Tuple, Ipv4Family>(), Steadily, BreachKind.Unbuilt);

    [Fact]
    public void Reuse_without_a_grace_period_is_caught() =>

        // An entry that is being built anew under a reader looks unbuilt at first.
        AssertCaught(new PlantedHastyReclaim<Ipv4Tuple, Ipv4Family>(), Steadily, BreachKind.Reused, BreachKind.Unbuilt);

    [Fact]
    public void Unlocking_between_the_two_places_of_an_insertion_is_caught() =>
        AssertCaught(new PlantedUnlockBetween<Ipv4Tuple, Ipv4Family>(), Racing, BreachKind.Twice);

    [Fact]
    public void Adopting_a_connection_that_has_only_the_reply_tuple_in_common_is_caught() =>
        AssertCaught(new PlantedAdoptionByReply<Ipv4Tuple, Ipv4Family>(), Racing, BreachKind.WrongWinner);

    [Fact]
    public void A_late_deadline_write_that_undoes_a_close_is_caught() =>
        AssertCaught(new PlantedLateDeadline<Ipv4Tuple, Ipv4Family>(), Closing, BreachKind.CloseUndone);

    [Fact]
    public void A_move_that_clears_before_it_fills_is_caught() =>
        AssertCaught(new PlantedClearBeforeFill<Ipv4Tuple, Ipv4Family>(), Moving, BreachKind.Lost);

    /// <summary>So what was caught is the plant and not the place it stood in.</summary>
    [Fact]
    public void The_table_itself_is_not_caught_where_its_variants_are()
    {
        foreach (ConcurrencySetup setup in new[] { Steadily, Racing, Closing, Moving })
        {
            using var run = new ConcurrencyRun<Ipv4Tuple, Ipv4Family>(setup with { Duration = TimeSpan.FromSeconds(1) });
            run.Execute();
            output.WriteLine($"seed {run.Seed}, {run.Tally}");
            ConcurrencyAudit<Ipv4Tuple, Ipv4Family>.Check(run);
        }
    }

    private void AssertCaught(ConcurrencyOperations<Ipv4Tuple, Ipv4Family> planted, ConcurrencySetup setup, params BreachKind[] kinds)
    {
        using var run = new ConcurrencyRun<Ipv4Tuple, Ipv4Family>(setup, planted);
        Exception? failure = Record.Exception(run.Execute);
        output.WriteLine($"{failure?.InnerException?.Message ?? "nothing"}; {run.Tally}");
        BreachException breach = Assert.IsType<BreachException>(failure?.InnerException);
        Assert.Contains(breach.Kind, kinds);
    }
}
