using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;

namespace Dataplane.Bench.Trafgen;

/// <summary>The results of one flood as rows: what was measured, then a cell for each router.</summary>
/// <remarks>Numbers are written the same everywhere: the program runs without cultures (InvariantGlobalization).</remarks>
internal sealed class FloodTable
{
    private const string Nothing = "–";

    private readonly List<string[]> _rows = [];

    /// <summary>Makes the rows.</summary>
    /// <param name="settings">What was asked for.</param>
    /// <param name="outcomes">Of one flood, at least one.</param>
    public FloodTable(FloodSettings settings, IReadOnlyList<FloodOutcome> outcomes)
    {
        _rows.Add([outcomes[0].Flood.Title, .. outcomes.Select(outcome => outcome.Peer.Title)]);
        Add("others ready to run beforehand", r => $"{r.OthersReady:F1}");
        Add("segments sent", r => $"{r.Sent:N0}, {r.Offered:N0}/s");
        Add("taken by the router", r => $"{r.Taken:N0}, {Share(r.Taken, r.Sent)}");
        Add("connections opened", r => $"{r.Opening.Opened:N0}");
        Add("… a second of those offered, while there was room", Filling);
        Add("… a second of those offered, once the table was full", r => r.Opening.WhenFull is { } rate ? OfOffered(rate, r) : Nothing);
        Add("in the table at the end", r => $"{r.Entries:N0} of {settings.EntriesMax:N0}");
        Add("thrown out of it to make room", r => $"{r.Evicted:N0}");
        Add("packets dropped", r => Drops(r.Drops));
        Add("iperf3, Mbit/s before / during / after", r => Phases(r, phase => $"{phase.Megabits:F0}"));
        Add("… in the worst quarter of a second", r => Phases(r, phase => $"{phase.Lowest:F0}"));
        Add("… segments sent again", r => Phases(r, phase => $"{phase.Retransmissions}"));
        Add("idle connections that answered after it", r => $"{r.IdleAnswered} of {FloodSettings.IdleConnections}");
        Add("honest connections opened during it", r => $"{r.HonestOpened} of {FloodSettings.HonestAttempts}");

        void Add(string label, Func<FloodResult, string> cell) => _rows.Add(
            [label, .. outcomes.Select(outcome => outcome.Measured is { } result ? cell(result) : Nothing)]);
    }

    /// <summary>As a table of Markdown.</summary>
    public string ToMarkdown()
    {
        StringBuilder text = new();
        foreach ((int index, string[] row) in _rows.Index())
        {
            text.Append("| ").AppendJoin(" | ", row).Append(" |\n");
            if (index == 0)
            {
                text.Append('|').Append(string.Concat(Enumerable.Repeat("---|", row.Length))).Append('\n');
            }
        }

        return text.ToString();
    }

    /// <summary>As columns for a terminal.</summary>
    public string ToText()
    {
        int[] widths = [.. _rows[0].Select((_, column) => _rows.Max(row => row[column].Length))];
        StringBuilder text = new();
        foreach (string[] row in _rows)
        {
            text.Append(string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd()).Append('\n');
        }

        return text.ToString();
    }

    private static string Share(long part, long whole) => whole == 0 ? Nothing : $"{100.0 * part / whole:F1} %";

    private static string OfOffered(double rate, FloodResult result) => $"{rate:N0} of {result.Offered:N0}";

    private static string Filling(FloodResult result) => OfOffered(result.Opening.WithRoom, result)
        + (result.Opening.FillSeconds is { } seconds ? $", full after {seconds:F2} s" : string.Empty);

    private static string Drops(IReadOnlyDictionary<string, long> drops) => drops.Count == 0
        ? "none"
        : string.Join(", ", drops.OrderByDescending(drop => drop.Value).Select(drop => $"{drop.Key} {drop.Value:N0}"));

    private static string Phases(FloodResult result, Func<IperfPhase, string> cell) =>
        string.Join(" / ", ((IperfPhase[])[result.IperfBefore, result.IperfDuring, result.IperfAfter]).Select(cell));
}
