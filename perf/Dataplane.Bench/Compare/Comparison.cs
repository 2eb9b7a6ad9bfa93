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
    private const double CheckSeconds = 0.5;
    private const double CheckDeliveredMin = 0.99;

    private readonly Dictionary<Peer, string> _skipped = [];
    private readonly Dictionary<(Peer, Traffic), List<PeerFigure>> _figures = [];
    private readonly Dictionary<(Peer, Traffic), RunProblem> _problems = [];
    private readonly RemainingTime _remaining = new();
    private readonly long _began = Stopwatch.GetTimestamp();

    /// <summary>Why there is no figure.</summary>
    /// <param name="Text">For people.</param>
    /// <param name="IsSkipped">It was not tried.</param>
    /// <param name="IsPassing">The next repeat may do better.</param>
    private sealed record RunProblem(string Text, bool IsSkipped, bool IsPassing = false);

    /// <summary>What is asked for memory before each run.</summary>
    public FreeMemory Memory { get; init; } = FreeMemory.OfMachine;

    /// <summary>Runs a peer once: <see cref="PeerRun.Measure"/>.</summary>
    public Func<Peer, Traffic, CompareSettings, bool, PeerFigure> Measure { get; init; } = PeerRun.Measure;

    /// <summary>Runs everything; what it returns was saved, too.</summary>
    /// <param name="earlier">Results of other sittings; those of the same peer and traffic are replaced.</param>
    public CompareRecord Run(CompareRecord earlier)
    {
        IReadOnlyList<PlannedRow> rows = ComparePlan.Of(settings, earlier);
        IReadOnlyList<PlannedRow> checks = ComparePlan.Checks(rows);
        Expect(checks, repeats: 1);
        Expect(rows, settings.Repeats);
        CompareRecord record = earlier;
        CompareSettings brief = settings with { Seconds = CheckSeconds };
        foreach (PlannedRow check in checks)
        {
            foreach (Peer peer in check.Peers)
            {
                RunOnce(peer, check.Traffic, brief, "check", verify: true);
            }

            record = record.With(DateTime.UtcNow, Results(check), []);
        }

        foreach (PlannedRow row in rows)
        {
            for (int repeat = 1; repeat <= settings.Repeats; repeat++)
            {
                foreach (Peer peer in InTurn(row.Peers, repeat))
                {
                    RunOnce(peer, row.Traffic, settings, $"{repeat}/{settings.Repeats}", verify: false);
                }
            }

            record = record.With(DateTime.UtcNow, [], Results(row));
            save(record);
        }

        return record;
    }

    /// <summary>All, beginning with another in each repeat, so that none is always the first after a pause.</summary>
    private static IEnumerable<Peer> InTurn(IReadOnlyList<Peer> peers, int repeat) =>
        Enumerable.Range(repeat - 1, peers.Count).Select(index => peers[index % peers.Count]);

    private void Expect(IReadOnlyList<PlannedRow> rows, int repeats)
    {
        foreach (PlannedRow row in rows)
        {
            for (int repeat = 0; repeat < repeats; repeat++)
            {
                foreach (Peer peer in row.Peers)
                {
                    _remaining.Add(peer, row.Traffic);
                }
            }
        }
    }

    private PeerResult[] Results(PlannedRow row) => [.. row.Peers.Select(peer => Result(peer, row.Traffic))];

    private PeerResult Result(Peer peer, Traffic traffic)
    {
        RunProblem? problem = _problems.GetValueOrDefault((peer, traffic));
        List<PeerFigure> figures = _figures.GetValueOrDefault((peer, traffic), []);
        return new PeerResult(peer, traffic, figures, problem?.Text, problem?.IsSkipped ?? false) { Time = DateTime.UtcNow };
    }

    private void RunOnce(Peer peer, Traffic traffic, CompareSettings with, string round, bool verify)
    {
        long began = Stopwatch.GetTimestamp();
        if (_problems.TryGetValue((peer, traffic), out RunProblem? before) && !before.IsPassing)
        {
            _remaining.Done(peer, traffic, TimeSpan.Zero); // what failed once is not waited for again
            return;
        }

        if (Obstacle(peer, traffic) is { } obstacle)
        {
            _remaining.Done(peer, traffic, TimeSpan.Zero);
            Note(peer, traffic, round, obstacle);
            return;
        }

        try
        {
            PeerFigure figure = Measure(peer, traffic, with, verify);
            _remaining.Done(peer, traffic, Stopwatch.GetElapsedTime(began));
            if (verify && Fault(figure) is { } fault)
            {
                Note(peer, traffic, round, new RunProblem(fault, IsSkipped: false));
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
            Note(peer, traffic, round, new RunProblem(reason.Message, IsSkipped: true));
        }
        catch (PeerException error)
        {
            _remaining.Done(peer, traffic, TimeSpan.Zero);
            Note(peer, traffic, round, new RunProblem(error.Message, IsSkipped: false));
        }
    }

    /// <summary>Why a run is not worth starting; null when it is.</summary>
    private RunProblem? Obstacle(Peer peer, Traffic traffic)
    {
        if ((_skipped.GetValueOrDefault(peer) ?? peer.Refusal(traffic)) is { } refusal)
        {
            return new RunProblem(refusal, IsSkipped: true);
        }

        // Figures of a program that translates wrongly, or not everything, would flatter it.
        if (_problems.GetValueOrDefault((peer, Traffic.Checked(traffic.Protocol))) is { } check)
        {
            string outcome = check.IsSkipped ? "not checked" : PeerResult.CheckFailed;
            return new RunProblem($"{outcome}: {check.Text}", check.IsSkipped);
        }

        return Memory.Lack(traffic.MemoryBytes) is { } lack ? new RunProblem(lack, IsSkipped: true, IsPassing: true) : null;
    }

    /// <summary>What is wrong with a check; null when nothing is.</summary>
    private static string? Fault(PeerFigure figure) =>
        figure.Wrong > 0 ? string.Create(CultureInfo.InvariantCulture, $"{figure.Wrong} packets came back wrong")
        : figure.Delivered < CheckDeliveredMin ? string.Create(CultureInfo.InvariantCulture, $"only {figure.Delivered:P1} came back")
        : null;

    private static string Text(PeerFigure figure, Traffic traffic)
    {
        string text = string.Create(CultureInfo.InvariantCulture,
            $"{figure.Rate,8:F2} {traffic.Unit}, {figure.Nanoseconds:F0} ns each, {figure.ProcessorShare:P0} of the processor");
        return figure.FloodRate is { } flood
            ? text + string.Create(CultureInfo.InvariantCulture, $"; flood {flood:F2} Mpps, {figure.Lost} of {figure.LostOf} lost")
            : text;
    }

    private void Note(Peer peer, Traffic traffic, string round, RunProblem problem)
    {
        _problems[(peer, traffic)] = problem;
        Say(peer, traffic, round, $"{(problem.IsSkipped ? "skipped" : "FAILED")}: {problem.Text}");
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
}
