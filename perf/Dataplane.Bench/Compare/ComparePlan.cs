using System;
using System.Collections.Generic;
using System.Linq;

namespace Dataplane.Bench.Compare;

/// <summary>Traffic that is to be measured.</summary>
/// <param name="Traffic">What is sent.</param>
/// <param name="Peers">The programs that get it, alternating.</param>
internal sealed record PlannedRow(Traffic Traffic, IReadOnlyList<Peer> Peers);

/// <summary>What a sitting measures, given what others have.</summary>
internal static class ComparePlan
{
    /// <summary>The rows to measure, in the order of the settings.</summary>
    /// <remarks>
    /// Figures of one row are compared, so they are of one hour: where one program's is wanted, every program that the row has is
    /// measured anew beside it.
    /// </remarks>
    public static IReadOnlyList<PlannedRow> Of(CompareSettings settings, CompareRecord earlier) =>
    [
        .. settings.Traffic.Where(traffic => settings.Again || !IsMeasured(settings, earlier, traffic)).Select(traffic => new PlannedRow(
            traffic, [.. Peer.All.Where(peer => settings.Peers.Contains(peer) || earlier.Of(peer.Name, traffic) is not null)])),
    ];

    /// <summary>What is checked before: for each protocol the programs that will have it measured.</summary>
    public static IReadOnlyList<PlannedRow> Checks(IReadOnlyList<PlannedRow> rows) =>
    [
        .. rows.GroupBy(row => row.Traffic.Protocol).OrderBy(group => group.Key, StringComparer.Ordinal).Select(group => new PlannedRow(
            Traffic.Checked(group.Key), [.. Peer.All.Where(peer => peer.IsChecked && group.Any(row => WillGet(row, peer)))])),
    ];

    private static bool WillGet(PlannedRow row, Peer peer) => row.Peers.Contains(peer) && peer.Refusal(row.Traffic) is null;

    /// <summary>Whether an earlier sitting has this of every program asked for, as many times or as what it can never do.</summary>
    /// <remarks>What failed, was not installed or had no memory then may succeed now: it counts as missing.</remarks>
    public static bool IsMeasured(CompareSettings settings, CompareRecord earlier, Traffic traffic) =>
        settings.Peers.All(peer => earlier.Of(peer.Name, traffic) is { } result
            && (peer.Refusal(traffic) is not null || result.Figures.Count >= settings.Repeats));
}
