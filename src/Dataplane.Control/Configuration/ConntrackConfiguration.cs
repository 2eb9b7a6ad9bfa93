using System.Collections.Immutable;
using Dataplane.Conntrack;

namespace Dataplane.Control.Configuration;

/// <param name="MaxEntries">Connections that the table holds.</param>
/// <param name="TcpLoose">Take up TCP connections in the middle, without having seen their SYN.</param>
/// <param name="Checksum">Verify L4 checksums that the NIC has not.</param>
/// <param name="Accounting">Count packets and bytes per connection and direction.</param>
/// <param name="TimeoutSeconds">Seconds by state, for each state that has a timeout.</param>
public sealed record ConntrackConfiguration(
    int MaxEntries,
    bool TcpLoose,
    bool Checksum,
    bool Accounting,
    ImmutableSortedDictionary<ConnectionState, uint> TimeoutSeconds);
