using System.Globalization;
using System.Threading;
using Dataplane.Datapath;
using Dataplane.Datapath.Tests;
using Dataplane.Nat;
using Dataplane.Packet;
using Dataplane.TestKit;

namespace Dataplane.Oracle.Tests;

/// <summary>The network that both routers stand in: <see cref="Network"/>'s lan and wan, and an IPv6 side without translation.</summary>
/// <remarks>
/// <code>
/// lan  10.0.0.1/16      2001:db8:1::1/64   clients 10.0.1.10 to .13 and 2001:db8:1::10
/// wan  198.51.100.2/24  2001:db8:2::1/64   everything else behind 198.51.100.1 and 2001:db8:2::99
/// </code>
/// What lan hosts open towards the wan leaves as 198.51.100.16, which is no interface's address.
/// </remarks>
internal static class Neighbourhood
{
    public const string Lan6 = "2001:db8:1::1";
    public const string Wan6 = "2001:db8:2::1";
    public const string Client6 = "2001:db8:1::10";
    public const string Gateway6 = "2001:db8:2::99";
    public const string Translated = Network.Pool;

    /// <summary>Lan hosts; the last one sends markers only.</summary>
    public static readonly string[] Clients = ["10.0.1.10", "10.0.1.11", "10.0.1.12", "10.0.1.13", Marker];

    public const string Marker = "10.0.1.250";
    public const string FarMarker = "192.0.2.250";

    private const int FirstPort = 1024;
    private const int PortsPerClient = 60_000;
    private const ushort ServerPort = 80;

    private static int s_flows;

    /// <summary>The provider's router, by which everything from the wan arrives.</summary>
    public static MacAddress GatewayMac => MemoryWorld.MacOf(Ipv4Address.Parse(Network.WanRouter));

    public static MacAddress Gateway6Mac => MemoryWorld.MacOf(Ipv6Address.Parse(Gateway6));

    /// <summary>A flow that no test has used, with a server of its own, so that no port that either router chooses is another flow's.</summary>
    public static Flow NewFlow(byte protocol, bool isIpv6 = false)
    {
        int number = Interlocked.Increment(ref s_flows);
        string server = isIpv6
            ? string.Create(CultureInfo.InvariantCulture, $"2001:db8:80:{number >> 16:x}::{number & 0xFFFF:x}")
            : string.Create(CultureInfo.InvariantCulture, $"203.{number >> 16 & 0xFF}.{number >> 8 & 0xFF}.{number & 0xFF}");
        string client = isIpv6 ? Client6 : Clients[number % (Clients.Length - 1)];
        Flow flow = new(protocol, new Endpoint(client, 0), new Endpoint(server, 0));
        ushort port = (ushort)(FirstPort + number % PortsPerClient);
        return flow with
        {
            Client = flow.Client with { Port = flow.HasPorts || flow.IsQuery ? port : (ushort)0 },
            Server = flow.Server with { Port = flow.HasPorts ? ServerPort : (ushort)0 },
        };
    }

    /// <summary>The same network as a plan of ours.</summary>
    public static PlanBuilder Plan()
    {
        PlanBuilder builder = Network.Pooled(portLow: 1024, portHigh: ushort.MaxValue);
        builder.AddAddress6(Network.Lan, Ipv6Address.Parse(Lan6), 64);
        builder.AddAddress6(Network.Lan, Ipv6Address.Parse("fe80::a"), 64);
        builder.AddAddress6(Network.Wan, Ipv6Address.Parse(Wan6), 64);
        builder.AddAddress6(Network.Wan, Ipv6Address.Parse("fe80::b"), 64);
        NextHop gateway = new() { Kind = NextHopKind.Gateway, Port = Network.Wan, Gateway = Ipv6Address.Parse(Gateway6) };
        builder.AddRoute6(default, 0, gateway);
        return builder;
    }
}
