using System.Linq;
using Dataplane.Conntrack;
using Dataplane.Control.Configuration;
using Dataplane.Control.Planning;
using Dataplane.Datapath;
using Dataplane.Nat;
using Dataplane.Packet;
using Xunit;

namespace Dataplane.Control.Tests;

/// <summary>A configuration becomes the plan that it describes.</summary>
public class PlanCompilerTests
{
    private static readonly PortBinding[] s_bindings =
    [
        new(MacAddress.Parse("02:00:00:00:00:01"), 4),
        new(MacAddress.Parse("02:00:00:00:00:02"), 5),
        new(MacAddress.Parse("02:00:00:00:00:03"), 6),
    ];

    [Fact]
    public void Ports_carry_their_addresses_their_device_and_a_configured_mac_first()
    {
        PlanBuilder plan = Compile("\"Device\": \"null\"", "\"Device\": \"null\", \"Mac\": \"06:00:00:00:00:09\", \"Mtu\": 9000");
        Assert.Equal([4, 5, 6], plan.Ports.Select(port => (int)port.DevicePort));
        Assert.Equal("02:00:00:00:00:01", plan.Ports[0].Mac.ToString());
        Assert.Equal(("06:00:00:00:00:09", 9000), (plan.Ports[2].Mac.ToString(), plan.Ports[2].MtuBytes));
        Assert.Equal(
            ["10.0.0.1/16 on 0", "198.51.100.2/30 on 1"],
            plan.Addresses.Select(own => $"{own.Address}/{own.PrefixLength} on {own.Port}"));
    }

    [Fact]
    public unsafe void Routes_lead_to_their_gateway()
    {
        PlanBuilder builder = Compile(
            "\"Cores\": \"1\",", "\"Cores\": \"1\", \"Routes\": { \"192.0.2.0/24\": { \"Via\": \"198.51.100.1\" } },");
        Plan* plan = builder.Build();
        try
        {
            Route route = builder.Routes.Single(route => route.PrefixLength == 24);
            NextHop hop = plan->NextHops[route.NextHop];
            Assert.Equal((NextHopKind.Gateway, (byte)1, "198.51.100.1"), (hop.Kind, hop.Port, hop.Gateway.MappedIpv4.ToString()));
            Assert.Equal(7440u, plan->Timeouts.Seconds(0, ConnectionState.TcpEstablished));
        }
        finally
        {
            PlanBuilder.Free(plan);
        }
    }

    [Fact]
    public void A_destination_rule_maps_a_range_and_reserves_its_ports()
    {
        PlanBuilder plan = Compile("\"Cores\": \"1\",", """
            "Cores": "1", "Destination": {
              "10": { "Match": { "In": "wan", "Protocol": "udp", "DestinationPort": "10-19" }, "To": "10.0.0.9:30-39" },
              "20": { "Match": { "Protocol": "tcp", "Destination": "203.0.113.4-203.0.113.5", "DestinationPort": "443" },
                      "To": "10.0.0.9:8443" },
              "30": { "Match": { "Destination": "203.0.113.6" }, "To": "10.0.0.8" } },
            """);
        Nat.DestinationRule range = plan.DestinationRules[0];
        Assert.Equal((30, 10, 10), (range.ToPort, range.MatchedPort, range.ToPortCount));
        Assert.Equal((8443, 1), (plan.DestinationRules[1].ToPort, plan.DestinationRules[1].ToPortCount));
        Assert.Equal((0, "10.0.0.8"), (plan.DestinationRules[2].ToPort, plan.DestinationRules[2].To.ToString()));
        Assert.Equal(
            ["198.51.100.2-198.51.100.2 17 10-19", "203.0.113.4-203.0.113.5 6 443-443", "203.0.113.6-203.0.113.6 0 0-65535"],
            plan.Reserved.Select(item => $"{Text(item.AddressLow)}-{Text(item.AddressHigh)} {item.Protocol} {item.PortLow}-{item.PortHigh}"));
    }

    private static string Text(uint host) => Ipv4Address.FromHost(host).ToString();

    [Fact]
    public void Addresses_in_a_source_rule_become_a_pool_of_their_own()
    {
        PlanBuilder plan = Compile("\"Source\": {", """
            "Source": { "10": { "Match": { "Source": "10.0.7.0/24" }, "To": "203.0.113.64-203.0.113.65:5000-5999" },
            """);
        Assert.Equal([1, 0], plan.SourceRules.Select(rule => (int)rule.Pool));
        AddressPool own = plan.Pools[1];
        Assert.Equal((2u, 5000, 5999), (own.AddressCount, own.PortLow, own.PortHigh));
        Assert.Equal("203.0.113.64", Ipv4Address.FromHost(plan.Ranges[own.FirstRange].First).ToString());
        Assert.Equal((16u, 1024, 65535), (plan.Pools[0].AddressCount, plan.Pools[0].PortLow, plan.Pools[0].PortHigh));
    }

    [Fact]
    public void A_match_selects_what_the_text_says()
    {
        PlanBuilder plan = Compile("\"Cores\": \"1\",", """
            "Cores": "1", "Track": { "10": {
              "Match": { "In": "wan", "Protocol": "tcp", "Source": "192.0.2.0/24", "DestinationPort": "443" },
              "Do": { "NoTrack": true, "Mark": 7 } } },
            """);
        Nat.TrackRule rule = Assert.Single(plan.TrackRules);
        Assert.Equal((TrackActions.NoTrack | TrackActions.SetMark, 7u), (rule.Do.Actions, rule.Do.Mark));
        FirstPacket packet = new() { In = 1 };
        packet.Tuple.Protocol = IpProtocol.Tcp;
        packet.Tuple.Source = Ipv4Address.Parse("192.0.2.255");
        packet.Tuple.DestinationPort = Be16.FromHost(443);
        Assert.True(rule.Match.Matches(packet, routed: false));
        FirstPacket other = packet;
        other.In = 0;
        Assert.False(rule.Match.Matches(other, routed: false));
        other = packet;
        other.Tuple.Source = Ipv4Address.Parse("192.0.3.0");
        Assert.False(rule.Match.Matches(other, routed: false));
        other = packet;
        other.Tuple.DestinationPort = Be16.FromHost(444);
        Assert.False(rule.Match.Matches(other, routed: false));
    }

    [Fact]
    public void Settings_reach_the_plan()
    {
        PlanBuilder plan = Compile("\"Cores\": \"1\",", """
            "Cores": "1", "Conntrack": { "TcpLoose": true, "Checksum": false, "Accounting": false }, "Limits": { "IcmpErrorsPerSecond": 3 },
            """);
        Assert.Equal((true, false, false, 3), (plan.Tcp.IsLoose, plan.VerifyChecksums, plan.Accounting, plan.IcmpErrorsPerSecond));
        Assert.Equal(FilterVerdict.Drop, plan.FilterDefault);
        Assert.Equal(FilterVerdict.Accept, Assert.Single(plan.FilterRules).Verdict);
    }

    private static PlanBuilder Compile(string old, string replacement)
    {
        Assert.Contains(old, Texts.Home, System.StringComparison.Ordinal);
        RouterConfiguration configuration = Texts.Accepted(Texts.Home.Replace(old, replacement, System.StringComparison.Ordinal));
        return PlanCompiler.Compile(configuration, s_bindings);
    }
}
