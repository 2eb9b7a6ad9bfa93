using System;
using Dataplane.Nat;
using Dataplane.Packet;
using Dataplane.TestKit;
using Xunit;

namespace Dataplane.Datapath.Tests;

/// <summary>The IPv6 side of <see cref="Network"/>.</summary>
/// <remarks>
/// <code>
/// lan 2001:db8:1::1/64, fe80::a   hosts on the link, 2001:db8:8::/48 behind fe80::2
/// wan 2001:db8:2::1/64, fe80::b   everything else behind 2001:db8:2::99
/// dmz 2001:db8:3::1/64, fe80::c   servers on the link
/// </code>
/// </remarks>
internal static class Ipv6Network
{
    public const string LanAddress = "2001:db8:1::1";
    public const string WanAddress = "2001:db8:2::1";
    public const string DmzAddress = "2001:db8:3::1";
    public const string LanLinkLocal = "fe80::a";
    public const string LanRouter = "fe80::2";
    public const string WanRouter = "2001:db8:2::99";
    public const string Client = "2001:db8:1::10";
    public const string Server = "2001:db8:80::80";
    public const string DmzHost = "2001:db8:3::30";

    /// <summary>Seconds until every address is valid and has been announced.</summary>
    private const double StartSeconds = 8;

    public static PlanBuilder Plain(ushort mtuBytes = 1500)
    {
        PlanBuilder builder = Network.Plain(mtuBytes);
        AddTo(builder);
        return builder;
    }

    /// <summary>Gives the three ports their IPv6 side.</summary>
    public static void AddTo(PlanBuilder builder)
    {
        Add(builder, Network.Lan, LanAddress, LanLinkLocal);
        Add(builder, Network.Wan, WanAddress, "fe80::b");
        Add(builder, Network.Dmz, DmzAddress, "fe80::c");
        builder.AddRoute6(Ipv6Address.Parse("2001:db8:8::"), 48, Gateway(Network.Lan, LanRouter));
        builder.AddRoute6(default, 0, Gateway(Network.Wan, WanRouter));
    }

    /// <summary>A router that has made sure of its addresses.</summary>
    public static RouterBed Started(PlanBuilder? builder = null, int workers = 1, uint entriesMax = 4096)
    {
        RouterBed bed = new(builder ?? Plain(), workers, entriesMax: entriesMax);
        Start(bed);
        return bed;
    }

    /// <summary>Lets a router make sure of its addresses, and forgets what it said meanwhile.</summary>
    public static void Start(RouterBed bed)
    {
        for (double elapsed = 0; elapsed < StartSeconds; elapsed += 0.5)
        {
            bed.Settle();
            bed.Advance(0.5);
        }

        bed.Settle();
        Assert.Empty(bed.Take());
    }

    /// <summary>Makes a port advertise its prefixes.</summary>
    public static void Advertise(PlanBuilder builder, byte port)
    {
        RouterPort changed = builder.Ports[port];
        changed.AdvertisesPrefixes = true;
        builder.Ports[port] = changed;
    }

    /// <summary>Replaces a port's zone.</summary>
    public static void SetZone(PlanBuilder builder, byte port, ushort zone)
    {
        RouterPort changed = builder.Ports[port];
        changed.Zone = zone;
        builder.Ports[port] = changed;
    }

    /// <summary>A frame from a host on a port's link to the router.</summary>
    public static PacketBuilder FromHost(int port, string host, string destination, byte hopLimit = 64) => new PacketBuilder()
        .Ethernet(MacOf(host), Network.MacOfPort(port))
        .Ipv6(host, destination, hopLimit);

    public static PacketBuilder FromClient(string destination = Server, byte hopLimit = 64) =>
        FromHost(Network.Lan, Client, destination, hopLimit);

    /// <summary>A frame of the far server, which arrives by the wan router.</summary>
    public static PacketBuilder FromServer(string destination = Client, byte hopLimit = 64) => new PacketBuilder()
        .Ethernet(MacOf(WanRouter), Network.MacOfPort(Network.Wan))
        .Ipv6(Server, destination, hopLimit);

    /// <summary>The frame that the router makes of a packet: the same bytes behind other MAC addresses, one hop later.</summary>
    public static byte[] Forwarded(byte[] frame, int port, string nextHop)
    {
        byte[] expected = [.. frame];
        BitConverter.GetBytes(MacOf(nextHop).Raw48).AsSpan(0, 6).CopyTo(expected);
        BitConverter.GetBytes(Network.MacOfPort(port).Raw48).AsSpan(0, 6).CopyTo(expected.AsSpan(6));
        expected[21]--;
        return expected;
    }

    public static MacAddress MacOf(string address) => MemoryWorld.MacOf(Ipv6Address.Parse(address));

    /// <summary>33:33 and the last four bytes of a group.</summary>
    public static MacAddress GroupMac(string group) => Ipv6Multicast.Mac(Ipv6Address.Parse(group));

    public static RuleMatch6 FromTo(byte inPort, byte outPort) => new() { Common = Network.FromTo(inPort, outPort) };

    private static NextHop Gateway(byte port, string address) =>
        new() { Kind = NextHopKind.Gateway, Port = port, Gateway = Ipv6Address.Parse(address) };

    private static void Add(PlanBuilder builder, byte port, string address, string linkLocal)
    {
        builder.AddAddress6(port, Ipv6Address.Parse(address), 64);
        builder.AddAddress6(port, Ipv6Address.Parse(linkLocal), 64);
    }
}
