using System.Collections.Immutable;
using Dataplane.Conntrack;

namespace Dataplane.Control.Configuration;

/// <param name="MaxEntries">Connections that the table holds at most: its limit at start, which can be changed while the
/// router runs; <see cref="MaxEntriesMin"/> to <see cref="MaxEntriesMax"/>.</param>
/// <param name="Capacity">Connections that memory is taken for at start, and so the highest limit that can be set later; at
/// least <paramref name="MaxEntries"/>, and that number if the configuration does not say.</param>
/// <param name="Buckets">The least number of buckets at start, which the table rounds up to a power of two; 0 leaves it to
/// the table to choose by <paramref name="MaxEntries"/>.</param>
/// <param name="TcpLoose">Take up TCP connections in the middle, without having seen their SYN.</param>
/// <param name="Checksum">Verify L4 checksums that the NIC has not.</param>
/// <param name="Accounting">Count packets and bytes per connection and direction.</param>
/// <param name="TimeoutSeconds">Seconds by state, for each state that has a timeout.</param>
public sealed record ConntrackConfiguration(
    int MaxEntries,
    int Capacity,
    int Buckets,
    bool TcpLoose,
    bool Checksum,
    bool Accounting,
    ImmutableSortedDictionary<ConnectionState, uint> TimeoutSeconds)
{
    /// <summary>The lowest limit and capacity.</summary>
    public const int MaxEntriesMin = 1024;

    /// <summary>The highest limit and capacity.</summary>
    public const int MaxEntriesMax = 100_000_000;

    /// <summary>The largest number of buckets; they would take 64 GiB.</summary>
    public const int BucketsMax = 1 << 30;
}
