using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Dataplane.Bench.Compare;
using Xunit;

namespace Dataplane.Bench.Tests;

/// <summary>A sitting whose runs are made up: what is run, in which order, and what becomes of what cannot be.</summary>
public sealed class ComparisonTests : IDisposable
{
    private static readonly CompareRecord s_nothing = new("A machine", FixedRecord.Time, [], []);

    private readonly List<string> _runs = [];
    private readonly List<CompareRecord> _saved = [];
    private readonly StringWriter _progress = new();

    private TimeSpan _waited;

    /// <summary>The figure of a run; the default is a good one that has the number of the run, from 1, as its rate.</summary>
    private Func<Peer, Traffic, bool, PeerFigure> _figure;

    /// <summary>Bytes that are free.</summary>
    private Func<long> _free = () => long.MaxValue;

    public ComparisonTests() => _figure = (_, _, _) => Good();

    public void Dispose() => _progress.Dispose();

    [Fact]
    public void Programs_are_checked_once_for_each_protocol_then_each_is_the_first_in_turn()
    {
        Run(FixedSettings.Of("dataplane,netfilter,testpmd", "udp-1k,tcp-1k,udp-64k", repeats: 2));
        Assert.Equal(
            [
                "dataplane check-tcp", "netfilter check-tcp", "dataplane check-udp", "netfilter check-udp",
                "dataplane udp-1k", "netfilter udp-1k", "testpmd udp-1k", "netfilter udp-1k", "testpmd udp-1k", "dataplane udp-1k",
                "dataplane tcp-1k", "netfilter tcp-1k", "testpmd tcp-1k", "netfilter tcp-1k", "testpmd tcp-1k", "dataplane tcp-1k",
                "dataplane udp-64k", "netfilter udp-64k", "testpmd udp-64k", "netfilter udp-64k", "testpmd udp-64k", "dataplane udp-64k",
            ],
            _runs);
    }

    [Fact]
    public void Figures_are_those_of_the_runs_and_the_check_is_not_among_them()
    {
        CompareRecord record = Run(FixedSettings.Of("dataplane,testpmd", "udp-1k", repeats: 2));
        Assert.Equal([2, 5], Rates(record, "dataplane", "udp-1k"));
        Assert.Equal([3, 4], Rates(record, "testpmd", "udp-1k"));
        PeerResult check = Assert.Single(record.Checks);
        Assert.Equal(("dataplane", "check-udp", 1.0), (check.Peer.Name, check.Traffic.Name, Assert.Single(check.Figures).Rate));
        Assert.All(record.Results, result => Assert.Equal((null, false), (result.Problem, result.IsSkipped)));
    }

    [Fact]
    public void After_as_many_repeats_as_programs_the_first_is_first_again()
    {
        Run(FixedSettings.Of("dataplane,testpmd", "udp-1k", repeats: 3));
        Assert.Equal(["dataplane", "testpmd", "testpmd", "dataplane", "dataplane", "testpmd"], _runs.Skip(1).Select(run => run.Split(' ')[0]));
    }

    [Fact]
    public void A_check_is_brief_and_looks_at_packets_and_a_measurement_is_as_long_as_asked_for()
    {
        List<(double Seconds, bool Verify)> runs = [];
        CompareSettings settings = FixedSettings.Of("dataplane", "udp-1k", repeats: 1) with { Seconds = 7 };
        new Comparison(settings, _progress, _saved.Add)
        {
            Memory = new FreeMemory(() => null, _ => { }),
            Measure = (_, _, with, verify) =>
            {
                runs.Add((with.Seconds, verify));
                return Good();
            },
        }.Run(s_nothing);
        Assert.Equal([(0.5, true), (7, false)], runs);
    }

    [Fact]
    public void A_result_tells_when_it_was_measured()
    {
        DateTime before = DateTime.UtcNow;
        CompareRecord record = Run(FixedSettings.Of("dataplane", "udp-1k", repeats: 1));
        Assert.All(record.Checks.Concat(record.Results), result => Assert.InRange(result.Time!.Value, before, DateTime.UtcNow));
        Assert.InRange(record.Time, before, DateTime.UtcNow);
    }

    [Fact]
    public void Everything_so_far_is_saved_after_every_kind_of_traffic()
    {
        CompareRecord record = Run(FixedSettings.Of("dataplane,testpmd", "udp-1k,udp-64k,tcp-1k", repeats: 2));
        Assert.Equal(
            ["udp-1k", "udp-1k udp-64k", "udp-1k udp-64k tcp-1k"],
            _saved.Select(saved => string.Join(' ', saved.Results.Select(result => result.Traffic.Name).Distinct())));
        Assert.All(_saved, saved => Assert.Equal(["check-tcp", "check-udp"], saved.Checks.Select(check => check.Traffic.Name)));
        Assert.Same(record, _saved[^1]);
    }

    [Fact]
    public void Earlier_results_of_other_traffic_are_kept_and_those_of_the_same_replaced()
    {
        CompareRecord earlier = s_nothing.With(
            FixedRecord.Time, [], [FixedRecord.Result("dataplane", "udp-1k", 90), FixedRecord.Result("dataplane", "udp-64k", 80, 81)]);
        CompareRecord record = Run(FixedSettings.Of("dataplane", "udp-1k,udp-64k", repeats: 2), earlier);
        Assert.Equal([2, 3], Rates(record, "dataplane", "udp-1k"));
        Assert.Equal([80, 81], Rates(record, "dataplane", "udp-64k"));
        Assert.DoesNotContain("dataplane udp-64k", _runs);
    }

    [Fact]
    public void A_passing_lack_of_memory_leaves_the_other_repeats()
    {
        // From the second repeat on, for longer than is waited.
        _free = () => _runs.Count == 2 && _waited <= FreeMemory.Patience ? 0 : long.MaxValue;
        PeerResult result = Assert.Single(Run(FixedSettings.Of("dataplane", "udp-1k", repeats: 3)).Results);
        Assert.Equal([2, 3], result.Figures.Select(figure => figure.Rate));
        Assert.Contains("of memory should be free, 0 are", result.Problem, StringComparison.Ordinal);
        Assert.True(result.IsSkipped);
    }

    [Fact]
    public void What_needs_more_memory_than_there_is_is_not_started()
    {
        Traffic small = Traffic.Find("udp-1k")!, large = Traffic.Find("udp-10m")!;
        _free = () => large.MemoryBytes - 1;
        CompareRecord record = Run(FixedSettings.Of("dataplane", "udp-10m,udp-1k", repeats: 1));
        Assert.Equal(["dataplane check-udp", "dataplane udp-1k"], _runs);
        Assert.Null(record.Of("dataplane", small)!.Problem);
        Assert.StartsWith($"{large.MemoryBytes >> 20} MiB", record.Of("dataplane", large)!.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(3, 1.0, "3 packets came back wrong")]
    [InlineData(1, 0.5, "1 packets came back wrong")]
    [InlineData(0, 0.98, "only 98.0 % came back")]
    public void Who_fails_a_check_gets_no_figures_with_that_protocol(long wrong, double delivered, string fault)
    {
        _figure = (peer, _, verify) =>
            verify && peer.Name == "ovs-one-pass" && _runs[^1].EndsWith("udp", StringComparison.Ordinal)
                ? Good() with { Wrong = wrong, Delivered = delivered }
                : Good();
        CompareRecord record = Run(FixedSettings.Of("dataplane,ovs-one-pass", "udp-1k,tcp-1k", repeats: 2));
        PeerResult failed = record.Of("ovs-one-pass", Traffic.Find("udp-1k")!)!;
        Assert.Equal(($"failed its check: {fault}", false, true), (failed.Problem, failed.IsSkipped, failed.HasFailedCheck));
        Assert.Empty(failed.Figures);
        Assert.DoesNotContain("ovs-one-pass udp-1k", _runs);
        PeerResult check = record.Checks.Single(one => one.Peer.Name == "ovs-one-pass" && one.Traffic.Protocol == "udp");
        Assert.Equal((fault, false), (check.Problem, check.IsSkipped));
        Assert.Empty(check.Figures);
        Assert.Equal(2, Rates(record, "ovs-one-pass", "tcp-1k").Count);
        Assert.Equal(2, Rates(record, "dataplane", "udp-1k").Count);
        Assert.Contains($"FAILED: failed its check: {fault}", _progress.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_check_that_delivers_just_enough_is_passed()
    {
        _figure = (_, _, verify) => Good() with { Delivered = verify ? 0.99 : 1 };
        Assert.Equal([2], Rates(Run(FixedSettings.Of("dataplane", "udp-1k", repeats: 1)), "dataplane", "udp-1k"));
    }

    [Fact]
    public void What_a_measurement_loses_is_a_figure_and_no_failure()
    {
        _figure = (_, _, verify) => Good() with { Delivered = verify ? 1 : 0.5 };
        PeerResult result = Assert.Single(Run(FixedSettings.Of("dataplane", "udp-1k", repeats: 1)).Results);
        Assert.Equal((null, 0.5), (result.Problem, Assert.Single(result.Figures).Delivered));
    }

    [Fact]
    public void Who_could_not_be_checked_for_want_of_memory_is_skipped_with_that_protocol()
    {
        _free = () => _runs.Count == 0 && _waited <= FreeMemory.Patience ? 0 : long.MaxValue;
        CompareRecord record = Run(FixedSettings.Of("dataplane", "tcp-1k,udp-1k", repeats: 1));
        Assert.Equal(["dataplane check-udp", "dataplane udp-1k"], _runs);
        PeerResult result = record.Of("dataplane", Traffic.Find("tcp-1k")!)!;
        Assert.StartsWith("not checked: ", result.Problem, StringComparison.Ordinal);
        Assert.Equal((true, false), (result.IsSkipped, result.HasFailedCheck));
    }

    [Theory]
    [InlineData("check-tcp", "")]
    [InlineData("udp-1k", "udp-1k")]
    public void What_lacks_something_is_skipped_for_good(string when, string started)
    {
        _figure = (peer, traffic, _) =>
            peer.Name == "ovs-one-pass" && traffic.Name == when ? throw new PeerSkippedException("it is not installed") : Good();
        CompareRecord record = Run(FixedSettings.Of("dataplane,ovs-one-pass", "udp-1k,udp-64k,tcp-1k", repeats: 2));
        Assert.Equal(
            started.Length > 0 ? ["ovs-one-pass check-tcp", "ovs-one-pass check-udp", $"ovs-one-pass {started}"] : ["ovs-one-pass check-tcp"],
            _runs.Where(run => run.StartsWith("ovs-one-pass", StringComparison.Ordinal)));
        PeerResult[] skipped = [.. record.Results.Where(result => result.Peer.Name == "ovs-one-pass")];
        Assert.Equal(["udp-1k", "udp-64k", "tcp-1k"], skipped.Select(result => result.Traffic.Name));
        Assert.All(skipped, result => Assert.Equal(("it is not installed", true, 0), (result.Problem, result.IsSkipped, result.Figures.Count)));
        Assert.Equal(6, record.Results.Where(result => result.Peer.Name == "dataplane").Sum(result => result.Figures.Count));
    }

    [Fact]
    public void One_failure_is_not_waited_for_again()
    {
        _figure = (_, traffic, _) => traffic.Name == "udp-1k" && _runs.Count == 3 ? throw new PeerException("ended with 1: boom") : Good();
        CompareRecord record = Run(FixedSettings.Of("dataplane", "udp-1k,udp-64k", repeats: 4));
        PeerResult failed = record.Of("dataplane", Traffic.Find("udp-1k")!)!;
        Assert.Equal(2, _runs.Count(run => run == "dataplane udp-1k"));
        Assert.Equal([2], failed.Figures.Select(figure => figure.Rate));
        Assert.Equal(("ended with 1: boom", false), (failed.Problem, failed.IsSkipped));
        Assert.Equal([4, 5, 6, 7], Rates(record, "dataplane", "udp-64k"));
    }

    [Fact]
    public void What_a_program_can_never_do_is_not_tried()
    {
        Traffic zipf = Traffic.Find("udp-1m-zipf")!;
        CompareRecord record = Run(FixedSettings.Of("netfilter", "udp-1m-zipf,udp-1k", repeats: 1));
        PeerResult refused = record.Of("netfilter", zipf)!;
        Assert.Equal((Peer.Find("netfilter")!.Refusal(zipf), true), (refused.Problem, refused.IsSkipped));
        Assert.DoesNotContain("netfilter udp-1m-zipf", _runs);
        Assert.Contains("netfilter udp-1k", _runs);
    }

    private CompareRecord Run(CompareSettings settings, CompareRecord? earlier = null) => new Comparison(settings, _progress, _saved.Add)
    {
        Memory = new FreeMemory(() => _free(), time => _waited += time),
        Measure = (peer, traffic, _, verify) =>
        {
            _runs.Add($"{peer.Name} {traffic.Name}");
            return _figure(peer, traffic, verify);
        },
    }.Run(earlier ?? s_nothing);

    private PeerFigure Good() => FixedRecord.Figure(_runs.Count, 1);

    private static List<double> Rates(CompareRecord record, string peer, string traffic) =>
        [.. record.Of(peer, Traffic.Find(traffic)!)!.Figures.Select(figure => figure.Rate)];
}
