using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;

namespace Dataplane.Bench.Compare;

/// <summary>What one peer reached with one kind of traffic.</summary>
/// <param name="Peer">The program.</param>
/// <param name="Traffic">What it got.</param>
/// <param name="Figures">One for each repeat that succeeded.</param>
/// <param name="Problem">Why there is none, or fewer than there should be; null when all is well.</param>
/// <param name="IsSkipped">True when the peer cannot do this at all, false when it failed.</param>
internal sealed record PeerResult(Peer Peer, Traffic Traffic, IReadOnlyList<PeerFigure> Figures, string? Problem, bool IsSkipped)
{
    /// <summary>Millions a second of processor time; null without a figure.</summary>
    public Measurement? Rate => Figures.Count > 0 ? new Measurement([.. Figures.Select(figure => figure.Rate)]) : null;
}

/// <summary>All peers with all traffic, alternating, so that an hour in which the machine gives less is less for all.</summary>
internal sealed class Comparison(CompareSettings settings, TextWriter progress)
{
    private const string MemoryFile = "/proc/meminfo";

    private readonly Dictionary<Peer, string> _skipped = [];
    private readonly Dictionary<(Peer, Traffic), List<PeerFigure>> _figures = [];
    private readonly Dictionary<(Peer, Traffic), (string Text, bool IsSkipped)> _problems = [];
    private readonly long _began = Stopwatch.GetTimestamp();

    /// <summary>Results of the checks, then of the measurements.</summary>
    public (IReadOnlyList<PeerResult> Checks, IReadOnlyList<PeerResult> Results) Run()
    {
        List<PeerResult> checks = [];
        CompareSettings brief = settings with { Seconds = 0.5 };
        foreach (string protocol in settings.Traffic.Select(traffic => traffic.Protocol).Distinct().Order())
        {
            Traffic traffic = Traffic.Checked(protocol);
            foreach (Peer peer in settings.Peers.Where(peer => peer.Translates && !peer.OnlyUdp))
            {
                RunOnce(peer, traffic, brief, "check", verify: true);
                checks.Add(Result(peer, traffic));
            }
        }

        foreach (Traffic traffic in settings.Traffic)
        {
            for (int repeat = 1; repeat <= settings.Repeats; repeat++)
            {
                foreach (Peer peer in settings.Peers)
                {
                    RunOnce(peer, traffic, settings, $"{repeat}/{settings.Repeats}", verify: false);
                }
            }
        }

        return (checks, [.. settings.Traffic.SelectMany(traffic => settings.Peers.Select(peer => Result(peer, traffic)))]);
    }

    private PeerResult Result(Peer peer, Traffic traffic)
    {
        bool isWrong = _problems.TryGetValue((peer, traffic), out (string Text, bool IsSkipped) problem);
        List<PeerFigure> figures = _figures.GetValueOrDefault((peer, traffic), []);
        return new PeerResult(peer, traffic, figures, isWrong ? problem.Text : null, isWrong && problem.IsSkipped);
    }

    private void RunOnce(Peer peer, Traffic traffic, CompareSettings with, string round, bool verify)
    {
        if (_problems.ContainsKey((peer, traffic)))
        {
            return; // what failed once is not waited for again
        }

        string? refusal = _skipped.GetValueOrDefault(peer) ?? peer.Refusal(traffic) ?? LackOfMemory(traffic);
        if (refusal is not null)
        {
            Note(peer, traffic, round, refusal, isSkipped: true);
            return;
        }

        try
        {
            PeerFigure figure = PeerRun.Measure(peer, traffic, with, verify);
            if (verify && figure.Wrong > 0)
            {
                Note(peer, traffic, round, $"{figure.Wrong} packets came back wrong", isSkipped: false);
                return;
            }

            if (!_figures.TryGetValue((peer, traffic), out List<PeerFigure>? figures))
            {
                _figures[(peer, traffic)] = figures = [];
            }

            figures.Add(figure);
            Say(peer, traffic, round, string.Create(CultureInfo.InvariantCulture,
                $"{figure.Rate,8:F2} {traffic.Unit}, {figure.Nanoseconds:F0} ns each, {figure.ProcessorShare:P0} of the processor"));
        }
        catch (PeerSkippedException reason)
        {
            _skipped[peer] = reason.Message;
            Note(peer, traffic, round, reason.Message, isSkipped: true);
        }
        catch (PeerException error)
        {
            Note(peer, traffic, round, error.Message, isSkipped: false);
        }
    }

    private void Note(Peer peer, Traffic traffic, string round, string text, bool isSkipped)
    {
        _problems[(peer, traffic)] = (text, isSkipped);
        Say(peer, traffic, round, $"{(isSkipped ? "skipped" : "FAILED")}: {text}");
    }

    private void Say(Peer peer, Traffic traffic, string round, string text)
    {
        progress.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{Stopwatch.GetElapsedTime(_began).TotalSeconds,6:F0} s  {traffic.Name,-13} {round,-6} {peer.Name,-13} {text}"));
        progress.Flush();
    }

    private static string? LackOfMemory(Traffic traffic)
    {
        const string key = "MemAvailable:";
        foreach (string line in File.ReadLines(MemoryFile))
        {
            if (line.StartsWith(key, StringComparison.Ordinal))
            {
                ReadOnlySpan<char> kibibytes = line.AsSpan(key.Length).TrimEnd(" kB");
                long free = long.Parse(kibibytes, NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture) << 10;
                return free >= traffic.MemoryBytes ? null : $"{traffic.MemoryBytes >> 20} MiB of memory should be free, {free >> 20} are";
            }
        }

        return null;
    }
}
