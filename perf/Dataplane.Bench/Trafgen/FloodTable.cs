using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;

namespace Dataplane.Bench.Trafgen;

/// <summary>The results of one flood as rows: what was measured, then a cell for each router.</summary>
internal sealed class FloodTable
{
    private readonly List<string[]> _rows = [];

    /// <summary>Makes the rows.</summary>
    /// <param name="settings">What was asked for.</param>
    /// <param name="outcomes">Of one flood, at least one; of all repeats.</param>
    public FloodTable(FloodSettings settings, IReadOnlyList<FloodOutcome> outcomes)
    {
        FloodedPeer[] peers = [.. settings.Peers.Where(peer => outcomes.Any(outcome => outcome.Peer == peer))];
        FloodRepeats[] repeats = [.. peers.Select(peer => Of(outcomes, peer))];
        _rows.Add([outcomes[0].Flood.Title, .. peers.Select(peer => peer.Title)]);
        Add("others ready to run beforehand", r => r.Figure(result => result.OthersReady, "F1"));
        Add("segments sent", r => $"{r.Figure(result => result.Sent)}, {Offered(r)}/s");
        Add("taken by the router", r => $"{r.Figure(result => result.Taken)}, {r.Optional(TakenPercent, "F1", " %")}");
        Add("connections opened", r => r.Figure(result => result.Opening.Opened));
        Add("… a second of those offered, while there was room", Filling);
        Add("… a second of those offered, once the table was full", WhenFull);
        Add("in the table at the end", r => $"{r.Figure(result => result.Entries)} of {settings.EntriesMax:N0}");
        Add("thrown out of it to make room", r => r.Figure(result => result.Evicted));
        Add("packets dropped", r => r.Drops());
        Add("iperf3, Mbit/s before / during / after", r => r.Phases(phase => phase.Megabits));
        Add("… in the worst quarter of a second", r => r.Phases(phase => phase.Lowest));
        Add("… segments sent again", r => r.Phases(phase => phase.Retransmissions));
        Add("idle connections that answered after it", r => $"{r.Figure(flood => flood.IdleAnswered)} of {FloodSettings.IdleConnections}");
        Add("honest connections opened during it", r => $"{r.Figure(result => result.HonestOpened)} of {FloodSettings.HonestAttempts}");

        void Add(string label, Func<FloodRepeats, string> cell) =>
            _rows.Add([label, .. repeats.Select(router => router.IsEmpty ? FloodRepeats.Nothing : cell(router))]);
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

    private static FloodRepeats Of(IEnumerable<FloodOutcome> outcomes, FloodedPeer peer) =>
        new([.. outcomes.Where(outcome => outcome.Peer == peer).Select(outcome => outcome.Measured).OfType<FloodResult>()]);

    private static double? TakenPercent(FloodResult result) => result.Sent == 0 ? null : 100.0 * result.Taken / result.Sent;

    private static string Offered(FloodRepeats repeats) => repeats.Figure(result => result.Offered);

    private static string Filling(FloodRepeats repeats)
    {
        string seconds = repeats.Optional(result => result.Opening.FillSeconds, "F2", " s");
        return $"{repeats.Figure(result => result.Opening.WithRoom)} of {Offered(repeats)}"
            + (seconds == FloodRepeats.Nothing ? string.Empty : $", full after {seconds}");
    }

    private static string WhenFull(FloodRepeats repeats)
    {
        string rate = repeats.Optional(result => result.Opening.WhenFull);
        return rate == FloodRepeats.Nothing ? rate : $"{rate} of {Offered(repeats)}";
    }
}
