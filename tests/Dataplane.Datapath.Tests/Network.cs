using System;
using Dataplane.Nat;
using Dataplane.Packet;
using Dataplane.TestKit;

namespace Dataplane.Datapath.Tests;

/// <summary>The network that the tests talk about: three ports of one router.</summary>
/// <remarks>
/// <code>
/// lan 10.0.0.1/16      hosts on the link, 10.8.0.0/16 behind 10.0.0.2
/// wan 198.51.100.2/24  everything else behind 198.51.100.1; pool 198.51.100.16 and .17
/// dmz 172.16.0.1/24    servers on the link
/// </code>
/// </remarks>
internal static class Network
{
    public const byte Lan = 0;
    public const byte Wan = 1;
    public const byte Dmz = 2;

    public const string LanAddress = "10.0.0.1";
    public const string WanAddress = "198.51.100.2";
    public const string DmzAddress = "172.16.0.1";
    public const string LanRouter = "10.0.0.2";
    public const string WanRouter = "198.51.100.1";
    public const string Pool = "198.51.100.16";

    public const string Client = "10.0.1.10";
    public const string Server = "192.0.2.80";

    public static MacAddress MacOfPort(int port) => MacAddress.FromRaw48(0x0100_0000_0006 + ((ulong)port << 40));

    public static ulong Mask(params byte[] ports)
    {
        ulong mask = 0;
        foreach (byte port in ports)
        {
            mask |= 1ul << port;
        }

        return mask;
    }

    /// <summary>Ports and routes, no rules.</summary>
    public static PlanBuilder Plain(ushort mtuBytes = 1500)
    {
        PlanBuilder builder = new() { IcmpErrorsPerSecond = ushort.MaxValue };
        Add(builder, Lan, LanAddress, 16, mtuBytes);
        Add(builder, Wan, WanAddress, 24, mtuBytes);
        Add(builder, Dmz, DmzAddress, 24, mtuBytes);
        builder.AddRoute(Ipv4Address.Parse("10.8.0.0").Host, 16, Gateway(Lan, LanRouter));
        builder.AddRoute(0, 0, Gateway(Wan, WanRouter));
        return builder;
    }

    /// <summary>With source translation of lan to wan, by masquerade.</summary>
    public static PlanBuilder Masquerading(ushort mtuBytes = 1500)
    {
        PlanBuilder builder = Plain(mtuBytes);
        builder.SourceRules.Add(new SourceRule { Match = FromTo(Lan, Wan), Action = SourceAction.Masquerade });
        return builder;
    }

    /// <summary>With source translation of lan to wan, to a pool.</summary>
    public static PlanBuilder Pooled(ushort portLow, ushort portHigh, uint addresses = 1)
    {
        PlanBuilder builder = Plain();
        ushort pool = builder.AddPool([new AddressRange { First = Ipv4Address.Parse(Pool).Host, Count = addresses }], portLow, portHigh);
        builder.SourceRules.Add(new SourceRule { Match = FromTo(Lan, Wan), Action = SourceAction.Pool, Pool = pool });
        return builder;
    }

    public static RuleMatch From(byte port)
    {
        RuleMatch match = RuleMatch.Any;
        match.InPorts = Mask(port);
        return match;
    }

    public static RuleMatch FromTo(byte inPort, byte outPort)
    {
        RuleMatch match = From(inPort);
        match.OutPorts = Mask(outPort);
        return match;
    }

    /// <summary>Narrows a condition to one destination address.</summary>
    public static RuleMatch To(this RuleMatch match, string address)
    {
        match.DestinationLow = match.DestinationHigh = Ipv4Address.Parse(address).Host;
        return match;
    }

    /// <summary>Narrows a condition to a protocol and destination ports.</summary>
    public static RuleMatch Serving(this RuleMatch match, byte protocol, ushort low, ushort high = 0)
    {
        match.Protocol = protocol;
        match.DestinationPortLow = low;
        match.DestinationPortHigh = Math.Max(low, high);
        return match;
    }

    /// <summary>A frame from a host on a port's link to the router.</summary>
    public static PacketBuilder FromHost(int port, string host, string destination, byte ttl = 64) => new PacketBuilder()
        .Ethernet(MemoryWorld.MacOf(Ipv4Address.Parse(host)), MacOfPort(port))
        .Ipv4(host, destination, ttl);

    public static PacketBuilder FromClient(string destination = Server, byte ttl = 64) => FromHost(Lan, Client, destination, ttl);

    /// <summary>An ARP frame from a host.</summary>
    public static byte[] Arp(ushort operation, string sender, string target) => new PacketBuilder()
        .Ethernet(MemoryWorld.MacOf(Ipv4Address.Parse(sender)), MacAddress.Broadcast)
        .Arp(operation, sender, target)
        .Build();

    private static NextHop Gateway(byte port, string address) =>
        new() { Kind = NextHopKind.Gateway, Port = port, Gateway = Ipv6Address.FromIpv4(Ipv4Address.Parse(address)) };

    private static void Add(PlanBuilder builder, byte port, string address, byte prefixLength, ushort mtuBytes) => builder.AddPort(
        new RouterPort { Mac48 = MacOfPort(port).Raw48, MtuBytes = mtuBytes, DevicePort = port },
        [(Ipv4Address.Parse(address), prefixLength)]);
}
