using System;
using System.Collections.Generic;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.IO;
using System.Linq;
using Dataplane.Lab;
using Dataplane.Os;
using CliCommand = System.CommandLine.Command;

namespace Dataplane.Bench.Trafgen;

/// <summary>The command line of <c>synflood-trafgen</c>.</summary>
internal static class TrafgenCommand
{
    private static readonly Option<int> s_seconds = Number("--seconds", "length of each flood", 5, 3, 60);
    private static readonly Option<int> s_repeats = Number("--repeats", "how often each flood meets each router", 1, 1, 100);
    private static readonly Option<int> s_rate = Number(
        "--rate", "segments a second; 0: as many as trafgen can send", 200_000, 1000, 2_000_000, orZero: true);

    private static readonly Option<int> s_entries = Number("--entries", "connections that the table holds", 65_536, 1024, 16_000_000);
    private static readonly Option<string?> s_peers = OptionRules.Names("--peers", "routers", FloodedPeer.All.Select(peer => peer.Name));
    private static readonly Option<string?> s_floods = OptionRules.Names("--floods", "floods", Flood.All.Select(flood => flood.Name));
    private static readonly Option<FileInfo?> s_json = new("--json") { Description = "write the results to this file, too" };
    private static readonly Option<string?> s_output = new("--output") { Description = "folder of the report; default perf/results/DATE" };

    /// <summary>The command.</summary>
    public static CliCommand Create()
    {
        CliCommand command = new("synflood-trafgen", "floods of SYN, SYN+ACK and ACK segments against this router and netfilter")
        {
            s_seconds, s_repeats, s_rate, s_entries, s_peers, s_floods, s_json, s_output,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        int[] cpus = CpuAffinity.GetCurrentThread();
        if (Missing(cpus) is { } reason)
        {
            Console.WriteLine($"synflood-trafgen: skipped: {reason}");
            return 0;
        }

        FloodSettings settings = Settings(parsed, cpus);
        CpuAffinity.SetAllThreads([settings.ControlCpu]);
        using Interruption interruption = new();
        IReadOnlyList<FloodOutcome> outcomes = new Floods(settings, interruption, Console.Out).Run();
        FloodReport report = new(settings, outcomes);
        string path = report.Write();
        if (parsed.GetValue(s_json) is { } json)
        {
            File.WriteAllText(json.FullName, report.ToJson());
        }

        Console.WriteLine($"\n{report.ToText()}\nwritten to {path}");
        return outcomes.Any(outcome => outcome.Problem is not null && !outcome.IsSkipped) ? 1 : 0;
    }

    private static string? Missing(int[] cpus) =>
        !Environment.IsPrivilegedProcess ? "network namespaces need root"
        : cpus.Length < 2 ? "two processors are needed, one of them for the router alone"
        : Programs.Missing("trafgen", "cpp", "tc", "ip", "ethtool", "ss", "iperf3", "timeout");

    private static FloodSettings Settings(ParseResult parsed, int[] cpus)
    {
        string[]? peers = parsed.GetValue(s_peers)?.Split(',');
        string[]? floods = parsed.GetValue(s_floods)?.Split(',');
        string results = Path.Combine(RepositoryPaths.Root, "perf", "results");
        string date = DateTime.UtcNow.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        return new FloodSettings
        {
            Configurations = Path.Combine(RepositoryPaths.Root, "perf", "trafgen"),
            Output = Path.GetFullPath(parsed.GetValue(s_output) ?? Path.Combine(results, date)),
            Peers = [.. FloodedPeer.All.Where(peer => peers?.Contains(peer.Name) ?? true)],
            Floods = [.. Flood.All.Where(flood => floods?.Contains(flood.Name) ?? true)],
            Seconds = parsed.GetValue(s_seconds),
            Repeats = parsed.GetValue(s_repeats),
            PacketsPerSecond = parsed.GetValue(s_rate),
            EntriesMax = parsed.GetValue(s_entries),
            WorkerCpu = cpus[^1],
            ControlCpu = cpus[0],
        };
    }

    private static Option<int> Number(string name, string description, int usual, int least, int most, bool orZero = false)
    {
        Option<int> option = new(name) { Description = description, DefaultValueFactory = _ => usual };
        option.Require(
            value => (value >= least && value <= most) || (orZero && value == 0),
            $"{name}: {(orZero ? "0, or " : string.Empty)}{least} to {most}");
        return option;
    }
}
