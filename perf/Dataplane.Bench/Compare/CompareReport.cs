using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;

namespace Dataplane.Bench.Compare;

/// <summary>The report of a comparison in Markdown: one page, a table for each part.</summary>
internal static class CompareReport
{
    public const string Name = "compare.md";

    /// <summary>Writes compare.json, compare.md and, with gnuplot, compare-*.svg into a folder; returns the report's path.</summary>
    public static string Write(string folder, CompareRecord record)
    {
        CompareFile.Write(folder, record);
        IReadOnlyList<string> charts = CompareCharts.Draw(folder, record, out string? reason);
        string report = Path.Combine(folder, Name);
        File.WriteAllText(report, Markdown(record, charts, reason));
        return report;
    }

    /// <summary>The page.</summary>
    /// <param name="record">What was measured.</param>
    /// <param name="charts">Files beside the report, "compare-PART.svg".</param>
    /// <param name="reason">Why there are no charts, or null.</param>
    public static string Markdown(CompareRecord record, IReadOnlyList<string> charts, string? reason)
    {
        StringBuilder text = new();
        AppendHead(text, record);
        foreach (CompareSection section in CompareSection.All)
        {
            IReadOnlyList<IGrouping<Traffic, PeerResult>> rows = section.Rows(record);
            if (rows.Count == 0)
            {
                continue;
            }

            text.Append(CultureInfo.InvariantCulture, $"## {section.Title}\n\n");
            CompareTables.Append(text, section, record, rows);
            string chart = CompareCharts.FileOf(section);
            if (charts.Contains(chart))
            {
                text.Append(CultureInfo.InvariantCulture, $"![{section.Title}]({chart})\n\n");
            }
        }

        if (reason is not null)
        {
            text.Append(CultureInfo.InvariantCulture, $"No charts: {reason}.\n\n");
        }

        AppendChecks(text, record.Checks);
        AppendProblems(text, record.Results);
        return text.ToString().TrimEnd() + "\n";
    }

    private static void AppendHead(StringBuilder text, CompareRecord record)
    {
        int[] counts = [.. record.Results.Where(result => result.Figures.Count > 0).Select(result => result.Figures.Count)];
        string runs = counts.Length == 0 ? "no run"
            : counts.Min() == counts.Max() ? Runs(counts[0])
            : string.Create(CultureInfo.InvariantCulture, $"{counts.Min()} to {Runs(counts.Max())}");
        text.Append(CultureInfo.InvariantCulture, $"# The same traffic, side by side: {record.Time:yyyy-MM-dd}\n\n");
        text.Append(CultureInfo.InvariantCulture, $"{record.Machine}. Medians of {runs}, range in brackets, peers alternating.\n");
        text.Append(record.Processors is { } processors ? $"Measured on {processors}.\n" : string.Empty);
        text.Append(string.Concat(record.ProcessorNotes.Select(note => $"{note}\n")));
        text.Append("Rates are per second of the polling thread's processor time and include the generator port, which the\n");
        text.Append("testpmd column shows. Method: [perf/README.md](../../README.md). Raw: [compare.json](compare.json).\n\n");
        AppendBuilds(text, record.Builds);
    }

    /// <summary>What the programs were, and what is not the same for all of them.</summary>
    private static void AppendBuilds(StringBuilder text, CompareBuilds builds)
    {
        string hugepages = builds.Hugepages?.ToString(CultureInfo.InvariantCulture) ?? CompareBuilds.Unknown;
        text.Append(CultureInfo.InvariantCulture, $"This router's source: {CompareBuilds.Text(builds.Source)}. ");
        text.Append(CultureInfo.InvariantCulture, $"Open vSwitch: {CompareBuilds.Text(builds.OpenVswitch)}. ");
        text.Append(CultureInfo.InvariantCulture, $"DPDK: {CompareBuilds.Text(builds.Dpdk)}. nft: {CompareBuilds.Text(builds.Nft)}. ");
        text.Append(CultureInfo.InvariantCulture, $"Hugepages of 2 MiB: {hugepages}. ");
        text.Append(CultureInfo.InvariantCulture, $"Harness: {CompareBuilds.Text(builds.Harness)}.\n\n");
        text.Append("* Open vSwitch and DPDK are the distribution's builds for any x86-64 processor; this router's own code is\n");
        text.Append("  compiled at its start for the processor it runs on.\n");
        text.Append("* Room for all connections is given to each program before it starts. This router maps its table then; Open\n");
        text.Append("  vSwitch and the kernel take memory for each connection as it opens, and Open vSwitch's maps grow while they do.\n");
        text.Append("* The kernel's packets come over veth from XDP, not from the generator: what that costs is in its rate, and\n");
        text.Append("  Linux forwarding shows it.\n\n");
    }

    private static string Runs(int count) => string.Create(CultureInfo.InvariantCulture, $"{count} run{(count == 1 ? "" : "s")}");

    private static void AppendChecks(StringBuilder text, IReadOnlyList<PeerResult> checks)
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

    private static void AppendProblems(StringBuilder text, IReadOnlyList<PeerResult> results)
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
}
