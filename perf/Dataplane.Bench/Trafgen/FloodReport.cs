using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json;

namespace Dataplane.Bench.Trafgen;

/// <summary>Writes floods down: raw JSON and a report in Markdown.</summary>
internal sealed class FloodReport(FloodSettings settings, IReadOnlyList<FloodOutcome> outcomes)
{
    private static readonly JsonSerializerOptions s_json = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
    };

    private readonly DateTime _time = DateTime.UtcNow;

    /// <summary>Writes trafgen.json and trafgen.md into the output folder.</summary>
    /// <returns>The report's path.</returns>
    public string Write()
    {
        Directory.CreateDirectory(settings.Output);
        File.WriteAllText(Path.Combine(settings.Output, "trafgen.json"), ToJson());
        string report = Path.Combine(settings.Output, "trafgen.md");
        File.WriteAllText(report, ToMarkdown());
        return report;
    }

    /// <summary>Everything that was measured.</summary>
    public string ToJson() => JsonSerializer.Serialize(
        new Dictionary<string, object>
        {
            ["scenario"] = "synflood-trafgen",
            ["time"] = _time,
            ["seconds"] = settings.Seconds,
            ["repeats"] = settings.Repeats,
            ["packets_per_second"] = settings.PacketsPerSecond,
            ["entries_max"] = settings.EntriesMax,
            ["iperf_mbit_per_s"] = FloodSettings.IperfMegabits,
            ["idle_connections"] = FloodSettings.IdleConnections,
            ["honest_attempts"] = FloodSettings.HonestAttempts,
            ["results"] = outcomes.Select(outcome => new Dictionary<string, object?>
            {
                ["peer"] = outcome.Peer.Name,
                ["flood"] = outcome.Flood.Name,
                ["repeat"] = outcome.Repeat,
                ["result"] = outcome.Measured,
                ["problem"] = outcome.Problem,
                ["skipped"] = outcome.IsSkipped,
            }).ToArray(),
        },
        s_json) + "\n";

    /// <summary>A table for each flood, and what was left out.</summary>
    public string ToMarkdown()
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"# Floods by trafgen: {_time:yyyy-MM-dd}\n\n");
        string rate = settings.PacketsPerSecond > 0
            ? $"{settings.PacketsPerSecond:N0} segments a second"
            : "Segments as fast as trafgen sends them";
        text.Append(CultureInfo.InvariantCulture, $"{rate} for {settings.Seconds} s against a table of {settings.EntriesMax:N0}");
        text.Append(" connections, each router on one\nprocessor, beside iperf3 at ");
        text.Append(CultureInfo.InvariantCulture, $"{FloodSettings.IperfMegabits} Mbit/s");
        text.Append(" and idle connections. ");
        text.Append(settings.Repeats == 1 ? string.Empty : $"Medians of {settings.Repeats} repeats, range in brackets. ");
        text.Append("Method and how to read it: [perf/trafgen](../../trafgen/README.md).\n");
        text.Append("Raw: [trafgen.json](trafgen.json).\n\n");
        foreach (FloodTable table in Tables())
        {
            text.Append(table.ToMarkdown()).Append('\n');
        }

        foreach (FloodOutcome outcome in outcomes.Where(outcome => outcome.Problem is not null))
        {
            string word = outcome.IsSkipped ? "skipped" : "failed";
            string reason = outcome.Problem!.ReplaceLineEndings(" ");
            string repeat = settings.Repeats == 1 || outcome.IsSkipped ? string.Empty : $", repeat {outcome.Repeat}";
            text.Append(CultureInfo.InvariantCulture, $"* {outcome.Peer.Title}, {outcome.Flood.Title}{repeat}: {word}: {reason}\n");
        }

        return text.ToString().TrimEnd() + "\n";
    }

    /// <summary>The tables for a terminal.</summary>
    public string ToText() => string.Join('\n', Tables().Select(table => table.ToText()));

    private IEnumerable<FloodTable> Tables() => outcomes
        .GroupBy(outcome => outcome.Flood)
        .Where(group => group.Any(outcome => outcome.Measured is not null))
        .Select(group => new FloodTable(settings, [.. group]));
}
