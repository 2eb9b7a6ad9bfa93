using System.Collections.Immutable;

namespace Dataplane.Conntrack;

/// <summary>How large a table is; everything but the buckets of a later resize is allocated from this before the first packet.</summary>
/// <param name="EntriesMax">Connections at most, 1 to 2^30; can be changed at run time.</param>
/// <param name="Workers">Workers that will use the table, 1 to <see cref="Quiescence.WorkersMax"/>.</param>
/// <param name="Hugepages">Ask for 2 MiB pages.</param>
/// <param name="BucketsMin">A lower bound for the number of buckets, up to 2^31; 0 lets <paramref name="EntriesMax"/> decide.</param>
public sealed record ConntrackSize(uint EntriesMax, int Workers, bool Hugepages, uint BucketsMin = 0)
{
    /// <summary>Connections that the arena has room for: how far the limit can be raised. 0: as many as <see cref="EntriesMax"/>.</summary>
    public uint Capacity { get; init; }

    /// <summary>The exact number of buckets, whatever load that means; 0 for the number that keeps it to three quarters. For
    /// measurements.</summary>
    public uint Buckets { get; init; }

    /// <summary>Side records; 0 when no feature needs them.</summary>
    public uint SideRecords { get; init; }

    /// <summary>A file for the arena, which other processes can then read; null for anonymous memory. What a former run left in it is
    /// emptied.</summary>
    public string? ArenaFile { get; init; }

    /// <summary>Zones with a limit of their own, at most <see cref="LimitTable.ZonesMax"/> - 1.</summary>
    public ImmutableArray<ZoneLimit> Zones
    {
        get;
        init => field = value.IsDefault ? [] : value;
    } = [];

    /// <summary>Tables that draw on this one's limits, itself included: 2 for IPv4 and IPv6 under one maximum.</summary>
    public int LimitSharers { get; init; } = 1;

    /// <summary>Makes the hash key repeatable; for tests and replays only, since whoever knows it can fill a bucket.</summary>
    public ulong? Seed { get; init; }
}
