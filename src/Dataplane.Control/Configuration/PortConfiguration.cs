using System.Collections.Immutable;
using Dataplane.Packet;

namespace Dataplane.Control.Configuration;

/// <param name="Name">Unique, ignoring case.</param>
/// <param name="Device">What the port is made of, such as <c>0000:3b:00.0</c> or <c>af_xdp:eth1</c>.</param>
/// <param name="Addresses">The router's own addresses on this port, with their subnets; may be empty.</param>
/// <param name="Queues">Receive and transmit queues each, 1 to 64.</param>
/// <param name="MtuBytes">Largest IP packet.</param>
/// <param name="Promiscuous">Take frames to other MAC addresses as well (they are dropped and counted).</param>
/// <param name="Mac">The MAC address to use instead of the device's own, or null.</param>
/// <param name="ZoneId">The zone of all packets received here; 0 without one.</param>
public sealed record PortConfiguration(
    string Name,
    string Device,
    ImmutableArray<Ipv4Prefix> Addresses,
    int Queues,
    int MtuBytes,
    bool Promiscuous,
    MacAddress? Mac,
    ushort ZoneId)
{
    /// <summary>The least MTU of a port with IPv6 (RFC 8200 §5).</summary>
    public const int Ipv6MtuMin = 1280;

    /// <summary>The router's own IPv6 addresses on this port, with their subnets; at most one is link-local. May be empty.</summary>
    public ImmutableArray<Ipv6Prefix> Addresses6 { get; init; } = [];

    /// <summary>Take part in IPv6. A port without a link-local address makes itself one from its MAC address.</summary>
    public bool Ipv6 { get; init; }

    /// <summary>Answer router solicitations with the port's /64 prefixes, of which there is at least one.</summary>
    public bool RouterAdvertisements { get; init; }
}

/// <param name="Prefix">Destinations; no bits set beyond its length.</param>
/// <param name="Via">The gateway, a host of the port's subnet.</param>
/// <param name="PortIndex">The egress port.</param>
public sealed record RouteConfiguration(Ipv4Prefix Prefix, Ipv4Address Via, int PortIndex);

/// <param name="Prefix">Destinations; no bits set beyond its length.</param>
/// <param name="Via">The gateway: a host of one of the port's subnets, or link-local.</param>
/// <param name="PortIndex">The egress port.</param>
public sealed record Route6Configuration(Ipv6Prefix Prefix, Ipv6Address Via, int PortIndex);

/// <param name="Name">Unique, ignoring case.</param>
/// <param name="Addresses">Ranges in the order of the file; they do not overlap.</param>
/// <param name="Ports">The l4 ports (and ICMP ids) that may be given out.</param>
public sealed record PoolConfiguration(string Name, ImmutableArray<Ipv4Range> Addresses, PortRange Ports)
{
    /// <summary>What is given out where the configuration says nothing: everything but the well-known ports.</summary>
    public static PortRange DefaultPorts => new(1024, 65535);
}

/// <param name="Name">Unique, ignoring case.</param>
/// <param name="Id">1 to 65535, unique; connections without a zone are in zone 0.</param>
/// <param name="MaxEntries">
/// Connections that the zone holds at most, 1 to <see cref="MaxEntriesMax"/>; null for no limit but the table's, which
/// always holds. The limit at start: it can be changed while the router runs.
/// </param>
public sealed record ZoneConfiguration(string Name, ushort Id, int? MaxEntries)
{
    /// <summary>The number of zones that can be configured.</summary>
    public const int ZonesMax = 4095;

    /// <summary>The highest limit: an entry's index has 31 bits.</summary>
    public const int MaxEntriesMax = int.MaxValue;
}
