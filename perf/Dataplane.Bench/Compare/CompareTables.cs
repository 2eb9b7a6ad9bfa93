using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;

namespace Dataplane.Bench.Compare;

/// <summary>The tables of the report: a row for each kind of traffic, a column for each peer.</summary>
internal static class CompareTables
{
    private const double DeliveredMin = 0.999; // less is said beside the rate
    private const int WireOverheadBytes = 20;  // preamble and the gap between frames (IEEE 802.3 §4.4.2)
    private const string Missing = "–";

    /// <summary>Appends the table of a part and what is to be said of it.</summary>
    public static void Append(
        StringBuilder text, CompareSection section, CompareRecord record, IReadOnlyList<IGrouping<Traffic, PeerResult>> rows)
    {
        // A peer that can do nothing of a part is told of at the end of the report.
        Peer[] peers = [.. record.Peers.Where(peer => rows.Any(row => row.Any(result => result.Peer == peer && !result.IsSkipped)))];
        if (peers.Length == 0)
        {
            text.Append("Nothing could be measured.\n\n");
            return;
        }

        string[] columns =
        [
            string.Empty, .. peers.Select(peer => peer.Title),
            .. section.HasFactors ? (string[])["× Open vSwitch", "× netfilter"] : [], "measured (UTC)",
        ];
        text.Append('|').AppendJoin(string.Empty, columns.Select(column => column.Length > 0 ? $" {column} |" : " |")).Append('\n');
        text.Append('|').Append(string.Concat(Enumerable.Repeat("---|", columns.Length))).Append('\n');
        foreach (IGrouping<Traffic, PeerResult> row in rows)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {Title(section, row.Key)} |");
            foreach (Peer peer in peers)
            {
                PeerResult? result = row.FirstOrDefault(one => one.Peer == peer);
                text.Append(CultureInfo.InvariantCulture, $" {(result is null ? Missing : Cell(section, record, result))} |");
            }

            text.Append(section.HasFactors ? $" {Factor(row, Peer.Reference)} | {Factor(row, Peer.Kernel)} |" : string.Empty);
            text.Append(CultureInfo.InvariantCulture, $" {When(row)} |\n");
        }

        text.Append('\n').Append(Note(section, peers.Any(peer => peer.Name == Peer.KernelPorts))).Append("\n\n");
        if (section.HasFactors && CompareFactors.Text(rows) is { } withoutPorts)
        {
            text.Append(withoutPorts).Append("\n\n");
        }
    }

    /// <summary>Two workers' median over one's, by processor time; null without either.</summary>
    public static double? Speedup(CompareRecord record, PeerResult result) => Speedup(record, result, one => one.Rate);

    private static double? Speedup(CompareRecord record, PeerResult result, Func<PeerResult, Measurement?> rate) =>
        Traffic.Find(result.Traffic.OneWorker) is { } traffic
        && record.Of(result.Peer.Name, traffic) is { } one
        && rate(one) is { } single
        && rate(result) is { } both
            ? both.Median / single.Median
            : null;

    private static string Title(CompareSection section, Traffic traffic) => section == CompareSection.Workers
        ? (traffic.Kind, traffic.IsSameWorker) switch
        {
            (TrafficKind.Opening or TrafficKind.Flood, _) => $"{traffic.Title}, each worker half of them",
            (_, true) => $"{traffic.Title}, both directions at the same worker",
            _ => $"{traffic.Title}, each direction at another worker",
        }
        : traffic.Title;

    private static string Note(CompareSection section, bool hasKernelPorts)
    {
        string shown = hasKernelPorts ? "the column of Linux forwarding shows" : "Linux forwarding shows where it is measured";
        string factors = "Factors are of this router's median, against Open vSwitch in one pass and against netfilter.\n"
            + $"The kernel's rate contains what stands for a driver there, veth and XDP, which {shown}: the factor against netfilter\n"
            + "is not to be read as that of a NIC.";
        if (section == CompareSection.Sizes)
        {
            return "Gbit/s as on a wire, with preamble and gap. " + factors;
        }

        if (section == CompareSection.Flood)
        {
            return "A segment that is taken may be refused: the cell has the share that was forwarded. There are no factors, because the\n"
                + "programs answer a full table differently: this router refuses what it has no room for, netfilter throws out a\n"
                + "connection that was never assured for each new one, Open vSwitch with these rules sends the segment on without a\n"
                + "connection. Each rate is what that answer costs.";
        }

        if (section == CompareSection.BesideFlood)
        {
            return "Both at once, as fast as one thread polls them: established packets that came back and segments of the flood that\n"
                + "were taken, in Mpps, and how many established packets were lost since the flood began (all runs together). No factors:\n"
                + "how the two kinds share the thread, and what a full table does with a segment, differ between programs.";
        }

        return section == CompareSection.Workers
            ? "One worker → two, and the factor. Two workers' rate is the packets of both in a second of their mean processor time. On a\n"
                + "machine of two processors (the line at the top says how many) the two threads share both with everything else, and so\n"
                + "are not always there: the factor by the clock has that in it."
            : factors;
    }

    private static string Cell(CompareSection section, CompareRecord record, PeerResult result)
    {
        if (result.Rate is not { } rate)
        {
            return result.IsSkipped ? Missing : result.HasFailedCheck ? PeerResult.CheckFailed : "failed";
        }

        if (section == CompareSection.BesideFlood)
        {
            long lost = result.Figures.Sum(figure => figure.Lost ?? 0);
            double of = result.Figures.Sum(figure => figure.LostOf ?? 0) / 1e6;
            return string.Create(CultureInfo.InvariantCulture,
                $"{Text(rate)}; flood {(result.FloodRate is { } flood ? Text(flood) : Missing)}; lost {lost:N0} of {of:F1} M");
        }

        if (section == CompareSection.Workers)
        {
            return Speedup(record, result) is { } factor && Speedup(record, result, one => one.WallRate) is { } clock
                ? string.Create(CultureInfo.InvariantCulture,
                    $"{rate.Median / factor:F2} → {Text(rate)}, {factor:F2} × ({clock:F2} × by the clock){Loss(result)}")
                : $"{Missing} → {Text(rate)}{Loss(result)}";
        }

        string measure = section == CompareSection.Sizes
            ? $"{rate.Median * (result.Traffic.SizeBytes + WireOverheadBytes) * 8 / 1000:F1} Gbit/s"
            : $"{1000 / rate.Median:F0} ns";
        return $"{Text(rate)}, {measure}{Loss(result)}";
    }

    private static string Text(Measurement rate) =>
        string.Create(CultureInfo.InvariantCulture, $"{rate.Median:F2} ({rate.Lowest:F2}–{rate.Highest:F2})");

    /// <summary>Packets that a program takes and does not give back are cheap: a rate without them would flatter it.</summary>
    private static string Loss(PeerResult result)
    {
        double delivered = result.Figures.Min(figure => figure.Delivered);
        bool isTold = result.Traffic.Kind == TrafficKind.Flood
            || (result.Traffic.Kind == TrafficKind.Established && delivered < DeliveredMin);
        return isTold ? string.Create(CultureInfo.InvariantCulture, $", {delivered:P1} forwarded") : string.Empty;
    }

    private static string Factor(IEnumerable<PeerResult> row, string against) =>
        CompareFactors.Of(row, against)?.ToString("F1", CultureInfo.InvariantCulture) ?? Missing;

    /// <summary>The minute in which the last of a row was measured.</summary>
    private static string When(IEnumerable<PeerResult> row) =>
        row.Max(result => result.Time)?.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture) ?? CompareBuilds.Unknown;
}
