using Dataplane.Packet;

namespace Dataplane.Bench.Tables;

/// <summary>Numbered connections of one address family.</summary>
/// <typeparam name="TTuple">The family's tuple.</typeparam>
internal interface ITupleFamily<TTuple>
    where TTuple : unmanaged
{
    /// <summary>4 or 6.</summary>
    static abstract int Version { get; }

    /// <summary>The original tuple of a connection: 64 connections for each client, as a network would have them.</summary>
    /// <param name="number">0 to 2^30 - 1. Different numbers give different tuples.</param>
    static abstract TTuple Original(uint number);

    /// <summary>The reply tuple of a translated connection: 60,000 ports of one outside address after the other.</summary>
    /// <param name="number">0 to 2^30 - 1. Different numbers give different tuples, none of which is an original one.</param>
    static abstract TTuple Reply(uint number);

    /// <summary>A tuple that no connection has.</summary>
    /// <param name="number">0 to 2^30 - 1.</param>
    static abstract TTuple Absent(uint number);
}

/// <summary>Connections between IPv4 hosts.</summary>
internal readonly struct Ipv4Family : ITupleFamily<Ipv4Tuple>
{
    private const uint Clients = 10u << 24;
    private const uint Strangers = 11u << 24;
    private const uint Servers = 20u << 24;
    private const uint Outside = 203u << 24;

    public static int Version => 4;

    public static Ipv4Tuple Original(uint number) => FromClient(Clients, number);

    public static Ipv4Tuple Reply(uint number) => new()
    {
        Source = Ipv4Address.FromHost(Servers + number % 16),
        Destination = Ipv4Address.FromHost(Outside + number / 60_000),
        SourcePort = Be16.FromHost(53),
        DestinationPort = Be16.FromHost((ushort)(1024 + number % 60_000)),
        Protocol = IpProtocol.Udp,
    };

    public static Ipv4Tuple Absent(uint number) => FromClient(Strangers, number);

    private static Ipv4Tuple FromClient(uint network, uint number) => new()
    {
        Source = Ipv4Address.FromHost(network + number / 64),
        Destination = Ipv4Address.FromHost(Servers + number % 16),
        SourcePort = Be16.FromHost((ushort)(1024 + number % 64)),
        DestinationPort = Be16.FromHost(53),
        Protocol = IpProtocol.Udp,
    };
}

/// <summary>Connections between IPv6 hosts: the IPv4 hosts' numbers below prefixes of 2001:db8::/32.</summary>
internal readonly struct Ipv6Family : ITupleFamily<Ipv6Tuple>
{
    public static int Version => 6;

    public static Ipv6Tuple Original(uint number) => Widen(Ipv4Family.Original(number));

    public static Ipv6Tuple Reply(uint number) => Widen(Ipv4Family.Reply(number));

    public static Ipv6Tuple Absent(uint number) => Widen(Ipv4Family.Absent(number));

    private static Ipv6Tuple Widen(in Ipv4Tuple tuple) => new()
    {
        Source = Widen(tuple.Source),
        Destination = Widen(tuple.Destination),
        SourcePort = tuple.SourcePort,
        DestinationPort = tuple.DestinationPort,
        Protocol = tuple.Protocol,
    };

    // 2001:db8::/32 as the processor loads it, the host's number in the last four bytes.
    private static Ipv6Address Widen(Ipv4Address address) => new(0xB80D_0120, (ulong)address.Raw << 32);
}
