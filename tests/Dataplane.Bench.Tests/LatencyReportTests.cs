using System;
using System.Collections.Generic;
using System.IO;
using Dataplane.Bench.Compare;
using Dataplane.Bench.Latency;
using Xunit;

namespace Dataplane.Bench.Tests;

/// <summary>What is made of measured latencies, from fixed figures.</summary>
public sealed class LatencyReportTests
{
    private static readonly Peer s_own = Peer.Find(Peer.Own)!;
    private static readonly Peer s_reference = Peer.Find(Peer.Reference)!;

    [Fact]
    public void Percentiles_are_medians_of_each_load_and_losses_the_most()
    {
        LatencyResult result = new(
            s_own,
            [
                Figure(0.9, 400) with { Missed = 3, Lost = 1, Managed = new ManagedUse(1, 8, 0) },
                Figure(0.5, 40),
                Figure(0.9, 100) with { Lost = 7, Managed = new ManagedUse(0, 16, 2) },
                Figure(0.9, 200),
            ],
            null, false);
        Assert.Equal(
            [Figure(0.5, 40), Figure(0.9, 200) with { MaxNs = 8000, Missed = 3, Lost = 7, Managed = new ManagedUse(1, 16, 2) }],
            result.Summary);
    }

    [Fact]
    public void An_absence_in_one_repeat_of_five_is_not_hidden_by_the_others()
    {
        const long absenceNs = 20_000_000;
        LatencyFigure quiet = Figure(0.5, 40);
        LatencyResult result = new(
            s_own, [quiet, quiet, quiet with { MaxNs = absenceNs + 5, PollGapNs = absenceNs, P999Ns = absenceNs }, quiet, quiet], null, false);
        Assert.Equal([quiet with { MaxNs = absenceNs + 5, PollGapNs = absenceNs }], result.Summary);
        string page = LatencyReport.Markdown(Record() with { Results = [result] }, "A machine", null);
        Assert.Contains("| 0.4 | 20000 | 20000 | 0 | 0 |", page, StringComparison.Ordinal);
        Assert.Contains("are the largest of any repeat.", page, StringComparison.Ordinal);
    }

    [Fact]
    public void The_page_has_a_row_for_each_load_and_the_reason_for_what_is_missing()
    {
        string page = LatencyReport.Markdown(Record(), "A machine", null);
        Assert.Contains(
            "| this router | 50 % | 5.00 | <0.1 | 0.1 | 0.4 | 0.8 | 250 | 0 | 0 | 99 % |\n| this router | 90 % | 9.00 ", page,
            StringComparison.Ordinal);
        Assert.Contains("Open vSwitch, one pass: failed: ended with 1: boom", page, StringComparison.Ordinal);
        Assert.Contains("at most 40.0 µs (in the median repeat 30.0, in the best 20.0)", page, StringComparison.Ordinal);
        Assert.Contains("2 garbage collections, 8 bytes allocated by the worker, 64 by the process", page, StringComparison.Ordinal);
        Assert.Contains("](latency.svg)", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_chart_the_page_says_why()
    {
        string page = LatencyReport.Markdown(Record(), "A machine", "gnuplot is not installed");
        Assert.Contains("No chart: gnuplot is not installed.", page, StringComparison.Ordinal);
        Assert.DoesNotContain(".svg", page, StringComparison.Ordinal);
    }

    [Fact]
    public void The_chart_draws_what_was_measured_in_microseconds()
    {
        string script = LatencyChart.Script(Record())!;
        Assert.Contains("$data0 << END\n5.0000 0.040 0.400\n9.0000 0.200 2.000\nEND\n", script, StringComparison.Ordinal);
        Assert.Contains("this router, 99.9 %", script, StringComparison.Ordinal);
        Assert.DoesNotContain("Open vSwitch", script, StringComparison.Ordinal);
    }

    [Fact]
    public void Where_nothing_was_measured_nothing_is_drawn()
    {
        LatencyRecord record = Record();
        Assert.Null(LatencyChart.Script(record with { Results = [record.Results[1]] }));
    }

    [Fact]
    public void A_process_that_is_no_router_has_no_control_socket()
    {
        PeerException error = Assert.Throws<PeerException>(() => ManagedMemory.Of(Environment.ProcessId));
        Assert.Contains("not started with a configuration file", error.Message, StringComparison.Ordinal);
        Assert.Throws<PeerException>(() => ManagedMemory.Of(int.MaxValue));
    }

    private static LatencyRecord Record()
    {
        IReadOnlyList<LatencyFigure> figures = [Figure(0.9, 200), Figure(0.5, 40) with { Managed = new ManagedUse(2, 64, 8) }];
        return new LatencyRecord(
            Settings(), new DateTime(2030, 4, 5, 6, 7, 8, DateTimeKind.Utc),
            [new LatencyResult(s_own, figures, null, false), new LatencyResult(s_reference, [], "ended with 1: boom", false)],
            [20_000, 40_000, 30_000]);
    }

    /// <summary>A figure whose times are multiples of the median.</summary>
    private static LatencyFigure Figure(double load, long medianNs) => new(
        load, load * 10, load * 10, medianNs, 3 * medianNs, 10 * medianNs, 20 * medianNs, 250_000, 0, 0, 1000, 0.99);

    private static LatencySettings Settings()
    {
        Traffic traffic = new("latency-udp", TrafficKind.Established, "udp", 65536);
        return new LatencySettings(
            new CompareSettings
            {
                Root = "/", Router = "/router", Generator = "/generator", Feed = "/feed", Output = Path.GetTempPath(),
                Peers = [s_own, s_reference], Traffic = [traffic], Repeats = 3, Seconds = 1, WorkerCpu = 1, ControlCpu = 0,
            },
            traffic);
    }
}
