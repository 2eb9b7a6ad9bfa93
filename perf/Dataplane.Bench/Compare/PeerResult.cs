using System;
using System.Collections.Generic;
using System.Linq;

namespace Dataplane.Bench.Compare;

/// <summary>What one peer reached with one kind of traffic.</summary>
/// <param name="Peer">The program.</param>
/// <param name="Traffic">What it got.</param>
/// <param name="Figures">One for each repeat that succeeded.</param>
/// <param name="Problem">Why there is none, or fewer than there should be; null when all is well.</param>
/// <param name="IsSkipped">True when it was not tried, for want of something or because the peer cannot; false when it failed.</param>
internal sealed record PeerResult(Peer Peer, Traffic Traffic, IReadOnlyList<PeerFigure> Figures, string? Problem, bool IsSkipped)
{
    /// <summary>How the problem of a peer begins that gets no figures because its check failed.</summary>
    public const string CheckFailed = "failed its check";

    /// <summary>Its check failed, so it was not measured.</summary>
    public bool HasFailedCheck => Problem?.StartsWith(CheckFailed, StringComparison.Ordinal) ?? false;

    /// <summary>When the last of it was measured, or could not be (UTC); null in files that do not tell.</summary>
    public DateTime? Time { get; init; }

    /// <summary>Millions a second of processor time; null without a figure.</summary>
    public Measurement? Rate => Figures.Count > 0 ? new Measurement([.. Figures.Select(figure => figure.Rate)]) : null;

    /// <summary>Millions a second by the clock; null without a figure.</summary>
    public Measurement? WallRate => Figures.Count > 0 ? new Measurement([.. Figures.Select(figure => figure.WallRate)]) : null;

    /// <summary>Of a flood beside it, as <see cref="Rate"/>; null without one.</summary>
    public Measurement? FloodRate => Figures.Count > 0 && Figures.All(figure => figure.FloodRate is not null)
        ? new Measurement([.. Figures.Select(figure => figure.FloodRate ?? 0)])
        : null;
}

/// <summary>All results of a comparison, of one sitting or of several on the same machine.</summary>
/// <param name="Machine">Processor, kernel and runtime, in one line.</param>
/// <param name="Time">When the last of them was measured (UTC).</param>
/// <param name="Checks">Of the few flows whose every packet was looked at.</param>
/// <param name="Results">Of the measurements, in the order of <see cref="Traffic.All"/>, then of <see cref="Peer.All"/>.</param>
internal sealed record CompareRecord(string Machine, DateTime Time, IReadOnlyList<PeerResult> Checks, IReadOnlyList<PeerResult> Results)
{
    /// <summary>What was measured.</summary>
    public CompareBuilds Builds { get; init; } = CompareBuilds.NotTold;

    /// <summary>Which processors were used, in one line; null in files that do not tell.</summary>
    public string? Processors { get; init; }

    /// <summary>What about these processors makes figures worse than they could be, a sentence each.</summary>
    public IReadOnlyList<string> ProcessorNotes { get; init; } = [];

    /// <summary>The peers that have any result, in the order of columns.</summary>
    public IReadOnlyList<Peer> Peers => [.. Peer.All.Where(peer => Results.Any(result => result.Peer == peer))];

    /// <summary>The result of a peer with a kind of traffic, or null.</summary>
    public PeerResult? Of(string peer, Traffic traffic) =>
        Results.FirstOrDefault(result => result.Peer.Name == peer && result.Traffic == traffic);

    /// <summary>These and newer results, which replace those of the same peer and traffic.</summary>
    public CompareRecord With(DateTime time, IReadOnlyList<PeerResult> checks, IReadOnlyList<PeerResult> results) =>
        this with { Time = time, Checks = Merge(Checks, checks), Results = Merge(Results, results) };

    private static PeerResult[] Merge(IReadOnlyList<PeerResult> old, IReadOnlyList<PeerResult> young)
    {
        IEnumerable<PeerResult> kept = old.Where(
            result => !young.Any(other => other.Peer == result.Peer && other.Traffic == result.Traffic));
        return
        [
            .. kept.Concat(young)
                .OrderBy(result => IndexOf(Traffic.All, result.Traffic))
                .ThenBy(result => result.Traffic.Name, StringComparer.Ordinal)
                .ThenBy(result => IndexOf(Peer.All, result.Peer)),
        ];
    }

    private static int IndexOf<T>(IReadOnlyList<T> list, T item)
        where T : notnull
    {
        int index = 0;
        while (index < list.Count && !list[index].Equals(item))
        {
            index++;
        }

        return index;
    }
}
