using System;
using System.Collections.Generic;
using System.Linq;
using Dataplane.Bench.Trafgen;
using Xunit;

namespace Dataplane.Bench.Tests;

/// <summary>What becomes of a flood that met each router more than once, and on which processor netfilter works.</summary>
public sealed class FloodRepeatsTests
{
    private const int Repeats = 3;

    private static readonly FloodSettings s_settings = new()
    {
        Configurations = "/nowhere",
        Output = "/nowhere",
        Peers = FloodedPeer.All,
        Floods = [Flood.All[0]],
        Seconds = 5,
        Repeats = Repeats,
        PacketsPerSecond = 200_000,
        EntriesMax = 10_000,
        WorkerCpu = 1,
        ControlCpu = 0,
    };

    [Fact]
    public void A_figure_is_the_median_with_its_range()
    {
        FloodRepeats repeats = new([Result(900, 1), Result(700, null), Result(800, 2)]);
        Assert.Equal("800 (700–900)", repeats.Figure(result => result.Taken));
        Assert.Equal("1.50 (1.00–2.00) s, in 2 of 3", repeats.Optional(result => result.Opening.FillSeconds, "F2", " s"));
        Assert.Equal("–", repeats.Optional(_ => null));
        Assert.Equal("200 (200–200) / 150 (150–150) / 199 (199–199)", repeats.Phases(phase => phase.Megabits));
        Assert.Equal("table_full 200 (100–300), no_route 0 (0–1)", repeats.Drops());
    }

    [Fact]
    public void A_single_repeat_has_figures_alone()
    {
        FloodRepeats repeats = new([Result(900, 1)]);
        Assert.Equal("900", repeats.Figure(result => result.Taken));
        Assert.Equal("1.00 s", repeats.Optional(result => result.Opening.FillSeconds, "F2", " s"));
        Assert.Equal("200 / 150 / 199", repeats.Phases(phase => phase.Megabits));
        Assert.Equal("table_full 100, no_route 1", repeats.Drops());
    }

    [Fact]
    public void A_router_has_one_column_for_all_repeats_and_each_failure_a_line()
    {
        FloodOutcome[] outcomes =
        [
            Outcome(0, 1, Result(900, 1)),
            Outcome(1, 1, Result(500, 1)),
            Outcome(1, 2, null),
            Outcome(0, 2, Result(700, 1)),
            Outcome(0, 3, Result(800, 1)),
            Outcome(1, 3, Result(600, 1)),
        ];
        FloodReport report = new(s_settings, outcomes);
        string page = report.ToMarkdown();
        Assert.Contains("| SYN flood | this router | Linux netfilter |\n|---|---|---|\n", page, StringComparison.Ordinal);
        Assert.Contains(
            "| taken by the router | 800 (700–900), 80.0 (70.0–90.0) % | 550 (500–600), 55.0 (50.0–60.0) % |\n", page, StringComparison.Ordinal);
        Assert.Contains("Medians of 3 repeats, range in brackets.", page, StringComparison.Ordinal);
        Assert.EndsWith("* Linux netfilter, SYN flood, repeat 2: failed: boom\n", page, StringComparison.Ordinal);
        Assert.Contains("\"repeat\": 3", report.ToJson(), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_router_is_the_first_one_in_turn_and_none_is_left_out()
    {
        FloodedPeer[][] orders = [.. Enumerable.Range(1, FloodedPeer.All.Count).Select(repeat => Floods.Order(FloodedPeer.All, repeat).ToArray())];
        Assert.Equal(FloodedPeer.All, orders.Select(order => order[0]));
        Assert.All(orders, order => Assert.Equal(FloodedPeer.All.ToHashSet(), order.ToHashSet()));
        Assert.Equal(orders[0], Floods.Order(FloodedPeer.All, FloodedPeer.All.Count + 1));
    }

    [Theory]
    [InlineData(0, "1")]
    [InlineData(1, "2")]
    [InlineData(31, "80000000")]
    [InlineData(32, "1,00000000")]
    [InlineData(64, "1,00000000,00000000")]
    [InlineData(127, "80000000,00000000,00000000,00000000")]
    public void A_processor_is_steered_to_in_words_of_32(int cpu, string mask) => Assert.Equal(mask, FloodedNetfilter.SteeringMask(cpu));

    private static FloodOutcome Outcome(int peer, int repeat, FloodResult? result) =>
        new(FloodedPeer.All[peer], Flood.All[0], result, result is null ? "boom" : null, IsSkipped: false) { Repeat = repeat };

    /// <summary>Dropped is what was not taken; a missing route only where nine tenths were.</summary>
    private static FloodResult Result(long taken, double? fillSeconds)
    {
        Dictionary<string, long> drops = new() { ["table_full"] = 1000 - taken };
        if (taken == 900)
        {
            drops["no_route"] = 1;
        }

        return new FloodResult
        {
            OthersReady = 0.1,
            Seconds = 5,
            Sent = 1000,
            Taken = taken,
            Opening = new OpeningRates(500, fillSeconds, 100, fillSeconds is null ? null : 0),
            Entries = 10_000,
            Evicted = 0,
            Drops = drops,
            IperfBefore = new IperfPhase(200, 199, 0),
            IperfDuring = new IperfPhase(150, 20, 12),
            IperfAfter = new IperfPhase(199, 198, 0),
            IdleAnswered = 98,
            HonestOpened = 0,
        };
    }
}
