using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;

namespace Dataplane.Dpdk;

/// <summary>Turns options and the machine's hugepages into the EAL's command line.</summary>
/// <param name="Arguments">argv, program name first.</param>
/// <param name="UsesHugepages">False: --no-huge.</param>
/// <param name="Notes">What an operator should know about the choices.</param>
internal sealed record EalArguments(IReadOnlyList<string> Arguments, bool UsesHugepages, IReadOnlyList<string> Notes)
{
    /// <summary>RTE_MAX_LCORE - 1 of Debian's build: one lcore is the control thread's.</summary>
    private const int WorkersMax = 127;

    private const int MemoryMiBMin = 64;

    /// <exception cref="DpdkException">An option is out of range, or hugepages are demanded and missing.</exception>
    internal static EalArguments Build(EalOptions options, HugepageState hugepages)
    {
        Validate(options);
        List<string> notes = [];
        List<string> arguments =
        [
            "dataplane",
            "--lcores", Lcores(options),
            "--main-lcore", "0",
            "--file-prefix", options.FilePrefix,
            "--log-level", ((int)options.LogLevel).ToString(CultureInfo.InvariantCulture),
            "-m", options.MemoryMiB.ToString(CultureInfo.InvariantCulture),
        ];

        foreach (string driver in options.Drivers)
        {
            arguments.AddRange(["-d", driver]);
        }

        bool huge = Memory(options, hugepages, arguments, notes);
        if (!options.Telemetry)
        {
            arguments.Add("--no-telemetry");
        }

        if (options.PciAllow.Count == 0)
        {
            // Virtual addresses suffice for virtual devices; a PCI bus decides by its IOMMU.
            arguments.AddRange(["--no-pci", "--iova-mode", "va"]);
        }

        foreach (string device in options.PciAllow)
        {
            arguments.AddRange(["-a", device]);
        }

        return new EalArguments(arguments, huge, notes);
    }

    /// <summary>lcore 0 on the control CPU, lcore n on the n-th worker's: ids stay small on any machine.</summary>
    private static string Lcores(EalOptions options) => string.Join(',',
        options.WorkerCpus.Prepend(options.ControlCpu).Select((cpu, lcore) => $"{lcore}@{cpu}"));

    private static bool Memory(EalOptions options, HugepageState hugepages, List<string> arguments, List<string> notes)
    {
        long needed = hugepages.PagesFor(options.MemoryMiB);
        string remedy = $"echo {Math.Max(needed, (options.MemoryMiB + 1) / 2)} > /proc/sys/vm/nr_hugepages";
        bool huge = options.Hugepages != HugepageMode.Off && hugepages.Suffices(options.MemoryMiB);
        if (!huge)
        {
            string shortage = hugepages.PageKiB == 0
                ? "the kernel has no hugepages"
                : $"{hugepages.FreePages + hugepages.StalePages} of {needed} needed hugepages are free";
            if (options.Hugepages == HugepageMode.On)
            {
                throw new DpdkException(shortage, remedy);
            }

            if (options.Hugepages == HugepageMode.Auto)
            {
                notes.Add($"{shortage}: using ordinary pages, slower and unusable for PCI devices without an IOMMU; {remedy}");
            }

            arguments.Add("--no-huge");
            return false;
        }

        if (hugepages.Mount is null)
        {
            notes.Add("hugetlbfs is not mounted: DPDK tools (dpdk-proc-info, dpdk-dumpcap) cannot attach; "
                + "mkdir -p /dev/hugepages && mount -t hugetlbfs none /dev/hugepages");
            arguments.Add("--in-memory");
        }

        return true;
    }

    private static void Validate(EalOptions options)
    {
        if (options.WorkerCpus.Count is 0 or > WorkersMax)
        {
            throw new DpdkException($"{options.WorkerCpus.Count} worker CPUs: must be 1 to {WorkersMax}");
        }

        if (options.WorkerCpus.Append(options.ControlCpu).Any(cpu => cpu < 0))
        {
            throw new DpdkException("a CPU number is negative");
        }

        if (options.WorkerCpus.Distinct().Count() != options.WorkerCpus.Count)
        {
            throw new DpdkException($"worker CPUs {string.Join(',', options.WorkerCpus)}: one is given to two workers");
        }

        // EAL loads every library of a directory, and searches the linker's path for a name without one.
        if (options.Drivers.FirstOrDefault(driver => !Path.IsPathRooted(driver) || !File.Exists(driver)) is { } missing)
        {
            throw new DpdkException($"driver library '{missing}': must be the absolute path of a file that exists");
        }

        if (options.MemoryMiB < MemoryMiBMin)
        {
            throw new DpdkException($"{options.MemoryMiB} MiB of packet memory: at least {MemoryMiBMin} are needed");
        }

        if (options.FilePrefix.Length is 0 or > 32
            || !options.FilePrefix.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'))
        {
            throw new DpdkException($"file prefix '{options.FilePrefix}': must be 1 to 32 letters, digits, '-' or '_'");
        }
    }
}
