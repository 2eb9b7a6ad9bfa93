using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;

namespace Dataplane.Bench.Compare;

/// <summary>Draws results as grouped bars, one SVG for each part of the report, by gnuplot.</summary>
/// <remarks>Bars begin at zero, so that their lengths compare. What translates nothing is left to the table: it would dwarf the rest.
/// </remarks>
internal static class CompareCharts
{
    /// <summary>The file of a part's chart.</summary>
    public static string FileOf(CompareSection section) => $"compare-{section.Name}.svg";

    /// <summary>Writes the charts into a folder; returns the files' names.</summary>
    /// <param name="folder">Where.</param>
    /// <param name="record">What to draw.</param>
    /// <param name="reason">Why there is no chart, or null.</param>
    public static IReadOnlyList<string> Draw(string folder, CompareRecord record, out string? reason)
    {
        List<string> charts = [];
        reason = null;
        foreach (CompareSection section in CompareSection.All.Where(section => section != CompareSection.BesideFlood))
        {
            if (Script(section, record) is not { } script)
            {
                continue;
            }

            reason = Gnuplot.Plot(folder, script);
            if (reason is not null)
            {
                break;
            }

            charts.Add(FileOf(section));
        }

        return charts;
    }

    /// <summary>What gnuplot is told for a part; null where there is nothing to draw.</summary>
    public static string? Script(CompareSection section, CompareRecord record)
    {
        bool isFactor = section == CompareSection.Workers;
        IReadOnlyList<IGrouping<Traffic, PeerResult>> rows = section.Rows(record);
        Peer[] peers =
        [
            .. record.Peers.Where(peer => peer.Translates
                && rows.Any(row => row.Any(result => result.Peer == peer && Scale(record, result, isFactor) is not null))),
        ];
        if (peers.Length == 0)
        {
            return null;
        }

        StringBuilder script = new();
        script.Append("$data << END\n");
        foreach (IGrouping<Traffic, PeerResult> row in rows)
        {
            script.Append(CultureInfo.InvariantCulture, $"\"{row.Key.Name}\"");
            foreach (Peer peer in peers)
            {
                PeerResult? result = row.FirstOrDefault(one => one.Peer == peer);
                script.Append(Bar(record, result, isFactor));
            }

            script.Append('\n');
        }

        string axis = isFactor ? "times one worker"
            : section == CompareSection.Opening ? "million connections a second (one core)"
            : "million packets a second (one core)";
        script.Append(CultureInfo.InvariantCulture, $"""
            END
            set terminal svg size {Math.Max(480, 160 + rows.Count * 120)},460 dynamic background rgb "white" font "sans-serif,12"
            set output "{FileOf(section)}"
            set title "{section.Subject}, {record.Time:yyyy-MM-dd}\n{Quoted(record.Machine)}" noenhanced
            set style data histograms
            set style histogram errorbars gap 1 linewidth 1
            set style fill solid 0.9 noborder
            set yrange [0:*]
            set errorbars linecolor rgb "black"
            set ylabel "{axis}"
            set grid ytics linecolor rgb "#dddddd"
            set key outside top center horizontal
            set xtics nomirror
            set ytics nomirror
            set border 3
            set datafile missing "NaN"

            """);
        script.Append("plot ").AppendJoin(", ", peers.Select((peer, index) => string.Create(CultureInfo.InvariantCulture,
            $"$data using {2 + 3 * index}:{3 + 3 * index}:{4 + 3 * index}:xtic(1) "
            + $"title \"{peer.Title}\" linecolor rgb \"{Colour(peer)}\"")));
        return script.Append('\n').ToString();
    }

    /// <summary>The height of a bar and of its range's ends.</summary>
    private static string Bar(CompareRecord record, PeerResult? result, bool isFactor) =>
        result?.Rate is { } rate && Scale(record, result, isFactor) is { } scale
            ? string.Create(CultureInfo.InvariantCulture, $" {rate.Median * scale:F4} {rate.Lowest * scale:F4} {rate.Highest * scale:F4}")
            : " NaN NaN NaN";

    /// <summary>What a rate is multiplied by to be drawn; null when it cannot be.</summary>
    private static double? Scale(CompareRecord record, PeerResult result, bool isFactor) =>
        isFactor ? CompareTables.Speedup(record, result) / result.Rate?.Median
        : result.Rate is null ? null
        : 1;

    private static string Colour(Peer peer) =>
        Gnuplot.Colours[Math.Min(Peer.All.TakeWhile(one => one != peer).Count(), Gnuplot.Colours.Length - 1)];

    /// <summary>Text between double quotes, where a backslash means something.</summary>
    private static string Quoted(string text) => text.Replace("\\", "\\\\").Replace("\"", "\\\"");
}
