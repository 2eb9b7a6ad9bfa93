using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;

namespace Dataplane.Bench.Compare;

/// <summary>All peers with all traffic, alternating, so that an hour in which the machine gives less is less for all.</summary>
/// <param name="settings">What to run.</param>
/// <param name="progress">Gets a line for each run.</param>
/// <param name="save">Called with all results so far when a kind of traffic is done.</param>
internal sealed class Comparison(CompareSettings settings, TextWriter progress, Action<CompareRecord> save)
{
    private const string MemoryFile = "/proc/meminfo";
    private const double CheckSeconds = 0.5;

    private readonly Dictionary<Peer, string> _skipped = [];
    private readonly Dictionary<(Peer, Traffic), List<PeerFigure>> _figures = [];
    private readonly Dictionary<(Peer, Traffic), (string Text, bool IsSkipped)> _problems = [];
    private readonly RemainingTime _remaining = new();
    private readonly long _began = Stopwatch.GetTimestamp();

    /// <summary>Runs everything; what it returns was saved, too.</summary>
    /// <param name="earlier">Results of other sittings; those of the same peer and traffic are replaced.</param>
    public CompareRecord Run(CompareRecord earlier)
    {
        Traffic[] wanted = [.. settings.Traffic.Where(traffic => !IsMeasured(earlier, traffic))];
        Traffic[] checks = [.. wanted.Select(traffic => traffic.Protocol).Distinct().Order().Select(Traffic.Checked)];
        Expect(checks, wanted);
        CompareRecord record = earlier;
        CompareSettings brief = settings with { Seconds = CheckSeconds };
        foreach (Traffic traffic in checks)
        {
            Peer[] peers = [.. settings.Peers.Where(peer => peer.IsChecked)];
            foreach (Peer peer in peers)
            {
                RunOnce(peer, traffic, brief, "check", verify: true);
            }

            record = record.With(DateTime.UtcNow, [.. peers.Select(peer => Result(peer, traffic))], []);
        }

        foreach (Traffic traffic in wanted)
        {
            for (int repeat = 1; repeat <= settings.Repeats; repeat++)
            {
                foreach (Peer peer in settings.Peers)
                {
                    RunOnce(peer, traffic, settings, $"{repeat}/{settings.Repeats}", verify: false);
                }
            }

            record = record.With(DateTime.UtcNow, [], [.. settings.Peers.Select(peer => Result(peer, traffic))]);
            save(record);
        }

        return record;
    }

    /// <summary>Whether an earlier sitting has all of it, as many times.</summary>
    private bool IsMeasured(CompareRecord earlier, Traffic traffic) => !settings.Again
        && settings.Peers.All(peer => earlier.Of(peer.Name, traffic) is { } result
            && (result.IsSkipped || result.Figures.Count >= settings.Repeats));

    private void Expect(Traffic[] checks, Traffic[] wanted)
    {
        foreach (Traffic traffic in checks)
        {
            foreach (Peer peer in settings.Peers.Where(peer => peer.IsChecked))
            {
                _remaining.Add(peer, traffic);
            }
        }

        foreach (Traffic traffic in wanted)
        {
            for (int repeat = 0; repeat < settings.Repeats; repeat++)
            {
                foreach (Peer peer in settings.Peers)
                {
                    _remaining.Add(peer, traffic);
                }
            }
        }
    }

    private PeerResult Result(Peer peer, Traffic traffic)
    {
        bool isWrong = _problems.TryGetValue((peer, traffic), out (string Text, bool IsSkipped) problem);
        List<PeerFigure> figures = _figures.GetValueOrDefault((peer, traffic), []);
        return new PeerResult(peer, traffic, figures, isWrong ? problem.Text : null, isWrong && problem.IsSkipped);
    }

    private void RunOnce(Peer peer, Traffic traffic, CompareSettings with, string round, bool verify)
    {
        long began = Stopwatch.GetTimestamp();
        if (_problems.ContainsKey((peer, traffic)))
        {
            _remaining.Done(peer, traffic, TimeSpan.Zero); // what failed once is not waited for again
            return;
        }

        string? refusal = _skipped.GetValueOrDefault(peer)
            ?? peer.Refusal(traffic) ?? LackOfMemory(traffic);
        if (refusal is not null)
        {
            _remaining.Done(peer, traffic, TimeSpan.Zero);
            Note(peer, traffic, round, refusal, isSkipped: true);
            return;
        }

        try
        {
            PeerFigure figure = PeerRun.Measure(peer, traffic, with, verify);
            _remaining.Done(peer, traffic, Stopwatch.GetElapsedTime(began));
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
            Say(peer, traffic, round, Text(figure, traffic));
        }
        catch (PeerSkippedException reason)
        {
            _skipped[peer] = reason.Message;
            _remaining.Done(peer, traffic, TimeSpan.Zero);
            Note(peer, traffic, round, reason.Message, isSkipped: true);
        }
        catch (PeerException error)
        {
            _remaining.Done(peer, traffic, TimeSpan.Zero);
            Note(peer, traffic, round, error.Message, isSkipped: false);
        }
    }

    private static string Text(PeerFigure figure, Traffic traffic)
    {
        string text = string.Create(CultureInfo.InvariantCulture,
            $"{figure.Rate,8:F2} {traffic.Unit}, {figure.Nanoseconds:F0} ns each, {figure.ProcessorShare:P0} of the processor");
        return figure.FloodRate is { } flood
            ? text + string.Create(CultureInfo.InvariantCulture, $"; flood {flood:F2} Mpps, {figure.Lost} of {figure.LostOf} lost")
            : text;
    }

    private void Note(Peer peer, Traffic traffic, string round, string text, bool isSkipped)
    {
        _problems[(peer, traffic)] = (text, isSkipped);
        Say(peer, traffic, round, $"{(isSkipped ? "skipped" : "FAILED")}: {text}");
    }

    private void Say(Peer peer, Traffic traffic, string round, string text)
    {
        progress.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{Clock(Stopwatch.GetElapsedTime(_began))}, {Clock(_remaining.Left)} left"
            + $"  {traffic.Name,-15} {round,-6} {peer.Name,-13} {text}"));
        progress.Flush();
    }

    /// <summary>Minutes and seconds.</summary>
    private static string Clock(TimeSpan time) =>
        string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalMinutes,3}:{time.Seconds:D2}");

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
