using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using Dataplane.Bench.Trafgen;
using Xunit;

namespace Dataplane.Bench.Tests;

/// <summary>Rates of opening, and how the results of floods are written.</summary>
public sealed class FloodResultTests
{
    private const int EntriesMax = 10_000;

    private static readonly FloodSettings s_settings = new()
    {
        Configurations = "/nowhere",
        Output = "/nowhere",
        Peers = FloodedPeer.All,
        Floods = [Flood.All[0]],
        Seconds = 5,
        PacketsPerSecond = 200_000,
        EntriesMax = EntriesMax,
        WorkerCpu = 1,
        ControlCpu = 0,
    };

    [Fact]
    public void Connections_open_at_one_rate_with_room_and_at_another_in_a_full_table()
    {
        OpeningRates rates = OpeningRates.Of(
            [Sample(0, 100, 100), Sample(0.5, 100, 100), Sample(1, 5000, 5000), Sample(1.5, 10_000, 10_100), Sample(2.5, 10_000, 11_100)],
            EntriesMax);
        Assert.Equal(new OpeningRates(11_000, 1, 10_000, 1000), rates);
    }

    [Fact]
    public void A_table_that_does_not_fill_has_one_rate() =>
        Assert.Equal(new OpeningRates(900, null, 450, null), OpeningRates.Of([Sample(0, 100, 100), Sample(2, 1000, 1000)], EntriesMax));

    [Fact]
    public void A_flood_that_opens_nothing_has_no_rate() =>
        Assert.Equal(new OpeningRates(0, null, 0, null), OpeningRates.Of([Sample(0, 100, 100), Sample(2, 100, 100)], EntriesMax));

    [Fact]
    public void Reasons_that_did_not_occur_are_left_out()
    {
        RouterReading before = new(0, default, 0, new Dictionary<string, long> { ["table_full"] = 5, ["tcp_not_syn"] = 7 });
        RouterReading after = new(9, default, 0, new Dictionary<string, long> { ["table_full"] = 5, ["tcp_not_syn"] = 9, ["no_route"] = 1 });
        Assert.Equal(new Dictionary<string, long> { ["tcp_not_syn"] = 2, ["no_route"] = 1 }, after.DropsSince(before));
    }

    [Fact]
    public void The_report_has_a_column_for_each_router_and_says_what_failed()
    {
        string page = new FloodReport(s_settings, Outcomes()).ToMarkdown();
        Assert.Contains("| SYN flood | this router | Linux netfilter |\n|---|---|---|\n", page, StringComparison.Ordinal);
        Assert.Contains("| segments sent | 1,000,000, 200,000/s | – |\n", page, StringComparison.Ordinal);
        Assert.Contains("| taken by the router | 900,000, 90.0 % | – |\n", page, StringComparison.Ordinal);
        Assert.Contains("| … a second of those offered, while there was room | 20,000 of 200,000, full after 0.50 s | – |\n", page, StringComparison.Ordinal);
        Assert.Contains("| … a second of those offered, once the table was full | 0 of 200,000 | – |\n", page, StringComparison.Ordinal);
        Assert.Contains("| packets dropped | table_full 890,000, no_route 1 | – |\n", page, StringComparison.Ordinal);
        Assert.Contains("| iperf3, Mbit/s before / during / after | 200 / 150 / 199 | – |\n", page, StringComparison.Ordinal);
        Assert.Contains("| idle connections that answered after it | 98 of 100 | – |\n", page, StringComparison.Ordinal);
        Assert.EndsWith("* Linux netfilter, SYN flood: skipped: no nft here\n", page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(200_000, "\n200,000 segments a second for 5 s against")]
    [InlineData(0, "\nSegments as fast as trafgen sends them for 5 s against")]
    public void The_report_says_how_fast_the_flood_was_to_be(int packetsPerSecond, string sentence) => Assert.Contains(
        sentence,
        new FloodReport(s_settings with { PacketsPerSecond = packetsPerSecond }, Outcomes()).ToMarkdown(),
        StringComparison.Ordinal);

    [Fact]
    public void Columns_of_the_terminal_begin_at_the_same_place()
    {
        string[] lines = new FloodReport(s_settings, Outcomes()).ToText().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        int column = lines[0].IndexOf("this router", StringComparison.Ordinal);
        Assert.All(lines, line => Assert.Equal("  ", line[(column - 2)..column]));
        Assert.All(lines, line => Assert.NotEqual(' ', line[column]));
    }

    [Fact]
    public void The_figures_can_be_read_by_programs()
    {
        using JsonDocument document = JsonDocument.Parse(new FloodReport(s_settings, Outcomes()).ToJson());
        JsonElement[] results = [.. document.RootElement.GetProperty("results").EnumerateArray()];
        Assert.Equal(890_000, results[0].GetProperty("result").GetProperty("drops").GetProperty("table_full").GetInt64());
        Assert.Equal(98, results[0].GetProperty("result").GetProperty("idle_answered").GetInt32());
        Assert.Equal("netfilter", results[1].GetProperty("peer").GetString());
        Assert.True(results[1].GetProperty("skipped").GetBoolean());
    }

    private static TableSample Sample(double seconds, long entries, long opened) => new(seconds, new TableState(entries, opened));

    private static IReadOnlyList<FloodOutcome> Outcomes() =>
    [
        new(FloodedPeer.All[0], Flood.All[0], Result(), null, IsSkipped: false),
        new(FloodedPeer.All[1], Flood.All[0], null, "no nft\nhere", IsSkipped: true),
    ];

    private static FloodResult Result() => new()
    {
        OthersReady = 0.1,
        Seconds = 5,
        Sent = 1_000_000,
        Taken = 900_000,
        Opening = new OpeningRates(9_900, 0.5, 20_000, 0),
        Entries = 10_000,
        Evicted = 0,
        Drops = new Dictionary<string, long> { ["no_route"] = 1, ["table_full"] = 890_000 },
        IperfBefore = new IperfPhase(200, 199, 0),
        IperfDuring = new IperfPhase(150, 20, 12),
        IperfAfter = new IperfPhase(199, 198, 0),
        IdleAnswered = 98,
        HonestOpened = 0,
    };
}
