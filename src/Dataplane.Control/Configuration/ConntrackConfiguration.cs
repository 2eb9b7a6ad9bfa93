using System.Collections.Immutable;
using Dataplane.Conntrack;

namespace Dataplane.Control.Configuration;

/// <param name="MaxEntries">Connections that the table holds at most: its limit at start, which can be changed while the
/// router runs; <see cref="MaxEntriesMin"/> to <see cref="MaxEntriesMax"/>.</param>
/// <param name="Capacity">Connections that memory is taken for at start, and so the highest limit that can be set later; at
/// least <paramref name="MaxEntries"/>, and that number if the configuration does not say.</param>
/// <param name="Buckets">The least number of buckets at start, which the table rounds up to a power of two; 0 leaves it to
/// the table to choose by <paramref name="MaxEntries"/>.</param>
/// <param name="Tcp">How strictly TCP segments are judged.</param>
/// <param name="Checksum">Verify L4 checksums that the NIC has not.</param>
/// <param name="Accounting">Count packets and bytes per connection and direction.</param>
/// <param name="TimeoutSeconds">The default policy: seconds by state, for each state that has a timeout.</param>
public sealed record ConntrackConfiguration(
    int MaxEntries,
    int Capacity,
    int Buckets,
    TcpPolicy Tcp,
    bool Checksum,
    bool Accounting,
    ImmutableSortedDictionary<ConnectionState, uint> TimeoutSeconds)
{
    /// <summary>Other sets of timeouts, which track rules choose by name; at most <see cref="TimeoutPoliciesMax"/>.</summary>
    public ImmutableArray<TimeoutPolicyConfiguration> TimeoutPolicies { get; init; } = [];

    /// <summary>The number of policies that can be configured besides the default one.</summary>
    public const int TimeoutPoliciesMax = TimeoutTable.Policies - 1;

    /// <summary>The lowest limit and capacity.</summary>
    public const int MaxEntriesMin = 1024;

    /// <summary>The highest limit and capacity.</summary>
    public const int MaxEntriesMax = 100_000_000;

    /// <summary>The largest number of buckets; they would take 64 GiB.</summary>
    public const int BucketsMax = 1 << 30;
}

/// <param name="Name">Unique, ignoring case; not <see cref="DefaultName"/>.</param>
/// <param name="Seconds">By state; what the policy does not name is the default policy's.</param>
public sealed record TimeoutPolicyConfiguration(string Name, ImmutableSortedDictionary<ConnectionState, uint> Seconds)
{
    /// <summary>The name that rules give to the timeouts under <c>Conntrack.Timeouts</c>.</summary>
    public const string DefaultName = "default";
}
