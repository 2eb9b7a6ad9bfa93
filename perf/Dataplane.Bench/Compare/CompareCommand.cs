using System;
using System.Collections.Generic;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Reflection;
using Dataplane.Os;

namespace Dataplane.Bench.Compare;

/// <summary>The command line of <c>compare</c>.</summary>
internal static class CompareCommand
{
    private const int WorkersMax = 2;

    private static readonly Option<bool> s_quick = new("--quick")
    {
        Description = "four kinds of traffic, two repeats: under three minutes",
    };

    private static readonly Option<int?> s_repeats = new("--repeats") { Description = "repeats; default 5, with --quick 2" };
    private static readonly Option<double> s_seconds = new("--seconds")
    {
        Description = "length of a measurement",
        DefaultValueFactory = _ => 1,
    };

    private static readonly Option<string?> s_peers = OptionRules.Names("--peers", "programs", Peer.All.Select(peer => peer.Name));
    private static readonly Option<string?> s_traffic =
        OptionRules.Names("--traffic", "kinds of traffic", Traffic.All.Select(traffic => traffic.Name));
    private static readonly Option<string?> s_router = new("--router")
    {
        Description = "dataplane.dll; default the checkout's release build",
    };

    private static readonly Option<string?> s_generator = new("--generator")
    {
        Description = "librte_net_generator.so; default the checkout's",
    };

    private static readonly Option<string?> s_output = new("--output") { Description = "folder of the results; default perf/results/DATE" };

    private static readonly Option<string?> s_workers =
        OptionRules.Names("--workers", "polling threads; default both, with --quick one", ["1", "2"]);
    private static readonly Option<string?> s_workerCpus = new("--worker-cpus")
    {
        Description = "processors of the polling threads, such as 2,3; a single one has the last; default the last ones",
    };

    private static readonly Option<int?> s_controlCpu = new("--control-cpu")
    {
        Description = "processor of everything else; default the first that no polling thread has",
    };

    private static readonly Option<bool> s_append = new("--append")
    {
        Description = "keep what compare.json in the output folder has and add to it: without --traffic only what is missing there",
    };

    /// <summary>The command.</summary>
    public static Command Create()
    {
        s_repeats.Require(value => value is null or (>= 1 and <= 1000), "--repeats: 1 to 1000");
        s_seconds.Require(value => value is >= 0.1 and <= 60, "--seconds: 0.1 to 60");
        Command command = new("compare", "this router, Open vSwitch, netfilter and testpmd under the same generated traffic")
        {
            s_quick, s_repeats, s_seconds, s_peers, s_traffic, s_workers, s_workerCpus, s_controlCpu, s_append, s_router, s_generator,
            s_output,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        if (!Processors.TryChoose(
            CpuAffinity.GetCurrentThread(), parsed.GetValue(s_workerCpus), parsed.GetValue(s_controlCpu), WorkersMax,
            out Processors? processors, out string unusable))
        {
            Console.Error.WriteLine($"bench: {unusable}");
            return 1;
        }

        CompareSettings settings = Settings(parsed, processors);
        foreach (string file in (string[])[settings.Generator, settings.Router])
        {
            if (!File.Exists(file))
            {
                Console.Error.WriteLine($"bench: {file} does not exist: ./build.sh bench compare makes it");
                return 1;
            }
        }

        if (settings.Traffic.Count == 0)
        {
            Console.Error.WriteLine("bench: none of this traffic is for so many workers");
            return 1;
        }

        if (settings.Traffic.Any(traffic => traffic.Workers > processors.Workers.Count))
        {
            Console.Error.WriteLine("bench: --worker-cpus: two workers need two; with --workers 1 one will do");
            return 1;
        }

        CompareRecord earlier;
        try
        {
            earlier = Earlier(settings, CompareFile.Machine(), CompareBuilds.Read(settings.Root, settings.Router));
        }
        catch (InvalidDataException error)
        {
            Console.Error.WriteLine($"bench: {error.Message}");
            return 1;
        }

        foreach (string note in settings.ProcessorNotes)
        {
            Console.Error.WriteLine($"bench: {note}");
        }

        CpuAffinity.SetAllThreads([settings.ControlCpu]);
        Comparison comparison = new(settings, Console.Out, record => CompareReport.Write(settings.Output, record));
        CompareRecord all = comparison.Run(earlier);
        Console.WriteLine();
        Console.Write(File.ReadAllText(CompareReport.Write(settings.Output, all)));
        Console.WriteLine($"\nwritten to {settings.Output}");
        return all.Checks.Concat(all.Results).Any(result => result.Problem is not null && !result.IsSkipped) ? 1 : 0;
    }

    /// <summary>What there is to add to.</summary>
    /// <param name="settings">Where it would be.</param>
    /// <param name="machine">From <see cref="CompareFile.Machine"/>.</param>
    /// <param name="builds">What will be measured; what is returned says so.</param>
    /// <exception cref="InvalidDataException">A file that cannot be added to.</exception>
    internal static CompareRecord Earlier(CompareSettings settings, string machine, CompareBuilds builds)
    {
        if ((settings.Append ? CompareFile.Read(settings.Output) : null) is not { } earlier)
        {
            return new CompareRecord(machine, DateTime.UtcNow, [], [])
            {
                Builds = builds,
                Processors = settings.ProcessorLine,
                ProcessorNotes = settings.ProcessorNotes,
            };
        }

        string? difference = earlier.Machine != machine ? $"another machine: {earlier.Machine}"
            : earlier.Builds.Difference(builds) ?? (earlier.Processors != settings.ProcessorLine
                ? $"{CompareBuilds.Text(earlier.Processors)}, now {settings.ProcessorLine}"
                : null);
        return difference is null
            ? earlier with { Builds = builds, ProcessorNotes = [.. earlier.ProcessorNotes.Union(settings.ProcessorNotes)] }
            : throw new InvalidDataException(
                $"{settings.Output} has figures of something else ({difference}): measure into another folder, or without --append");
    }

    private static CompareSettings Settings(ParseResult parsed, Processors processors)
    {
        string root = Root();
        bool quick = parsed.GetValue(s_quick);
        IReadOnlyList<ProcessorPlace> places = processors.Places();
        string[]? peers = parsed.GetValue(s_peers)?.Split(',');
        string[]? traffic = parsed.GetValue(s_traffic)?.Split(',');
        string[] workers = parsed.GetValue(s_workers)?.Split(',') ?? (quick ? ["1"] : ["1", "2"]);
        string date = DateTime.UtcNow.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        Traffic[] measured =
        [
            .. Traffic.All.Where(one => workers.Contains(one.Workers.ToString(CultureInfo.InvariantCulture)) && (traffic is null
                ? !quick || Traffic.Quick.Contains(one.OneWorker)
                : traffic.Contains(one.Name) || traffic.Contains(one.OneWorker))),
        ];
        return new CompareSettings
        {
            Root = root,
            Router = Path.GetFullPath(parsed.GetValue(s_router)
                ?? Path.Combine(root, "artifacts", "bin", "Dataplane.App", "release", "dataplane.dll")),
            Generator = Path.GetFullPath(parsed.GetValue(s_generator)
                ?? Path.Combine(root, "artifacts", "generator", "librte_net_generator.so")),
            Feed = Path.Combine(root, "artifacts", "peers", "netfilter_feed"),
            Output = Path.GetFullPath(parsed.GetValue(s_output) ?? Path.Combine(root, "perf", "results", date)),
            Peers = [.. Peer.All.Where(peer => peers?.Contains(peer.Name) ?? !quick || peer.IsQuick)],
            Traffic = measured,
            Append = parsed.GetValue(s_append),
            Again = traffic is not null,
            Repeats = parsed.GetValue(s_repeats) ?? (quick ? 2 : 5),
            Seconds = parsed.GetValue(s_seconds),
            WorkerCpu = processors.Worker,
            ControlCpu = processors.Control,
            Cpus = processors.Workers,
            ProcessorLine = processors.Line(places),
            ProcessorNotes = processors.Notes(places, measured.Select(one => one.Workers).DefaultIfEmpty(1).Max()),
        };
    }

    internal static string Root()
    {
        foreach (AssemblyMetadataAttribute attribute in typeof(CompareCommand).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>())
        {
            if (attribute.Key == "RepositoryRoot" && attribute.Value is { } root)
            {
                return root;
            }
        }

        throw new InvalidOperationException("the assembly does not say which checkout it was built from");
    }
}
