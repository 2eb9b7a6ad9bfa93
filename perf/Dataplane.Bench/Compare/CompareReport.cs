using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Dataplane.Bench.Compare;

/// <summary>Writes a comparison down: raw JSON, a report in Markdown, and the data and charts beside it.</summary>
internal sealed class CompareReport(CompareSettings settings, IReadOnlyList<PeerResult> checks, IReadOnlyList<PeerResult> results)
{
    private static readonly JsonSerializerOptions s_json = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
    };

    private const double DeliveredMin = 0.999; // less is said beside the rate

    private readonly DateTime _time = DateTime.UtcNow;

    /// <summary>Writes compare.json, compare.md and, with gnuplot, compare-*.svg; returns the report's path.</summary>
    public string Write()
    {
        Directory.CreateDirectory(settings.Output);
        File.WriteAllText(Path.Combine(settings.Output, "compare.json"), JsonSerializer.Serialize(Raw(), s_json) + "\n");
        IReadOnlyList<string> charts = CompareCharts.Draw(settings, results, out string? reason);
        string report = Path.Combine(settings.Output, "compare.md");
        File.WriteAllText(report, Markdown(charts, reason));
        return report;
    }

    private Dictionary<string, object> Raw() => new()
    {
        ["scenario"] = "compare",
        ["time"] = _time,
        ["machine"] = Machine(),
        ["seconds"] = settings.Seconds,
        ["repeats"] = settings.Repeats,
        ["checks"] = checks.Select(Row).ToArray(),
        ["results"] = results.Select(Row).ToArray(),
    };

    private static Dictionary<string, object?> Row(PeerResult result) => new()
    {
        ["peer"] = result.Peer.Name,
        ["traffic"] = result.Traffic.Name,
        ["flows"] = result.Traffic.Flows,
        ["size_bytes"] = result.Traffic.SizeBytes,
        ["workers"] = 1,
        [result.Traffic.Kind == TrafficKind.Opening ? "mconn_per_s" : "mpps"] = result.Rate?.Median,
        ["median"] = result.Rate?.Median,
        ["ns_per_packet"] = result.Rate is { } rate ? 1000 / rate.Median : null,
        ["repeat"] = result.Figures,
        ["problem"] = result.Problem,
        ["skipped"] = result.IsSkipped,
    };

    private string Markdown(IReadOnlyList<string> charts, string? reason)
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"# The same traffic, side by side: {_time:yyyy-MM-dd}\n\n");
        text.Append(CultureInfo.InvariantCulture,
            $"{Machine()}. Medians of {settings.Repeats} runs of {settings.Seconds} s, range in brackets, peers alternating.\n");
        text.Append("One polling thread; rates are per second of that thread's processor time and include the generator port,\n");
        text.Append("which the testpmd column shows. Method: [perf/README.md](../../README.md). Raw: [compare.json](compare.json).\n\n");
        foreach (TrafficKind kind in results.Select(result => result.Traffic.Kind).Distinct())
        {
            AppendTable(text, kind);
        }

        foreach (string chart in charts)
        {
            text.Append(CultureInfo.InvariantCulture, $"![{Path.GetFileNameWithoutExtension(chart)}]({chart})\n\n");
        }

        if (reason is not null)
        {
            text.Append(CultureInfo.InvariantCulture, $"No charts: {reason}.\n\n");
        }

        AppendChecks(text);
        AppendProblems(text);
        return text.ToString().TrimEnd() + "\n";
    }

    private void AppendTable(StringBuilder text, TrafficKind kind)
    {
        text.Append(kind switch
        {
            TrafficKind.Established => "## Established connections, Mpps\n\n",
            TrafficKind.Opening => "## New connections, millions a second\n\n",
            _ => "## SYN flood into a full table, million segments taken a second\n\n",
        });
        text.Append("| |").AppendJoin(string.Empty, settings.Peers.Select(peer => $" {peer.Title} |"));
        text.Append(" × Open vSwitch | × netfilter |\n");
        text.Append("|---|").Append(string.Concat(Enumerable.Repeat("---|", settings.Peers.Count + 2))).Append('\n');
        IEnumerable<PeerResult> ofKind = results.Where(result => result.Traffic.Kind == kind);
        foreach (IGrouping<Traffic, PeerResult> row in ofKind.GroupBy(result => result.Traffic))
        {
            text.Append(CultureInfo.InvariantCulture, $"| {row.Key.Title} |");
            foreach (PeerResult result in row)
            {
                text.Append(CultureInfo.InvariantCulture, $" {Cell(result)} |");
            }

            text.Append(CultureInfo.InvariantCulture, $" {Factor(row, Peer.Reference)} | {Factor(row, Peer.Kernel)} |\n");
        }

        text.Append("\nFactors are of this router's median, against Open vSwitch in one pass and against netfilter.\n");
        const string refused = "A segment that is taken may be refused: the cell has the share that was forwarded.\n\n";
        text.Append(kind == TrafficKind.Flood ? refused : "\n");
    }

    private static string Cell(PeerResult result)
    {
        if (result.Rate is not { } rate)
        {
            return result.IsSkipped ? "–" : "failed";
        }

        // Packets that a program takes and does not give back are cheap: a rate without them would flatter it.
        double delivered = result.Figures.Min(figure => figure.Delivered);
        bool isTold = result.Traffic.Kind == TrafficKind.Flood
            || (result.Traffic.Kind == TrafficKind.Established && delivered < DeliveredMin);
        string loss = isTold ? string.Create(CultureInfo.InvariantCulture, $", {delivered:P1} forwarded") : string.Empty;
        return string.Create(CultureInfo.InvariantCulture,
            $"{rate.Median:F2} ({rate.Lowest:F2}–{rate.Highest:F2}), {1000 / rate.Median:F0} ns{loss}");
    }

    private static string Factor(IEnumerable<PeerResult> row, string against)
    {
        double? own = row.FirstOrDefault(result => result.Peer.Name == Peer.Own)?.Rate?.Median;
        double? reference = row.FirstOrDefault(result => result.Peer.Name == against)?.Rate?.Median;
        return own is { } a && reference is { } b ? string.Create(CultureInfo.InvariantCulture, $"{a / b:F1}") : "–";
    }

    private void AppendChecks(StringBuilder text)
    {
        if (checks.Count == 0)
        {
            return;
        }

        text.Append("## Checked\n\nBefore measuring, the generator checks every packet of 4,096 connections: both checksums, the\n");
        text.Append("translated and the restored header, the payload, and for a router link addresses and the hop limit.\n\n");
        text.Append("| | |\n|---|---|\n");
        foreach (PeerResult check in checks)
        {
            string outcome = check.Problem ?? "no packet wrong";
            text.Append(CultureInfo.InvariantCulture, $"| {check.Peer.Title}, {check.Traffic.Protocol.ToUpperInvariant()} | {outcome} |\n");
        }

        text.Append('\n');
    }

    private void AppendProblems(StringBuilder text)
    {
        PeerResult[] problems = [.. results.Where(result => result.Problem is not null)];
        if (problems.Length == 0)
        {
            return;
        }

        text.Append("## Left out\n\n");
        foreach (IGrouping<(string Title, string? Problem, bool), PeerResult> group in
            problems.GroupBy(result => (result.Peer.Title, result.Problem, result.IsSkipped)))
        {
            string word = group.Key.Item3 ? "skipped" : "failed";
            text.Append(CultureInfo.InvariantCulture,
                $"* {group.Key.Title}, {string.Join(", ", group.Select(result => result.Traffic.Name))}: {word}: {group.Key.Problem}\n");
        }
    }

    private static string Machine()
    {
        const string key = "model name";
        string? line = File.ReadLines("/proc/cpuinfo").FirstOrDefault(text => text.StartsWith(key, StringComparison.Ordinal));
        string model = line is null ? "unknown processor" : line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
        Version kernel = Environment.OSVersion.Version;
        return $"{model}, {Environment.ProcessorCount} processors, Linux {kernel.ToString(2)}, {RuntimeInformation.FrameworkDescription}";
    }
}
