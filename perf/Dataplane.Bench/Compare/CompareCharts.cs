using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;

namespace Dataplane.Bench.Compare;

/// <summary>Draws results as grouped bars, one SVG for each kind of traffic, by gnuplot.</summary>
/// <remarks>Bars begin at zero, so that their lengths compare. What translates nothing is left to the table: it would dwarf the rest.
/// </remarks>
internal static class CompareCharts
{
    private const int TimeoutMs = 60_000;

    // Told apart in grey and by people who do not see red and green: the Okabe-Ito palette.
    private static readonly string[] s_colours = ["#D55E00", "#0072B2", "#56B4E9", "#009E73", "#999999"];

    /// <summary>Writes compare-KIND.svg into the output folder; returns the files' names.</summary>
    /// <param name="settings">Where, and which peers.</param>
    /// <param name="results">What to draw.</param>
    /// <param name="reason">Why there is no chart, or null.</param>
    public static IReadOnlyList<string> Draw(CompareSettings settings, IReadOnlyList<PeerResult> results, out string? reason)
    {
        List<string> charts = [];
        reason = null;
        foreach (IGrouping<TrafficKind, PeerResult> kind in results.GroupBy(result => result.Traffic.Kind))
        {
            Peer[] measured = [.. kind.Where(result => result.Rate is not null).Select(result => result.Peer).Distinct()];
            Peer[] peers = [.. measured.Where(peer => peer.Translates)];
            if (peers.Length == 0)
            {
                continue;
            }

            string name = $"compare-{kind.Key.ToString().ToLowerInvariant()}.svg";
            reason = Plot(settings.Output, Script(name, kind.Key, [.. kind], peers));
            if (reason is not null)
            {
                break;
            }

            charts.Add(name);
        }

        return charts;
    }

    private static string Script(string file, TrafficKind kind, PeerResult[] results, Peer[] peers)
    {
        StringBuilder script = new();
        IGrouping<Traffic, PeerResult>[] rows = [.. results.GroupBy(result => result.Traffic)];
        script.Append("$data << END\n");
        foreach (IGrouping<Traffic, PeerResult> row in rows)
        {
            script.Append(CultureInfo.InvariantCulture, $"\"{row.Key.Name}\"");
            foreach (Peer peer in peers)
            {
                Measurement? rate = row.FirstOrDefault(result => result.Peer == peer)?.Rate;
                script.Append(rate is null
                    ? " NaN NaN NaN"
                    : string.Create(CultureInfo.InvariantCulture, $" {rate.Median:F4} {rate.Lowest:F4} {rate.Highest:F4}"));
            }

            script.Append('\n');
        }

        string axis = kind == TrafficKind.Opening ? "million connections a second" : "million packets a second";
        script.Append(CultureInfo.InvariantCulture, $"""
            END
            set terminal svg size {Math.Max(480, 160 + rows.Length * 120)},420 dynamic background rgb "white" font "sans-serif,12"
            set output "{file}"
            set style data histograms
            set style histogram errorbars gap 1 linewidth 1
            set style fill solid 0.9 noborder
            set yrange [0:*]
            set errorbars linecolor rgb "black"
            set ylabel "{axis} (one core)"
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

    private static string Colour(Peer peer) => s_colours[Math.Min(Peer.All.TakeWhile(one => one != peer).Count(), s_colours.Length - 1)];

    private static string? Plot(string folder, string script)
    {
        try
        {
            using Process? gnuplot = Process.Start(new ProcessStartInfo("gnuplot")
            {
                WorkingDirectory = folder,
                RedirectStandardInput = true,
                RedirectStandardError = true,
                UseShellExecute = false,
            });
            if (gnuplot is null)
            {
                return "gnuplot did not start";
            }

            gnuplot.StandardInput.Write(script);
            gnuplot.StandardInput.Close();
            string said = gnuplot.StandardError.ReadToEnd();
            if (!gnuplot.WaitForExit(TimeoutMs))
            {
                gnuplot.Kill();
                return "gnuplot does not end";
            }

            return gnuplot.ExitCode == 0 ? null : $"gnuplot: {said.ReplaceLineEndings(" ").Trim()}";
        }
        catch (Win32Exception)
        {
            return "gnuplot is not installed (Debian: gnuplot-nox)";
        }
    }
}
