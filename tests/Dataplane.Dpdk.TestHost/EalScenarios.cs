using System;
using System.IO;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;
using Dataplane.Dpdk;

namespace Dataplane.Dpdk.TestHost;

internal static unsafe class EalScenarios
{
    /// <summary>Options that work on any machine: one worker beside the control thread, no hugepages.</summary>
    internal static EalOptions Options(string filePrefix, HugepageMode hugepages = HugepageMode.Off) => new()
    {
        WorkerCpus = [AllowedCpus()[^1]],
        ControlCpu = AllowedCpus()[0],
        FilePrefix = filePrefix,
        Hugepages = hugepages,
        MemoryMiB = 192,
    };

    /// <summary>start PREFIX HUGEPAGES</summary>
    internal static void Start(string[] arguments)
    {
        EalStartup startup = Eal.Initialize(Options(arguments[0], Enum.Parse<HugepageMode>(arguments[1])));
        Program.Report("version", startup.Version);
        Program.Report("hugepages", startup.UsesHugepages);
        Program.Report("notes", startup.Notes.Count);
        Eal.Cleanup();
    }

    /// <summary>start-twice PREFIX</summary>
    internal static void StartTwice(string[] arguments)
    {
        Eal.Initialize(Options(arguments[0]));
        Eal.Initialize(Options(arguments[0]));
    }

    /// <summary>hold PREFIX: starts, says so, and stays until stdin ends.</summary>
    internal static void Hold(string[] arguments)
    {
        Eal.Initialize(Options(arguments[0]));
        Program.Report("holding", Environment.ProcessId);
        Console.In.ReadToEnd();
        Eal.Cleanup();
    }

    /// <summary>lcores PREFIX: a worker reports where it runs, the caller whether it was moved.</summary>
    internal static void Lcores(string[] arguments)
    {
        string before = Affinity();
        EalOptions options = Options(arguments[0]);
        EalStartup startup = Eal.Initialize(options);
        Program.Report("affinity-kept", before == Affinity());

        Thread later = new(() => Program.Report("later-thread-affinity-kept", before == Affinity()));
        later.Start();
        later.Join();

        Placement placement = default;
        uint lcore = startup.WorkerLcores[0];
        Eal.Launch(lcore, &ReportPlacement, &placement);
        Program.Report("result", Eal.Wait(lcore));
        Program.Report("lcore", placement.Lcore == lcore);
        Program.Report("cpu", placement.Cpu == options.WorkerCpus[0]);
        Program.Report("busy", Eal.IsBusy(lcore));
        Eal.Cleanup();
        Eal.Launch(lcore + 1, &ReportPlacement, &placement);
    }

    private static int[] AllowedCpus()
    {
        string list = File.ReadLines("/proc/thread-self/status").First(line => line.StartsWith("Cpus_allowed_list:", StringComparison.Ordinal));
        return
        [
            .. list.Split(':', 2)[1].Trim().Split(',').SelectMany(range =>
            {
                int[] ends = [.. range.Split('-').Select(int.Parse)];
                return Enumerable.Range(ends[0], ends[^1] - ends[0] + 1);
            }),
        ];
    }

    private static string Affinity() => string.Join(',', AllowedCpus());

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int ReportPlacement(void* argument)
    {
        Placement* placement = (Placement*)argument;
        placement->Lcore = Eal.CurrentLcore;
        placement->Cpu = Eal.CurrentCpu;
        return 7;
    }

    private struct Placement
    {
        public uint Lcore;
        public int Cpu;
    }
}
