using System;
using System.Collections.Generic;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.IO;
using System.Linq;
using Dataplane.Bench.Compare;
using Dataplane.Os;

namespace Dataplane.Bench.Latency;

/// <summary>The command line of <c>latency</c>.</summary>
internal static class LatencyCommand
{
    private const int FlowsMax = 10_000_000;

    private static readonly string[] s_names = [.. Peer.All.Select(peer => peer.Name)];

    private static readonly Option<string> s_peers = new("--peers")
    {
        Description = $"programs: {string.Join(", ", s_names)}",
        DefaultValueFactory = _ => $"{Peer.Own},{Peer.Reference},testpmd",
    };

    private static readonly Option<int> s_flows = new("--flows") { Description = "connections", DefaultValueFactory = _ => 65536 };
    private static readonly Option<string> s_protocol = new("--protocol") { Description = "udp or tcp", DefaultValueFactory = _ => "udp" };
    private static readonly Option<double> s_seconds = new("--seconds")
    {
        Description = "length of each load",
        DefaultValueFactory = _ => 3,
    };

    private static readonly Option<int> s_repeats = new("--repeats") { Description = "repeats", DefaultValueFactory = _ => 5 };
    private static readonly Option<string?> s_router = new("--router")
    {
        Description = "dataplane.dll; default the checkout's release build",
    };

    private static readonly Option<string?> s_generator = new("--generator")
    {
        Description = "librte_net_generator.so; default the checkout's",
    };

    private static readonly Option<int?> s_workerCpu = new("--worker-cpu")
    {
        Description = "processor of the polling thread; default the last",
    };

    private static readonly Option<int?> s_controlCpu = new("--control-cpu")
    {
        Description = "processor of everything else; default the first other",
    };

    private static readonly Option<string?> s_output = new("--output") { Description = "folder of the results; default perf/results/DATE" };

    /// <summary>The command.</summary>
    public static Command Create()
    {
        s_protocol.AcceptOnlyFromAmong("udp", "tcp");
        s_peers.RequireNames(s_names);
        s_flows.Require(value => value is >= 1 and <= FlowsMax, $"--flows: 1 to {FlowsMax.ToString(CultureInfo.InvariantCulture)}");
        s_seconds.Require(value => value is >= 0.1 and <= 600, "--seconds: 0.1 to 600");
        s_repeats.Require(value => value is >= 1 and <= 1000, "--repeats: 1 to 1000");
        Command command = new("latency", "delay of packets at 1, 50 and 90 % of each program's maximum, and how long its thread is away")
        {
            s_peers, s_flows, s_protocol, s_seconds, s_repeats, s_workerCpu, s_controlCpu, s_router, s_generator, s_output,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        string? worker = parsed.GetValue(s_workerCpu)?.ToString(CultureInfo.InvariantCulture);
        if (!Processors.TryChoose(
            CpuAffinity.GetCurrentThread(), worker, parsed.GetValue(s_controlCpu), most: 1,
            out Processors? processors, out string unusable))
        {
            Console.Error.WriteLine($"bench: {unusable}");
            return 1;
        }

        LatencySettings settings = Settings(parsed, processors);
        CompareSettings common = settings.Common;
        foreach (string file in (string[])[common.Generator, common.Router])
        {
            if (!File.Exists(file))
            {
                Console.Error.WriteLine($"bench: {file} does not exist: ./build.sh bench latency makes it");
                return 1;
            }
        }

        foreach (string note in common.ProcessorNotes)
        {
            Console.Error.WriteLine($"bench: {note}");
        }

        CpuAffinity.SetAllThreads([common.ControlCpu]);
        LatencyRecord record = new LatencySession(settings, Console.Out).Run();
        Console.WriteLine();
        Console.Write(File.ReadAllText(LatencyReport.Write(record)));
        Console.WriteLine($"\nwritten to {common.Output}");
        return record.Results.Any(result => result.Problem is not null && !result.IsSkipped) ? 1 : 0;
    }

    private static LatencySettings Settings(ParseResult parsed, Processors processors)
    {
        string root = CompareCommand.Root();
        string protocol = parsed.GetValue(s_protocol)!;
        string[] peers = parsed.GetValue(s_peers)!.Split(',');
        string date = DateTime.UtcNow.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        IReadOnlyList<ProcessorPlace> places = processors.Places();
        Traffic traffic = new($"latency-{protocol}", TrafficKind.Established, protocol, parsed.GetValue(s_flows));
        CompareSettings common = new()
        {
            Root = root,
            Router = Path.GetFullPath(parsed.GetValue(s_router)
                ?? Path.Combine(root, "artifacts", "bin", "Dataplane.App", "release", "dataplane.dll")),
            Generator = Path.GetFullPath(parsed.GetValue(s_generator)
                ?? Path.Combine(root, "artifacts", "generator", "librte_net_generator.so")),
            Feed = Path.Combine(root, "artifacts", "peers", "netfilter_feed"),
            Output = Path.GetFullPath(parsed.GetValue(s_output) ?? Path.Combine(root, "perf", "results", date)),
            Peers = [.. Peer.All.Where(peer => peers.Contains(peer.Name))],
            Traffic = [traffic],
            Repeats = parsed.GetValue(s_repeats),
            Seconds = parsed.GetValue(s_seconds),
            WorkerCpu = processors.Worker,
            ControlCpu = processors.Control,
            Cpus = processors.Workers,
            ProcessorLine = processors.Line(places),
            ProcessorNotes = processors.Notes(places, workers: 1),
        };
        return new LatencySettings(common, traffic);
    }
}
