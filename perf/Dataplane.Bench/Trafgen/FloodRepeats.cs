using System;
using System.Collections.Generic;
using System.Linq;

namespace Dataplane.Bench.Trafgen;

/// <summary>What one flood did to one router each time, as text: a figure, or from two repeats on the median and the range.</summary>
/// <remarks>Numbers are written the same everywhere: the program runs without cultures (InvariantGlobalization).</remarks>
/// <param name="results">Of the repeats in which something was measured.</param>
internal sealed class FloodRepeats(IReadOnlyList<FloodResult> results)
{
    /// <summary>Where there is nothing to write.</summary>
    public const string Nothing = "–";

    /// <summary>Whether nothing was measured.</summary>
    public bool IsEmpty => results.Count == 0;

    /// <summary>A figure that every repeat has.</summary>
    /// <param name="figure">Of one repeat.</param>
    /// <param name="format">Of numbers.</param>
    public string Figure(Func<FloodResult, double> figure, string format = "N0") => Text([.. results.Select(figure)], format);

    /// <summary>A figure that a repeat may not have; where only some do, how many.</summary>
    /// <param name="figure">Of one repeat, or null.</param>
    /// <param name="format">Of numbers.</param>
    /// <param name="unit">Behind them.</param>
    public string Optional(Func<FloodResult, double?> figure, string format = "N0", string unit = "")
    {
        double[] figures = [.. results.Select(figure).OfType<double>()];
        return figures.Length == 0 ? Nothing
            : Text(figures, format) + unit + (figures.Length < results.Count ? $", in {figures.Length} of {results.Count}" : string.Empty);
    }

    /// <summary>A figure before, during and after the flood.</summary>
    public string Phases(Func<IperfPhase, double> figure) => string.Join(
        " / ",
        ((Func<FloodResult, IperfPhase>[])[r => r.IperfBefore, r => r.IperfDuring, r => r.IperfAfter])
            .Select(phase => Figure(result => figure(phase(result)), "F0")));

    /// <summary>Packets by the reason for which they were dropped, the most frequent one first.</summary>
    public string Drops()
    {
        IEnumerable<string> reasons = results.SelectMany(result => result.Drops.Keys).Distinct();
        string[] drops =
        [
            .. reasons
                .Select(reason => (Reason: reason, Packets: new Measurement([.. results.Select(result => Of(result, reason))])))
                .OrderByDescending(drop => drop.Packets.Median)
                .Select(drop => $"{drop.Reason} {Text(drop.Packets.Runs, "N0")}"),
        ];
        return drops.Length == 0 ? "none" : string.Join(", ", drops);
    }

    private static double Of(FloodResult result, string reason) => result.Drops.GetValueOrDefault(reason);

    private static string Text(IReadOnlyList<double> figures, string format)
    {
        Measurement all = new(figures);
        string median = all.Median.ToString(format, null);
        return figures.Count == 1 ? median : $"{median} ({all.Lowest.ToString(format, null)}–{all.Highest.ToString(format, null)})";
    }
}
