using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using Dataplane.Bench.Compare;

namespace Dataplane.Bench.Latency;

/// <summary>Draws latency over load, a colour for each program, by gnuplot.</summary>
/// <remarks>The load is the rate itself and not the share of a maximum, so that one chart shows what is held and at what delay.</remarks>
internal static class LatencyChart
{
    /// <summary>The file's name.</summary>
    public const string File = "latency.svg";

    /// <summary>Writes the chart into a folder. Null, or why there is none.</summary>
    public static string? Draw(string folder, LatencyRecord record) =>
        Script(record) is { } script ? Gnuplot.Plot(folder, script) : "nothing was measured";

    /// <summary>What gnuplot is told; null where there is nothing to draw.</summary>
    public static string? Script(LatencyRecord record)
    {
        LatencyResult[] drawn = [.. record.Results.Where(result => result.Figures.Count > 0)];
        if (drawn.Length == 0)
        {
            return null;
        }

        StringBuilder script = new();
        List<string> lines = [];
        for (int index = 0; index < drawn.Length; index++)
        {
            script.Append(CultureInfo.InvariantCulture, $"$data{index} << END\n");
            foreach (LatencyFigure figure in drawn[index].Summary)
            {
                script.Append(CultureInfo.InvariantCulture, $"{figure.ReturnedMpps:F4} {figure.P50Ns / 1e3:F3} {figure.P999Ns / 1e3:F3}\n");
            }

            script.Append("END\n");
            Peer peer = drawn[index].Peer;
            string colour = Gnuplot.Colours[Math.Min(Peer.All.TakeWhile(one => one != peer).Count(), Gnuplot.Colours.Length - 1)];
            lines.Add($"$data{index} using 1:3 with linespoints title \"{peer.Title}, 99.9 %\" linecolor rgb \"{colour}\" pointtype 7");
            lines.Add($"$data{index} using 1:2 with linespoints title \"median\" linecolor rgb \"{colour}\" dashtype 2 pointtype 6");
        }

        script.Append(CultureInfo.InvariantCulture, $"""
            set terminal svg size 900,420 dynamic background rgb "white" font "sans-serif,12"
            set output "{File}"
            set logscale y
            set xrange [0:*]
            set xlabel "million packets a second (one core)"
            set ylabel "microseconds until a packet is back"
            set grid ytics linecolor rgb "#dddddd"
            set key outside right top vertical reverse Left
            set xtics nomirror
            set ytics nomirror
            set border 3

            """);
        return script.Append("plot ").AppendJoin(", ", lines).Append('\n').ToString();
    }
}
