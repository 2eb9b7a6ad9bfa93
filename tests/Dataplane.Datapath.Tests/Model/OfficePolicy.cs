using Dataplane.Conntrack;
using Dataplane.Nat;
using Dataplane.Packet;
using Dataplane.TestKit;

namespace Dataplane.Datapath.Tests.Model;

/// <summary>One policy twice: as compiled rules for the router and as plain code for the reference.</summary>
/// <remarks>Few outside ports for many hosts, so that ports clash and run out.</remarks>
internal sealed class OfficePolicy : ReferencePolicy
{
    public const ushort PoolLow = 20000;
    public const ushort PoolHigh = 20007;
    public const int SmallMtuBytes = 1000;
    public const string WebServer = "172.16.0.10";
    public const string NameServer = "172.16.0.11";
    public const string Exempt = "203.0.113.7";
    public const string Unrouted = "192.0.2.250";
    public const string Hidden = "192.0.2.251";

    private static readonly ReferencePool s_pool = new(Ipv4Address.Parse(Network.Pool), 2, PoolLow, PoolHigh);
    private static readonly ReferencePool s_wan = new(Ipv4Address.Parse(Network.WanAddress), 1, 1024, 65535);
    private static readonly ReferencePool s_dmz = new(Ipv4Address.Parse(Network.DmzAddress), 1, 1024, 65535);
    private static readonly ReferencePort[] s_ports =
    [
        new(Network.MacOfPort(0), Ipv4Address.Parse(Network.LanAddress), 1500),
        new(Network.MacOfPort(1), Ipv4Address.Parse(Network.WanAddress), SmallMtuBytes),
        new(Network.MacOfPort(2), Ipv4Address.Parse(Network.DmzAddress), 1500),
    ];

    /// <summary>The rules.</summary>
    public static PlanBuilder Build()
    {
        PlanBuilder builder = Network.Plain();
        RouterPort wan = builder.Ports[Network.Wan];
        wan.MtuBytes = SmallMtuBytes;
        builder.Ports[Network.Wan] = wan;
        builder.FilterDefault = FilterVerdict.Drop;
        builder.AddRoute(Address(Unrouted).Host, 32, default);
        builder.AddRoute(Address(Hidden).Host, 32, new NextHop { Kind = NextHopKind.Blackhole });
        ushort pool = builder.AddPool([new AddressRange { First = s_pool.First.Host, Count = s_pool.Count }], PoolLow, PoolHigh);

        builder.TrackRules.Add(new TrackRule { Match = RuleMatch.Any.Serving(IpProtocol.Udp, 123), Do = { Actions = TrackActions.NoTrack } });
        builder.DestinationRules.Add(new DestinationRule
        {
            Match = RuleMatch.Any.To(Network.WanAddress).Serving(IpProtocol.Tcp, 8000, 8003),
            To = Address(WebServer),
            ToPort = 80,
            MatchedPort = 8000,
            ToPortCount = 4,
        });
        builder.DestinationRules.Add(new DestinationRule
        {
            Match = Network.From(Network.Wan).To(Network.WanAddress).Serving(IpProtocol.Udp, 53),
            To = Address(NameServer),
            ToPort = 5353,
            ToPortCount = 1,
        });
        Filter(builder, Network.FromTo(Network.Lan, Network.Dmz).Serving(IpProtocol.Tcp, 23), FilterVerdict.Reject);
        Filter(builder, Network.From(Network.Lan), FilterVerdict.Accept);
        Filter(builder, RuleMatch.Any.To(WebServer).Serving(IpProtocol.Tcp, 80, 82), FilterVerdict.Accept);
        Filter(builder, RuleMatch.Any.To(NameServer).Serving(IpProtocol.Udp, 5353), FilterVerdict.Accept);
        Filter(builder, Network.FromTo(Network.Dmz, Network.Wan), FilterVerdict.Accept);
        Source(builder, Network.FromTo(Network.Lan, Network.Wan).To(Exempt), SourceAction.Exempt, 0);
        Source(builder, Network.FromTo(Network.Lan, Network.Wan), SourceAction.Pool, pool);
        Source(builder, Network.FromTo(Network.Dmz, Network.Wan), SourceAction.Masquerade, 0);
        Source(builder, Network.FromTo(Network.Lan, Network.Dmz), SourceAction.Masquerade, 0);
        SetShortTimeouts(ref builder.Timeouts);
        return builder;
    }

    /// <summary>Timeouts short enough that connections expire by the thousand.</summary>
    public static void SetShortTimeouts(ref TimeoutTable timeouts)
    {
        timeouts.Set(0, ConnectionState.TcpEstablished, 120);
        timeouts.Set(0, ConnectionState.UdpUnreplied, 30);
        timeouts.Set(0, ConnectionState.UdpReplied, 40);
        timeouts.Set(0, ConnectionState.UdpStream, 60);
        timeouts.Set(0, ConnectionState.IcmpUnreplied, 10);
        timeouts.Set(0, ConnectionState.IcmpReplied, 20);
    }

    public override ReferencePort Port(int port) => s_ports[port];

    public override ReferenceRoute Route(Ipv4Address destination)
    {
        foreach (ReferencePort port in s_ports)
        {
            if (port.Address == destination)
            {
                return new ReferenceRoute(ReferenceRouteKind.Local);
            }
        }

        uint host = destination.Host;
        return (host >> 24, host >> 16, host >> 8) switch
        {
            _ when destination == Address(Unrouted) => default,
            _ when destination == Address(Hidden) => new ReferenceRoute(ReferenceRouteKind.Blackhole),
            _ when s_pool.Contains(destination, PoolLow) => new ReferenceRoute(ReferenceRouteKind.Blackhole),
            _ when (host & 0xFFFF) is 0 or 0xFFFF && host >> 16 == 0x0A00 => new ReferenceRoute(ReferenceRouteKind.Blackhole),
            (_, 0x0A00, _) => new ReferenceRoute(ReferenceRouteKind.Forward, Network.Lan, destination),
            (_, 0x0A08, _) => new ReferenceRoute(ReferenceRouteKind.Forward, Network.Lan, Address(Network.LanRouter)),
            (_, _, 0xC63364) => new ReferenceRoute(ReferenceRouteKind.Forward, Network.Wan, destination),
            (_, _, 0xAC1000) => new ReferenceRoute(ReferenceRouteKind.Forward, Network.Dmz, destination),
            _ => new ReferenceRoute(ReferenceRouteKind.Forward, Network.Wan, Address(Network.WanRouter)),
        };
    }

    public override bool IsUntracked(in Ipv4Tuple tuple, int inPort) =>
        tuple.Protocol == IpProtocol.Udp && tuple.DestinationPort.Host == 123;

    public override Ipv4Tuple Destination(in Ipv4Tuple tuple, int inPort)
    {
        Ipv4Tuple routed = tuple;
        ushort port = tuple.DestinationPort.Host;
        if (tuple.Destination == Address(Network.WanAddress) && tuple.Protocol == IpProtocol.Tcp && port is >= 8000 and <= 8003)
        {
            routed.Destination = Address(WebServer);
            routed.DestinationPort = Be16.FromHost((ushort)(port - 8000 + 80));
        }
        else if (tuple.Destination == Address(Network.WanAddress) && tuple.Protocol == IpProtocol.Udp && port == 53 && inPort == Network.Wan)
        {
            routed.Destination = Address(NameServer);
            routed.DestinationPort = Be16.FromHost(5353);
        }

        return routed;
    }

    public override FilterVerdict Filter(in Ipv4Tuple tuple, int inPort, int outPort)
    {
        ushort port = tuple.DestinationPort.Host;
        bool isTcp = tuple.Protocol == IpProtocol.Tcp;
        if (inPort == Network.Lan)
        {
            return outPort == Network.Dmz && isTcp && port == 23 ? FilterVerdict.Reject : FilterVerdict.Accept;
        }

        bool isPublished = (isTcp && tuple.Destination == Address(WebServer) && port is >= 80 and <= 82)
            || (tuple.Protocol == IpProtocol.Udp && tuple.Destination == Address(NameServer) && port == 5353);
        return isPublished || (inPort == Network.Dmz && outPort == Network.Wan) ? FilterVerdict.Accept : FilterVerdict.Drop;
    }

    public override ReferencePool? Source(in Ipv4Tuple tuple, int inPort, int outPort) => (inPort, outPort) switch
    {
        (Network.Lan, Network.Wan) => tuple.Destination == Address(Exempt) ? null : s_pool,
        (Network.Dmz, Network.Wan) => s_wan,
        (Network.Lan, Network.Dmz) => s_dmz,
        _ => null,
    };

    /// <summary>Whether an inside address may be seen outside in this packet.</summary>
    public static bool MayLeave(SentFrame frame)
    {
        ReferencePacket packet = new(frame.Bytes);
        bool isInside = packet.Source.Host >> 24 == 10 || packet.Source.Host >> 16 == 0xAC10;
        return frame.Port != Network.Wan || !isInside || packet.Destination == Address(Exempt)
            || (packet.Protocol == IpProtocol.Udp && packet.Tuple.DestinationPort.Host == 123);
    }

    private static Ipv4Address Address(string text) => Ipv4Address.Parse(text);

    private static void Filter(PlanBuilder builder, RuleMatch match, FilterVerdict verdict) =>
        builder.FilterRules.Add(new FilterRule { Match = match, Verdict = verdict });

    private static void Source(PlanBuilder builder, RuleMatch match, SourceAction action, ushort pool) =>
        builder.SourceRules.Add(new SourceRule { Match = match, Action = action, Pool = pool });
}
