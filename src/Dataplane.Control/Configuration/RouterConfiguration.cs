using System.Collections.Immutable;
using Dataplane.Datapath;
using Dataplane.Datapath.Fragments;

namespace Dataplane.Control.Configuration;

/// <summary>A whole configuration that passed every check; immutable, references resolved to indices.</summary>
public sealed record RouterConfiguration
{
    /// <summary>Processors of the workers, ascending, at least one.</summary>
    public required ImmutableArray<int> Cores { get; init; }

    public required IdleMode Idle { get; init; }

    /// <summary>In the order of the file; other parts refer to a port by its index here.</summary>
    public required ImmutableArray<PortConfiguration> Ports { get; init; }

    public required ImmutableArray<RouteConfiguration> Routes { get; init; }

    public required ImmutableArray<Route6Configuration> Routes6 { get; init; }

    /// <summary>In the order of the file; source rules refer to a pool by its index here.</summary>
    public required ImmutableArray<PoolConfiguration> Pools { get; init; }

    public required ImmutableArray<ZoneConfiguration> Zones { get; init; }

    /// <summary>By ascending number; every match applies.</summary>
    public required ImmutableArray<TrackRule> Track { get; init; }

    /// <summary>By ascending number; the first match decides.</summary>
    public required ImmutableArray<DestinationRule> Destination { get; init; }

    /// <summary>By ascending number; the first match decides.</summary>
    public required ImmutableArray<FilterRule> Filter { get; init; }

    /// <summary>What happens to a connection that no filter rule matches.</summary>
    public required FilterAction FilterDefault { get; init; }

    /// <summary>By ascending number; the first match decides.</summary>
    public required ImmutableArray<SourceRule> Source { get; init; }

    public required ConntrackConfiguration Conntrack { get; init; }

    /// <summary>Absolute paths of driver libraries that DPDK loads besides its own.</summary>
    public required ImmutableArray<string> Drivers { get; init; }

    public required MemoryConfiguration Memory { get; init; }

    public required LimitsConfiguration Limits { get; init; }

    public required ControlConfiguration Control { get; init; }
}

/// <summary>Huge pages for buffers and tables.</summary>
public enum HugepageMode
{
    /// <summary>Use them if enough are free, else say so and go without.</summary>
    Auto,

    /// <summary>Never, also when there are some.</summary>
    Off,
}

/// <param name="Hugepages">Whether to use huge pages.</param>
/// <param name="Mbufs">Packet buffers in all; 0 lets the router compute it from queues and rings.</param>
/// <param name="PoolBytes">DPDK's memory in bytes where there are no huge pages; 0 lets the router compute it.</param>
public sealed record MemoryConfiguration(HugepageMode Hugepages, int Mbufs, long PoolBytes);

/// <param name="IcmpErrorsPerSecond">ICMP errors that one source may cause per second and worker; 0 sends none.</param>
/// <param name="Fragments">What fragments of both families may cost.</param>
public sealed record LimitsConfiguration(ushort IcmpErrorsPerSecond, FragmentLimits Fragments);

/// <param name="Socket">Absolute path of the control socket.</param>
/// <param name="FilePrefix">DPDK's name for this router's run-time files: two routers on a machine need two.</param>
public sealed record ControlConfiguration(string Socket, string FilePrefix)
{
    public const string DefaultSocket = "/run/dataplane/control.sock";
    public const string DefaultFilePrefix = "dataplane";
}
