using System;
using System.Collections.Generic;
using System.Linq;
using Dataplane.Bench.Compare;

namespace Dataplane.Bench.Latency;

/// <summary>All repeats of one program.</summary>
/// <param name="Peer">The program.</param>
/// <param name="Figures">Of all loads and repeats.</param>
/// <param name="Problem">Why there are none, or fewer than there should be; null when all is well.</param>
/// <param name="IsSkipped">True when it cannot run here at all, false when it failed.</param>
internal sealed record LatencyResult(Peer Peer, IReadOnlyList<LatencyFigure> Figures, string? Problem, bool IsSkipped)
{
    /// <summary>One figure for each load that was measured.</summary>
    /// <remarks>Rates and percentiles are the medians over the repeats, each of its own. The longest time, the longest absence, losses and
    /// garbage are the largest of any repeat: what happened once has happened, and a median would hide it.</remarks>
    public IReadOnlyList<LatencyFigure> Summary =>
        [.. Figures.GroupBy(figure => figure.Load).OrderBy(group => group.Key).Select(Summarize)];

    private static LatencyFigure Summarize(IGrouping<double, LatencyFigure> repeats)
    {
        double Of(Func<LatencyFigure, double> figure) => new Measurement([.. repeats.Select(figure)]).Median;
        ManagedUse[] managed = [.. repeats.Select(figure => figure.Managed).OfType<ManagedUse>()];
        return new LatencyFigure(
            repeats.Key, Of(figure => figure.AskedMpps), Of(figure => figure.ReturnedMpps), (long)Of(figure => figure.P50Ns),
            (long)Of(figure => figure.P99Ns), (long)Of(figure => figure.P999Ns),
            repeats.Max(figure => figure.MaxNs), repeats.Max(figure => figure.PollGapNs),
            repeats.Max(figure => figure.Missed), repeats.Max(figure => figure.Lost),
            (long)Of(figure => figure.Samples), Of(figure => figure.ProcessorShare))
        {
            Managed = managed.Length > 0 ? managed.Aggregate(ManagedUse.Most) : null,
        };
    }
}

/// <summary>What a report is made of.</summary>
/// <param name="Settings">What was run.</param>
/// <param name="Time">When.</param>
/// <param name="Results">By program.</param>
/// <param name="IdleGapsNs">The longest gap of an idle loop on the worker's processor, of each repeat.</param>
internal sealed record LatencyRecord(
    LatencySettings Settings, DateTime Time, IReadOnlyList<LatencyResult> Results, IReadOnlyList<double> IdleGapsNs);
