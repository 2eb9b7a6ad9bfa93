using System;
using System.Collections.Generic;
using System.Linq;
using Dataplane.Bench.Compare;

namespace Dataplane.Bench.Tests;

/// <summary>Results that were never measured, for what is made of results.</summary>
internal static class FixedRecord
{
    public static DateTime Time { get; } = new(2030, 4, 5, 6, 7, 8, DateTimeKind.Utc);

    public const string Processors = "worker processors 1, control 0, node 0";

    /// <summary>Some of every part of a report.</summary>
    public static CompareRecord Full { get; } = new CompareRecord("A machine, 2 processors", Time, [], [])
    {
        Builds = new CompareBuilds("0123456789ab", "3.1.0", "22.11.11", CompareBuilds.NotInstalled, 1024, "fedcba987654"),
        Processors = Processors,
        ProcessorNotes = ["Processors 0 (control) and 1 (worker) have something in common."],
    }.With(
        Time,
        [Result("dataplane", "check-udp", 15), Problem("ovs-one-pass", "check-udp", "12 packets came back wrong", isSkipped: false)],
        [
            Result("dataplane", "udp-64k", 18, 20, 19), Result("ovs-one-pass", "udp-64k", 2, 2, 2), Result("netfilter", "udp-64k", 0.5),
            Result("testpmd", "udp-64k", 60, 64), Result("linux-forward", "udp-64k", 0.8),
            Result("dataplane", "udp-64k-1500", 10), Lossy("ovs-one-pass", "udp-64k-1500", 1.25, 0.875),
            Problem("netfilter", "udp-64k-1500", "no such frames", isSkipped: true), Result("testpmd", "udp-64k-1500", 30),
            Result("dataplane", "new-udp", 4), Result("ovs-one-pass", "new-udp", 0.5),
            Problem("netfilter", "new-udp", "ended with 1: boom", isSkipped: false),
            Problem("linux-forward", "new-udp", "it keeps no connections", isSkipped: true),
            Lossy("dataplane", "synflood", 6, 0), Lossy("ovs-one-pass", "synflood", 3, 1),
            Flooded("dataplane", "udp-64k-flooded", 8, 4, 0, 2_000_000), Flooded("ovs-one-pass", "udp-64k-flooded", 1, 0.5, 17, 1_000_000),
            Problem("testpmd", "udp-64k-flooded", "it keeps no connections", isSkipped: true),
            Result("dataplane", "udp-1m", 16), Result("dataplane", "udp-1m-2w", 28, 28.8), Result("dataplane", "udp-1m-2w-same", 31.2),
            Result("ovs-one-pass", "udp-1m-2w", 2), Result("dataplane", "new-udp-2w", 7),
            Lossy("dataplane", "synflood-2w", 9, 0),
        ]);

    public static PeerResult Result(string peer, string traffic, params double[] rates) =>
        new(Peer.Find(peer)!, Traffic.Find(traffic)!, [.. rates.Select(rate => Figure(rate, 1))], null, false) { Time = Time };

    public static PeerResult Problem(string peer, string traffic, string text, bool isSkipped) =>
        new(Peer.Find(peer)!, Traffic.Find(traffic)!, [], text, isSkipped);

    public static PeerFigure Figure(double rate, double delivered) => new(rate, rate * 0.9, 0.9, delivered, 1, 0.25, 0);

    private static PeerResult Lossy(string peer, string traffic, double rate, double delivered) =>
        Result(peer, traffic) with { Figures = [Figure(rate, delivered)] };

    private static PeerResult Flooded(string peer, string traffic, double rate, double flood, long lost, long of)
    {
        IReadOnlyList<PeerFigure> figures =
        [
            Figure(rate, 1) with { FloodRate = flood, Lost = lost, LostOf = of },
            Figure(rate, 1) with { FloodRate = flood, Lost = 0, LostOf = of },
        ];
        return Result(peer, traffic) with { Figures = figures };
    }
}
