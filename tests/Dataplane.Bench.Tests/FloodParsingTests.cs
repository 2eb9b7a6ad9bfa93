using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Dataplane.Bench.Trafgen;
using Dataplane.Lab;
using Xunit;

namespace Dataplane.Bench.Tests;

/// <summary>What the floods read from the kernel, from iperf3 and from trafgen.</summary>
public sealed class FloodParsingTests
{
    private const string Statistics = """
        entries  clashres found new invalid early_drop
        00000010  00000000 00000001 00000000 0000000a 000000ff
        00000010  00000001 00000000 00000000 00000001 00000001

        """;

    private const string Report = """
        { "start": {}, "intervals": [
            { "sum": { "start": 0, "end": 0.5, "bits_per_second": 200e6, "retransmits": 0 } },
            { "sum": { "start": 0.5, "end": 1, "bits_per_second": 100e6, "retransmits": 3 } },
            { "sum": { "start": 1, "end": 1.5, "bits_per_second": 300e6, "retransmits": 1 } } ] }
        """;

    [Fact]
    public void Counters_of_all_processors_are_added_and_the_entries_are_not()
    {
        IReadOnlyDictionary<string, long> counters = ConntrackStatistics.Parse(Statistics);
        Assert.Equal(16, counters["entries"]);
        Assert.Equal(11, counters["invalid"]);
        Assert.Equal(256, counters["early_drop"]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("entries found\n")]
    [InlineData("entries found\n00000001\n")]
    [InlineData("entries found\n00000001 xyz\n")]
    public void What_is_no_table_of_counters_is_refused(string text) =>
        Assert.Throws<LabException>(() => ConntrackStatistics.Parse(text));

    [Fact]
    public void Intervals_belong_to_the_span_in_which_their_middle_lies()
    {
        IReadOnlyList<IperfInterval> intervals = IperfStream.Parse(Report);
        Assert.Equal(new IperfPhase(200, 200, 0), Between(0, 0.6));
        Assert.Equal(new IperfPhase(200, 100, 4), Between(0.6, 9));
        Assert.Equal(new IperfPhase(0, 0, 0), Between(2, 9));

        IperfPhase Between(double from, double to) =>
            IperfStream.Between(intervals, TimeSpan.FromSeconds(from), TimeSpan.FromSeconds(to));
    }

    [Theory]
    [InlineData("iperf3: error - unable to connect to server")]
    [InlineData("""{ "error": "unable to connect" }""")]
    [InlineData("""{ "intervals": [] }""")]
    [InlineData("""{ "intervals": [ { "sum": { "start": 0, "end": 1 } } ] }""")]
    public void A_report_without_intervals_is_refused_with_what_it_says(string text) =>
        Assert.Contains(text, Assert.Throws<LabException>(() => IperfStream.Parse(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void Trafgen_says_how_much_it_sent()
    {
        const string Sent = "Running! Hang up with ^C!\n\n     1000000 packets outgoing\n    54000000 bytes outgoing\n";
        const string Time = "           5 sec, 31250 usec on CPU0 (1000000 packets)\n";
        Assert.Equal((1_000_000, 5.03125), FloodSource.SentIn(Sent + Time));
        Assert.Throws<LabException>(() => FloodSource.SentIn(Sent));
        Assert.Throws<LabException>(() => FloodSource.SentIn("Flushing TX_RING failed!\n"));
    }

    [Fact]
    public void Threads_ready_to_run_stand_before_the_stroke()
    {
        Assert.Equal(2, MachineLoad.ReadyIn("0.42 0.30 0.11 2/306 4711\n"));
        Assert.Throws<LabException>(() => MachineLoad.ReadyIn("0.42 0.30 0.11\n"));
    }

    [Fact]
    public void Every_flood_has_its_configuration() => Assert.Equal(
        Flood.All.Select(flood => flood.Name + ".cfg").Order(),
        Directory.EnumerateFiles(Path.Combine(RepositoryPaths.Root, "perf", "trafgen"), "*.cfg").Select(Path.GetFileName).Order());

    [Fact]
    public void A_program_that_is_not_installed_is_named_with_its_package()
    {
        Assert.Null(Programs.Missing("ip", "tc"));
        Assert.Equal("no-such-program is not installed (Debian: no-such-program)", Programs.Missing("ip", "no-such-program"));
    }
}
