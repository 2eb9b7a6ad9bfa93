using System.Collections.Generic;

namespace Dataplane.Dpdk;

/// <summary>Whether packet memory comes from reserved hugepages.</summary>
public enum HugepageMode
{
    /// <summary>Where enough are free, else ordinary pages with a note that says so.</summary>
    Auto,

    /// <summary>Refuse to start without them.</summary>
    On,

    /// <summary>Ordinary pages.</summary>
    Off,
}

/// <summary>What the EAL is started with.</summary>
public sealed record EalOptions
{
    /// <summary>CPUs that get a worker each, in order: the n-th becomes lcore n + 1.</summary>
    public required IReadOnlyList<int> WorkerCpus { get; init; }

    /// <summary>CPU of the main lcore, whose thread is the caller's; may be one of the workers'.</summary>
    public int ControlCpu { get; init; }

    /// <summary>Names this process among DPDK processes: its lock, its hugepage files, its telemetry socket.</summary>
    public string FilePrefix { get; init; } = "dataplane";

    public HugepageMode Hugepages { get; init; } = HugepageMode.Auto;

    /// <summary>Packet memory in MiB, reserved at start; mempools and FIBs must fit. A FIB alone takes 64 MiB.</summary>
    public int MemoryMiB { get; init; } = 512;

    /// <summary>PCI devices to probe ("0000:3b:00.0"); none leaves the bus alone.</summary>
    public IReadOnlyList<string> PciAllow { get; init; } = [];

    /// <summary>Driver libraries to load besides those that come with DPDK: absolute paths. The EAL refuses a file below a
    /// directory that anybody may write.</summary>
    public IReadOnlyList<string> Drivers { get; init; } = [];

    public EalLogLevel LogLevel { get; init; } = EalLogLevel.Notice;

    /// <summary>Serve DPDK's telemetry socket.</summary>
    public bool Telemetry { get; init; }
}

/// <summary>How the EAL came up.</summary>
/// <param name="Version">DPDK's own version string.</param>
/// <param name="UsesHugepages">False: ordinary pages.</param>
/// <param name="WorkerLcores">Lcore ids in the order of <see cref="EalOptions.WorkerCpus"/>.</param>
/// <param name="Notes">Sentences an operator should see: what was not possible, and the remedy.</param>
public sealed record EalStartup(
    string Version, bool UsesHugepages, IReadOnlyList<uint> WorkerLcores, IReadOnlyList<string> Notes);
