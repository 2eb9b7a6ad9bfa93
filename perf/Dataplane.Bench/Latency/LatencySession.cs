using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using Dataplane.Bench.Compare;

namespace Dataplane.Bench.Latency;

/// <summary>All programs, alternating, so that an hour in which the machine gives less is less for all.</summary>
internal sealed class LatencySession(LatencySettings settings, TextWriter progress)
{
    private readonly Dictionary<Peer, List<LatencyFigure>> _figures =
        settings.Common.Peers.ToDictionary(peer => peer, _ => new List<LatencyFigure>());
    private readonly Dictionary<Peer, (string Text, bool IsSkipped)> _problems = [];
    private readonly long _began = Stopwatch.GetTimestamp();

    /// <summary>Measures everything.</summary>
    public LatencyRecord Run()
    {
        List<double> idle = [];
        for (int repeat = 1; repeat <= settings.Common.Repeats; repeat++)
        {
            string round = string.Create(CultureInfo.InvariantCulture, $"{repeat}/{settings.Common.Repeats}");
            foreach (Peer peer in settings.Common.Peers.Where(peer => !_problems.ContainsKey(peer)))
            {
                RunOnce(peer, round);
            }

            idle.Add(IdleLoop.LongestGap(settings.Common.WorkerCpu, settings.Common.Seconds));
            Say(round, "idle loop", string.Create(CultureInfo.InvariantCulture, $"longest gap {idle[^1] / 1e3:F1} µs"));
        }

        return new LatencyRecord(settings, DateTime.UtcNow, [.. settings.Common.Peers.Select(Result)], idle);
    }

    private LatencyResult Result(Peer peer)
    {
        bool isWrong = _problems.TryGetValue(peer, out (string Text, bool IsSkipped) problem);
        return new LatencyResult(peer, _figures[peer], isWrong ? problem.Text : null, isWrong && problem.IsSkipped);
    }

    private void RunOnce(Peer peer, string round)
    {
        if (peer.IsKernel)
        {
            Note(peer, round, "its traffic source measures no latency", isSkipped: true);
            return;
        }

        try
        {
            _figures[peer].AddRange(LatencyRun.Measure(settings, peer, figure => Say(round, peer.Name, Text(figure))));
        }
        catch (PeerSkippedException reason)
        {
            Note(peer, round, reason.Message, isSkipped: true);
        }
        catch (PeerException error)
        {
            Note(peer, round, error.Message, isSkipped: false);
        }
    }

    private static string Text(LatencyFigure figure) => string.Create(
        CultureInfo.InvariantCulture,
        $"{figure.Load,4:P0} {figure.ReturnedMpps,7:F2} Mpps  p50 {figure.P50Ns / 1e3:F1}  p99 {figure.P99Ns / 1e3:F1}  "
        + $"p99.9 {figure.P999Ns / 1e3:F1}  max {figure.MaxNs / 1e3:F0} µs  missed {figure.Missed}, lost {figure.Lost}");

    private void Note(Peer peer, string round, string text, bool isSkipped)
    {
        _problems[peer] = (text, isSkipped);
        Say(round, peer.Name, $"{(isSkipped ? "skipped" : "FAILED")}: {text}");
    }

    private void Say(string round, string who, string text)
    {
        progress.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{Stopwatch.GetElapsedTime(_began).TotalSeconds,6:F0} s  {round,-6} {who,-13} {text}"));
        progress.Flush();
    }
}
