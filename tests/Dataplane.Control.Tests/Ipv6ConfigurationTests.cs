using System;
using System.Collections.Generic;
using System.Linq;
using Dataplane.Control.Configuration;
using Dataplane.Control.Diagnostics;
using Dataplane.Control.Planning;
using Dataplane.Datapath;
using Dataplane.Nat;
using Dataplane.Packet;
using FsCheck;
using FsCheck.Fluent;
using Xunit;
using RuleMatch = Dataplane.Control.Configuration.RuleMatch;

namespace Dataplane.Control.Tests;

/// <summary>IPv6 beside IPv4: addresses, routes and rules go where their family's packets find them.</summary>
public class Ipv6ConfigurationTests
{
    private const string Dual = """
        {
          "Cores": "1",
          "Ports": {
            "lan": { "Device": "af_xdp:eth0", "Addresses": ["10.0.0.1/16", "2001:db8:1::1/64", "2001:db8:2::1/48"], "RouterAdvertisements": true },
            "wan": { "Device": "af_xdp:eth1", "Addresses": "198.51.100.2/30, fe80::7/64, 2001:db8:ff::2/127" },
            "sea": { "Device": "null", "Ipv6": true },
            "old": { "Device": "ring", "Mtu": 576 },
          },
          "Routes": {
            "0.0.0.0/0": { "Via": "198.51.100.1" },
            "::/0": { "Via": "2001:db8:ff::3" },
            "2001:DB8:abcd:0::/48": { "Via": "fe80::1", "Port": "SEA" },
            "2001:db8:1:2::9/128": { "Via": "2001:db8:1::5", "Port": "lan" },
          },
          "Track": {
            "10": { "Match": { "Source": "2001:db8:1::/48" }, "Do": { "Mark": "0x10/0xff", "Label": "127" } },
            "20": { "Match": { "Source": "10.0.0.0/8" }, "Do": { "NoTrack": true } },
            "30": { "Match": { "Protocol": "sctp", "DestinationPort": "80-81" }, "Do": { "Label": "0123456789abcdef0000000000000001" } },
          },
          "Filter": {
            "10": { "Match": { "In": "lan", "Mark": "0x10/0xff", "State": "new | RELATED", "Label": "3" }, "Do": "accept" },
            "20": { "Match": { "Destination": "2001:db8:1::9" }, "Do": "reject" },
            "30": { "Match": { "Protocol": "icmp" }, "Do": "accept" },
            "40": { "Match": { "Protocol": "icmpv6" }, "Do": "accept" },
          },
          "Source": { "90": { "Match": { "Out": "wan" }, "To": "masquerade" } },
        }
        """;

    private static readonly PortBinding[] s_bindings =
    [
        new(MacAddress.Parse("02:00:00:00:00:01"), 0), new(MacAddress.Parse("02:00:00:00:00:02"), 1),
        new(MacAddress.Parse("34:56:78:9a:bc:de"), 2), new(MacAddress.Parse("02:00:00:00:00:04"), 3),
    ];

    [Fact]
    public void A_router_of_both_families_is_accepted_without_a_warning() => Assert.Empty(Texts.Load(Dual).Diagnostics);

    [Fact]
    public void A_router_of_ipv6_alone_needs_no_translation() => Assert.Empty(Texts.Load("""
        { "Cores": 1, "Filter": {}, "Ports": {
          "a": { "Device": "null", "Addresses": ["2001:db8:1::1/64"] }, "b": { "Device": "null", "Ipv6": true } } }
        """).Diagnostics);

    [Fact]
    public void Ports_have_the_addresses_of_both_families_and_a_link_local_one_by_their_mac()
    {
        RouterConfiguration configuration = Texts.Accepted(Dual);
        Assert.Equal([true, true, true, false], configuration.Ports.Select(port => port.Ipv6));
        Assert.Equal([true, false, false, false], configuration.Ports.Select(port => port.RouterAdvertisements));
        PlanBuilder plan = PlanCompiler.Compile(configuration, s_bindings);
        Assert.Equal(
            [
                "2001:db8:1::1/64 on 0", "2001:db8:2::1/48 on 0", "fe80::ff:fe00:1/64 on 0", "fe80::7/64 on 1", "2001:db8:ff::2/127 on 1",
                "fe80::3656:78ff:fe9a:bcde/64 on 2",
            ],
            plan.Addresses6.Select(own => $"{own.Address}/{own.PrefixLength} on {own.Port}"));
        Assert.Equal(["2001:db8:1::1", "2001:db8:ff::2", "::", "::"], plan.Ports.Select(port => port.Address6.ToString()));
        Assert.Equal(["fe80::ff:fe00:1", "fe80::7", "fe80::3656:78ff:fe9a:bcde", "::"], plan.Ports.Select(port => port.LinkLocal.ToString()));
        Assert.Equal([true, false, false, false], plan.Ports.Select(port => port.AdvertisesPrefixes));
        Assert.Equal(["10.0.0.1", "198.51.100.2"], plan.Addresses.Select(own => own.Address.ToString()));
    }

    [Fact]
    public void A_configured_mac_makes_the_link_local_address()
    {
        RouterConfiguration configuration = Texts.Accepted(Dual.Replace("\"Ipv6\": true", "\"Ipv6\": true, \"Mac\": \"00:00:5e:00:53:01\"", StringComparison.Ordinal));
        Assert.Equal("fe80::200:5eff:fe00:5301", PlanCompiler.Compile(configuration, s_bindings).Ports[2].LinkLocal.ToString());
    }

    [Fact]
    public unsafe void Routes_of_both_families_lead_to_their_gateways()
    {
        PlanBuilder builder = PlanCompiler.Compile(Texts.Accepted(Dual), s_bindings);
        Plan* plan = builder.Build();
        try
        {
            List<string> gateways = [];
            for (int index = 0; index < plan->Route6Section.Count; index++)
            {
                Route6 route = plan->Routes6[index];
                NextHop hop = plan->NextHops[route.NextHop];
                if (hop.Kind == NextHopKind.Gateway)
                {
                    gateways.Add($"{route.Prefix}/{route.PrefixLength} via {hop.Gateway} on {hop.Port}");
                }
            }

            Assert.Equal(
                ["::/0 via 2001:db8:ff::3 on 1", "2001:db8:abcd::/48 via fe80::1 on 2", "2001:db8:1:2::9/128 via 2001:db8:1::5 on 0"], gateways);
            Assert.Equal("::ffff:198.51.100.1", plan->NextHops[builder.Routes.Single(route => route.PrefixLength == 0).NextHop].Gateway.ToString());
        }
        finally
        {
            PlanBuilder.Free(plan);
        }
    }

    [Fact]
    public void Rules_go_to_the_lists_of_the_families_that_they_can_match()
    {
        PlanBuilder plan = PlanCompiler.Compile(Texts.Accepted(Dual), s_bindings);
        Assert.Equal([TrackActions.NoTrack, TrackActions.SetLabel], plan.TrackRules.Select(rule => rule.Do.Actions));
        Assert.Equal([TrackActions.SetMark | TrackActions.SetLabel, TrackActions.SetLabel], plan.Track6Rules.Select(rule => rule.Do.Actions));
        Assert.Equal([0, IpProtocol.Icmp], plan.FilterRules.Select(rule => (int)rule.Match.Protocol));
        Assert.Equal([0, 0, IpProtocol.Icmpv6], plan.Filter6Rules.Select(rule => (int)rule.Match.Common.Protocol));
        Assert.Equal(
            [("::", 0), ("2001:db8:1::9", 128), ("::", 0)],
            plan.Filter6Rules.Select(rule => (rule.Match.Destination.ToString(), (int)rule.Match.DestinationLength)));
        Assert.Equal(("2001:db8:1::", (byte)48), (plan.Track6Rules[0].Match.Source.ToString(), plan.Track6Rules[0].Match.SourceLength));
        Assert.Equal(plan.FilterRules[0].Match, plan.Filter6Rules[0].Match.Common);
    }

    [Fact]
    public void Marks_labels_and_states_reach_the_plan()
    {
        PlanBuilder plan = PlanCompiler.Compile(Texts.Accepted(Dual), s_bindings);
        TrackEffect effect = plan.Track6Rules[0].Do;
        Assert.Equal((0x10u, ~0xFFu, ConnectionLabel.Bit(127)), (effect.Mark, effect.MarkKept, effect.Label));
        Assert.Equal("0123456789abcdef0000000000000001", plan.Track6Rules[1].Do.Label.ToString());
        Nat.RuleMatch match = plan.FilterRules[0].Match;
        Assert.Equal((0x10u, 0xFFu, ConnectionLabel.Bit(3)), (match.Mark, match.MarkMask, match.Label));
        Assert.Equal(1 << (int)PacketState.New | 1 << (int)PacketState.Related, match.States);
        FirstPacket packet = new() { Mark = 0x7710, Label = ConnectionLabel.Bit(3) | ConnectionLabel.Bit(4) };
        Assert.True(match.Matches(packet, routed: true));
        Assert.False(match.Matches(packet with { Mark = 0x7711 }, routed: true));
        Assert.False(match.Matches(packet with { Label = ConnectionLabel.Bit(4) }, routed: true));
        Assert.False(match.Matches(packet with { State = PacketState.Established }, routed: true));
    }

    [Fact]
    public void A_plain_mark_replaces_the_whole_mark()
    {
        RouterConfiguration configuration = Texts.Accepted(Dual.Replace("0x10/0xff\", \"Label", "7\", \"Label", StringComparison.Ordinal));
        TrackEffect effect = PlanCompiler.Compile(configuration, s_bindings).Track6Rules[0].Do;
        Assert.Equal((7u, 0u), (effect.Mark, effect.MarkKept));
    }

    [Fact]
    public void Overrides_name_ipv6_routes_too()
    {
        LoadOptions options = new()
        {
            Environment = new Dictionary<string, string> { ["DATAPLANE__Routes__2001:db8:1:2::9/128__Via"] = "2001:db8:1::6" },
            Sets = ["Routes:2001:db8:9::/48:Via=2001:db8:ff::3", "routes:192.0.2.0/24:Via=10.0.0.9"],
        };
        RouterConfiguration configuration = Texts.Accepted(Dual, options);
        Assert.Equal(
            ["::/0 2001:db8:ff::3", "2001:db8:abcd::/48 fe80::1", "2001:db8:1:2::9/128 2001:db8:1::6", "2001:db8:9::/48 2001:db8:ff::3"],
            configuration.Routes6.Select(route => $"{route.Prefix} {route.Via}"));
        Assert.Equal(["0.0.0.0/0", "192.0.2.0/24"], configuration.Routes.Select(route => route.Prefix.ToString()));
    }

    [Fact]
    public void A_wrong_override_of_an_ipv6_route_is_shown_with_its_colons()
    {
        Diagnostic found = Texts.Single(
            Texts.Load(Dual, new LoadOptions { Sets = ["Routes:2001:db8:9::/48:Vai=2001:db8:ff::3"] }), DiagnosticCode.KeyUnknown);
        Assert.Equal("Routes.2001:db8:9::/48.Vai", found.Path);
    }

    [Theory]
    [InlineData("\"Source\": \"10.0.0.0/8\"", "\"Source\": \"2001:db8::/32\"", false)]
    [InlineData("\"In\": \"lan\"", "\"In\": \"lan\", \"Source\": \"2001:db8::/32\"", true)]
    [InlineData("\"Source\": \"2001:db8::/32\"", "\"Source\": \"2001:db8:5::/48\", \"Protocol\": \"tcp\"", true)]
    [InlineData("\"Source\": \"2001:db8:5::/48\"", "\"Source\": \"2001:db8::/32\"", false)]
    [InlineData("\"Source\": \"10.0.0.0/8\"", "\"In\": \"lan\"", false)]
    [InlineData("\"Mark\": \"1/1\"", "\"Mark\": \"3/3\"", true)]
    [InlineData("\"Mark\": \"3/3\"", "\"Mark\": \"1/1\"", false)]
    [InlineData("\"Mark\": \"0/1\"", "\"Mark\": \"3/3\"", false)]
    [InlineData("\"Label\": \"1\"", "\"Label\": \"00000000000000000000000000000003\"", true)]
    [InlineData("\"Label\": \"2\"", "\"Label\": \"1\"", false)]
    [InlineData("\"State\": \"new|related\"", "\"State\": \"related\"", true)]
    [InlineData("\"State\": \"new\"", "\"State\": \"new, related\"", false)]
    [InlineData("\"State\": \"new\"", "\"In\": \"lan\"", false)]
    public void A_rule_shadows_only_what_it_matches_in_each_family(string first, string second, bool shadows)
    {
        string rules = "^  \"Filter\": { \"10\": { \"Match\": { " + first + " }, \"Do\": \"drop\" }, \"20\": { \"Match\": { " + second + " }, \"Do\": \"accept\" } },";
        string text = Texts.Insert(rules).Text.Replace("  \"Filter\": { \"Default\": \"drop\", \"10\": { \"Do\": \"accept\" } },\n", "", StringComparison.Ordinal);
        Assert.Equal(shadows, Texts.Load(text).Diagnostics.Any(item => item.Code == DiagnosticCode.RuleShadowed));
    }

    [Fact]
    public void Link_local_addresses_follow_the_mac_bit_for_bit()
    {
        Prop.ForAll<ulong>(raw =>
        {
            MacAddress mac = MacAddress.FromRaw48(raw & 0xFFFF_FFFF_FFFF);
            string[] pairs = mac.ToString().Split(':');
            string first = (Convert.ToByte(pairs[0], 16) ^ 2).ToString("x2", null);
            Ipv6Address expected = Ipv6Address.Parse($"fe80::{first}{pairs[1]}:{pairs[2]}ff:fe{pairs[3]}:{pairs[4]}{pairs[5]}");
            Assert.Equal(expected, LinkLocalAddress.Of(mac));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1000));
    }

    [Fact]
    public void Prefixes_survive_being_written_and_read()
    {
        Gen<byte[]> bytes = Gen.Choose(0, 255).Select(value => (byte)value).ArrayOf(16);
        Gen<(byte[] Bytes, int Length)> prefixes = bytes.SelectMany(value => Gen.Choose(0, 128).Select(length => (value, length)));
        Prop.ForAll(prefixes.ToArbitrary(), item =>
        {
            Ipv6Prefix prefix = new(Ipv6Address.FromBytes(item.Bytes), item.Length);
            Assert.True(Reading.ValueSyntax.TryInterface6(prefix.ToString(), out Ipv6Prefix read, out string error, out _), error);
            Assert.Equal(prefix, read);
            Ipv6Prefix network = prefix with { Address = prefix.Network };
            Assert.Equal(network == prefix, Reading.ValueSyntax.TryPrefix6(prefix.ToString(), out _, out _, out string? remedy));
            Assert.True(network == prefix || remedy == $"the prefix is {network}");
            Assert.True(network.Contains(prefix.Address) && network.Contains(prefix) && network.Overlaps(prefix));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));
    }

    [Theory]
    [InlineData("7", 7u, uint.MaxValue)]
    [InlineData("0X10/0xFF", 0x10u, 0xFFu)]
    [InlineData("0/1", 0u, 1u)]
    [InlineData(" 4294967295 / 4294967295 ", uint.MaxValue, uint.MaxValue)]
    public void Marks_have_a_value_and_perhaps_a_mask(string text, uint value, uint mask)
    {
        Assert.True(Reading.ValueSyntax.TryMark(text, out MarkBits mark, out string error, out _), error);
        Assert.Equal(new MarkBits(value, mask), mark);
    }

    [Theory]
    [InlineData("tcp", 6)]
    [InlineData("ICMPv6", 58)]
    [InlineData("58", 58)]
    [InlineData("udplite", 136)]
    [InlineData("255", 255)]
    [InlineData("ah", 51)]
    public void Protocols_have_names_and_numbers(string text, int number)
    {
        Assert.True(Reading.ValueSyntax.TryProtocol(text, out int protocol, out string error, out _), error);
        Assert.Equal(number, protocol);
    }

    [Fact]
    public void A_match_without_addresses_is_for_both_families() =>
        Assert.Equal(AddressFamilies.Both, RuleMatch.Everything.Families);
}
