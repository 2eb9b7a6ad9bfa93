using Dataplane.Packet;

namespace Dataplane.Control.Configuration;

/// <summary>Consecutive IPv4 addresses, both ends included.</summary>
public readonly record struct Ipv4Range(Ipv4Address First, Ipv4Address Last)
{
    /// <summary>Every address: what an absent match means.</summary>
    public static Ipv4Range All => new(Ipv4Address.Any, Ipv4Address.Broadcast);

    /// <summary>How many addresses, 1 to 2^32.</summary>
    public long Count => (long)Last.Host - First.Host + 1;

    public bool Contains(Ipv4Address address) => address.Host >= First.Host && address.Host <= Last.Host;

    public bool Contains(Ipv4Range other) => Contains(other.First) && Contains(other.Last);

    public bool Overlaps(Ipv4Range other) => First.Host <= other.Last.Host && other.First.Host <= Last.Host;

    public override string ToString() => First == Last ? First.ToString() : $"{First}-{Last}";
}
