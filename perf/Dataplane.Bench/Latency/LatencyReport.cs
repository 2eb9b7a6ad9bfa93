using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Dataplane.Bench.Compare;

namespace Dataplane.Bench.Latency;

/// <summary>Writes a measurement of latency down: raw JSON, and a page in Markdown with a chart.</summary>
internal static class LatencyReport
{
    private static readonly JsonSerializerOptions s_json = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // read by people, not by browsers
    };

    /// <summary>Writes latency.json, latency.md and, with gnuplot, latency.svg into the output folder; returns the page's path.</summary>
    public static string Write(LatencyRecord record)
    {
        string folder = record.Settings.Common.Output;
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "latency.json"), JsonSerializer.Serialize(Raw(record), s_json) + "\n");
        string? reason = LatencyChart.Draw(folder, record);
        string report = Path.Combine(folder, "latency.md");
        File.WriteAllText(report, Markdown(record, CompareFile.Machine(), reason));
        return report;
    }

    /// <summary>The page.</summary>
    /// <param name="record">What was measured.</param>
    /// <param name="machine">On what.</param>
    /// <param name="reason">Why there is no chart beside the page, or null.</param>
    public static string Markdown(LatencyRecord record, string machine, string? reason)
    {
        CompareSettings common = record.Settings.Common;
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"# Latency under load: {record.Time:yyyy-MM-dd}\n\n");
        text.Append(CultureInfo.InvariantCulture, $"{machine}. {record.Settings.Traffic.Title}; one polling thread. ");
        text.Append(CultureInfo.InvariantCulture, $"{common.Repeats} {(common.Repeats == 1 ? "repeat" : "repeats")} of ");
        text.Append(CultureInfo.InvariantCulture, $"{common.Seconds} s at each load, programs alternating.\n");
        text.Append("Rates, percentiles and shares are medians over the repeats. The longest time, the longest time between polls, ");
        text.Append("missed and lost\n");
        text.Append("are the largest of any repeat.\n");
        text.Append("Loads are shares of each program's own maximum in that repeat, by the clock. Packets are due at even ");
        text.Append("distances whether or\n");
        text.Append("not anybody polls, and their time runs from then until they are back at a port; of both directions the ");
        text.Append("slower. Missed: due\n");
        text.Append("while a ring of the port was full. Lost: taken and not given back. ");
        text.Append("Processor: share of the\n");
        text.Append("time that the polling thread had it; where that is not nearly all, others on the machine made the long times.\n");
        text.Append("Method: [perf/README.md](../../README.md). Raw: [latency.json](latency.json).\n\n");
        text.Append("| | load | Mpps | p50, µs | p99 | p99.9 | longest | longest between polls | missed | lost | processor |\n");
        text.Append("|---|---|---|---|---|---|---|---|---|---|---|\n");
        foreach (LatencyResult result in record.Results)
        {
            foreach (LatencyFigure figure in result.Summary)
            {
                text.Append(CultureInfo.InvariantCulture, $"| {result.Peer.Title} | {figure.Load:P0} | {figure.ReturnedMpps:F2} ");
                text.Append(CultureInfo.InvariantCulture, $"| {Us(figure.P50Ns)} | {Us(figure.P99Ns)} | {Us(figure.P999Ns)} ");
                text.Append(CultureInfo.InvariantCulture, $"| {Us(figure.MaxNs)} ");
                text.Append(CultureInfo.InvariantCulture, $"| {Us(figure.PollGapNs)} | {figure.Missed} | {figure.Lost} | ");
                text.Append(CultureInfo.InvariantCulture, $"{figure.ProcessorShare:P0} |\n");
            }
        }

        AppendMachine(text, record);
        AppendManaged(text, record);
        text.Append(reason is null ? $"![Latency over load]({LatencyChart.File})\n" : $"No chart: {reason}.\n");
        foreach (LatencyResult result in record.Results.Where(result => result.Problem is not null))
        {
            text.Append(CultureInfo.InvariantCulture, $"\n{result.Peer.Title}: ");
            text.Append(CultureInfo.InvariantCulture, $"{(result.IsSkipped ? "skipped" : "failed")}: {result.Problem}\n");
        }

        return text.ToString();
    }

    private static void AppendMachine(StringBuilder text, LatencyRecord record)
    {
        Measurement idle = new([.. record.IdleGapsNs.Select(gap => gap / 1e3)]);
        text.Append(CultureInfo.InvariantCulture, $"\nThe machine itself: a loop that does nothing but read the clock, on ");
        text.Append("the same processor for ");
        text.Append(CultureInfo.InvariantCulture, $"{record.Settings.Common.Seconds} s of each repeat, was away for at most ");
        text.Append(CultureInfo.InvariantCulture, $"{idle.Highest:F1} µs ");
        text.Append(CultureInfo.InvariantCulture, $"(in the median repeat {idle.Median:F1}, in the best {idle.Lowest:F1}).\n\n");
    }

    private static void AppendManaged(StringBuilder text, LatencyRecord record)
    {
        ManagedUse[] uses = [.. record.Results.SelectMany(result => result.Figures).Select(figure => figure.Managed).OfType<ManagedUse>()];
        if (uses.Length == 0)
        {
            return;
        }

        ManagedUse most = uses.Aggregate(ManagedUse.Most);
        text.Append(CultureInfo.InvariantCulture, $"This router's managed memory, the most of any load: {most.Collections} ");
        text.Append("garbage collections, ");
        text.Append(CultureInfo.InvariantCulture, $"{most.WorkerBytes} bytes allocated by the worker, {most.ProcessBytes} by ");
        text.Append("the process, which include ");
        text.Append("the answers that tell so.\n\n");
    }

    /// <summary>Microseconds; the generator's clock has steps of some fifty nanoseconds.</summary>
    private static string Us(long nanoseconds) => nanoseconds < 100 ? "<0.1"
        : (nanoseconds / 1e3).ToString(nanoseconds < 100_000 ? "F1" : "F0", CultureInfo.InvariantCulture);

    private static Dictionary<string, object> Raw(LatencyRecord record) => new()
    {
        ["scenario"] = "latency",
        ["time"] = record.Time,
        ["machine"] = CompareFile.Machine(),
        ["protocol"] = record.Settings.Traffic.Protocol,
        ["flows"] = record.Settings.Traffic.Flows,
        ["workers"] = 1,
        ["seconds"] = record.Settings.Common.Seconds,
        ["repeats"] = record.Settings.Common.Repeats,
        ["idle_gap_ns"] = record.IdleGapsNs,
        ["results"] = record.Results.Select(result => new Dictionary<string, object?>
        {
            ["peer"] = result.Peer.Name,
            ["summary"] = result.Summary,
            ["repeat"] = result.Figures,
            ["problem"] = result.Problem,
            ["skipped"] = result.IsSkipped,
        }).ToArray(),
    };
}
