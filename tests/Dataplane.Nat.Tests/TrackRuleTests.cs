using System;
using Dataplane.Packet;
using Xunit;

namespace Dataplane.Nat.Tests;

/// <summary>All matching track rules apply, in order, and each sees what those before it set; the same for both families.</summary>
public sealed unsafe class TrackRuleTests
{
    [Fact]
    public void All_matching_rules_apply_and_the_last_mark_and_policy_win()
    {
        TrackRule* rules = stackalloc TrackRule[4];
        rules[0] = Rule(RuleMatch.Any, new TrackEffect { Actions = TrackActions.SetMark | TrackActions.SetPolicy, Mark = 1, Policy = 5 });
        rules[1] = Rule(On(IpProtocol.Udp), new TrackEffect { Actions = TrackActions.SetMark | TrackActions.SetPolicy, Mark = 2, Policy = 6 });
        rules[2] = Rule(RuleMatch.Any, new TrackEffect { Actions = TrackActions.SetMark, Mark = 3, Policy = 7 });
        rules[3] = Rule(On(IpProtocol.Tcp), new TrackEffect { Actions = TrackActions.NoTrack, Mark = 99, Policy = 4 });
        FirstPacket packet = Packets.First();
        TrackDecision decision = RuleEvaluator.Track(rules, 4, ref packet);
        Assert.Equal(TrackActions.SetMark | TrackActions.SetPolicy | TrackActions.NoTrack, decision.Actions);
        Assert.Equal((5, false), (decision.Policy, decision.IsTracked));
        Assert.Equal((3u, PacketState.Untracked), (packet.Mark, packet.State));
    }

    [Fact]
    public void What_no_rule_sets_stays()
    {
        FirstPacket packet = Packets.First();
        packet.Mark = 77;
        packet.Label = ConnectionLabel.Bit(9);
        packet.State = PacketState.Related;
        TrackRule rule = Rule(On(IpProtocol.Udp), new TrackEffect { Actions = TrackActions.NoTrack | TrackActions.SetMark });
        TrackRule silent = Rule(RuleMatch.Any, new TrackEffect { Mark = 1, Policy = 2, Label = ConnectionLabel.Bit(1) });
        Assert.Equal(default, RuleEvaluator.Track(&rule, 1, ref packet));
        Assert.Equal(default, RuleEvaluator.Track(&silent, 1, ref packet));
        Assert.Equal(default, RuleEvaluator.Track(&rule, 0, ref packet));
        Assert.Equal((77u, ConnectionLabel.Bit(9), PacketState.Related), (packet.Mark, packet.Label, packet.State));
    }

    [Theory]
    [InlineData(0xFFFF_0000u, 0x0000_00FFu, 0x0000_0010u, 0xFFFF_0010u)]
    [InlineData(0xFFFF_00FFu, 0x0000_00FFu, 0x0000_0010u, 0xFFFF_0010u)]
    [InlineData(0x1234_5678u, 0xFFFF_FFFFu, 0x0000_0010u, 0x0000_0010u)]
    [InlineData(0x1234_5678u, 0x0000_0000u, 0x0000_0000u, 0x1234_5678u)]
    public void A_masked_mark_changes_the_bits_of_its_mask_only(uint before, uint mask, uint value, uint after)
    {
        FirstPacket packet = Packets.First();
        packet.Mark = before;
        TrackRule rule = Rule(RuleMatch.Any, new TrackEffect { Actions = TrackActions.SetMark, Mark = value, MarkKept = ~mask });
        _ = RuleEvaluator.Track(&rule, 1, ref packet);
        Assert.Equal(after, packet.Mark);
    }

    [Fact]
    public void Label_bits_accumulate()
    {
        TrackRule* rules = stackalloc TrackRule[2];
        rules[0] = Rule(RuleMatch.Any, new TrackEffect { Actions = TrackActions.SetLabel, Label = ConnectionLabel.Bit(0) });
        rules[1] = Rule(RuleMatch.Any, new TrackEffect { Actions = TrackActions.SetLabel, Label = ConnectionLabel.Bit(127) });
        FirstPacket packet = Packets.First();
        Assert.Equal(TrackActions.SetLabel, RuleEvaluator.Track(rules, 2, ref packet).Actions);
        Assert.Equal("80000000000000000000000000000001", packet.Label.ToString());
    }

    [Fact]
    public void A_rule_sees_the_mark_label_and_state_that_earlier_ones_set()
    {
        RuleMatch marked = RuleMatch.Any with { Mark = 0x10, MarkMask = 0xF0 };
        RuleMatch labelled = RuleMatch.Any with { Label = ConnectionLabel.Bit(70) };
        RuleMatch untracked = RuleMatch.Any with { States = 1 << (int)PacketState.Untracked };
        TrackRule* rules = stackalloc TrackRule[4];
        rules[0] = Rule(untracked, new TrackEffect { Actions = TrackActions.SetPolicy, Policy = 1 });
        rules[1] = Rule(RuleMatch.Any, new TrackEffect { Actions = TrackActions.SetMark | TrackActions.NoTrack, Mark = 0x1F });
        rules[2] = Rule(marked, new TrackEffect { Actions = TrackActions.SetLabel, Label = ConnectionLabel.Bit(70) });
        rules[3] = Rule(labelled, new TrackEffect { Actions = TrackActions.SetMark, Mark = 0x2A });
        FirstPacket packet = Packets.First();
        Assert.Equal(0, RuleEvaluator.Track(rules, 4, ref packet).Policy);
        Assert.Equal(0x2Au, packet.Mark);
        Assert.Equal(1, RuleEvaluator.Track(rules, 1, ref packet).Policy);
    }

    [Fact]
    public void Rules_are_asked_before_the_egress_port_is_known()
    {
        TrackRule rule = Rule(RuleMatch.Any with { OutPorts = 0 }, new TrackEffect { Actions = TrackActions.NoTrack });
        FirstPacket packet = Packets.First();
        Assert.False(RuleEvaluator.Track(&rule, 1, ref packet).IsTracked);
    }

    [Fact]
    public void Both_families_decide_alike()
    {
        Random random = new(4);
        const int rulesMax = 6;
        TrackRule* rules = stackalloc TrackRule[rulesMax];
        TrackRule6* rules6 = stackalloc TrackRule6[rulesMax];
        int tracked = 0;
        for (int round = 0; round < 5000; round++)
        {
            for (int index = 0; index < rulesMax; index++)
            {
                rules[index] = Rule(RandomMatch(random), RandomEffect(random));
                rules6[index] = new TrackRule6 { Match = new RuleMatch6 { Common = rules[index].Match }, Do = rules[index].Do };
            }

            byte protocol = random.Next(2) == 0 ? IpProtocol.Tcp : IpProtocol.Udp;
            FirstPacket packet = Packets.First(protocol);
            FirstPacket6 packet6 = new() { In = packet.In, Out = packet.Out, Tuple = new Ipv6Tuple { Protocol = protocol } };
            packet6.Tuple.SourcePort = packet.Tuple.SourcePort;
            packet6.Tuple.DestinationPort = packet.Tuple.DestinationPort;
            TrackDecision decision = RuleEvaluator.Track(rules, rulesMax, ref packet);
            Assert.Equal(decision, RuleEvaluator.Track(rules6, rulesMax, ref packet6));
            Assert.Equal((packet.Mark, packet.Label, packet.State), (packet6.Mark, packet6.Label, packet6.State));
            tracked += decision.IsTracked ? 1 : 0;
        }

        Assert.InRange(tracked, 500, 4500);
    }

    [Fact]
    public void Ipv6_rules_ask_for_prefixes_ports_and_the_egress_port()
    {
        RuleMatch6 match = RuleMatch6.Any;
        match.Source = Ipv6Address.Parse("2001:db8:1::");
        match.SourceLength = 48;
        match.Destination = Ipv6Address.Parse("2001:db8:2::9");
        match.DestinationLength = 128;
        match.Common = match.Common with { Protocol = IpProtocol.Tcp, DestinationPortLow = 80, DestinationPortHigh = 81, OutPorts = 4 };
        FilterRule6 rule = new() { Match = match, Verdict = FilterVerdict.Reject };
        FirstPacket6 good = First6("2001:db8:1:ffff::1", "2001:db8:2::9", 80);
        Assert.Equal(FilterVerdict.Reject, RuleEvaluator.Filter(&rule, 1, FilterVerdict.Drop, good));
        foreach (FirstPacket6 other in new[]
        {
            First6("2001:db8:2::1", "2001:db8:2::9", 80), First6("2001:db8:1::1", "2001:db8:2::8", 80),
            First6("2001:db8:1::1", "2001:db8:2::9", 82), good with { Out = 1 }, good with { In = 63, Out = 3 },
        })
        {
            Assert.Equal(FilterVerdict.Drop, RuleEvaluator.Filter(&rule, 1, FilterVerdict.Drop, other));
        }

        Assert.Equal(FilterVerdict.Accept, RuleEvaluator.Filter(&rule, 0, FilterVerdict.Accept, good));
    }

    [Theory]
    [InlineData(IpProtocol.Tcp, true)]
    [InlineData(IpProtocol.Udp, true)]
    [InlineData(IpProtocol.UdpLite, true)]
    [InlineData(IpProtocol.Sctp, true)]
    [InlineData(IpProtocol.Dccp, true)]
    [InlineData(IpProtocol.Icmp, false)]
    [InlineData(IpProtocol.Gre, false)]
    public void Port_conditions_match_protocols_that_have_ports(byte protocol, bool matches)
    {
        RuleMatch match = RuleMatch.Any with { DestinationPortLow = 80, DestinationPortHigh = 80 };
        Assert.Equal(matches, match.Matches(Packets.First(protocol, destinationPort: 80), routed: false));
    }

    [Fact]
    public void A_label_has_128_bits_of_which_each_is_its_own()
    {
        UInt128 all = 0;
        for (int bit = 0; bit < ConnectionLabel.Bits; bit++)
        {
            ConnectionLabel label = ConnectionLabel.Bit(bit);
            UInt128 value = UInt128.Parse(label.ToString(), System.Globalization.NumberStyles.HexNumber, null);
            Assert.Equal(UInt128.One << bit, value);
            Assert.True(label.Contains(label) && label.Contains(default) && !default(ConnectionLabel).Contains(label));
            all |= value;
        }

        Assert.Equal(UInt128.MaxValue, all);
        Assert.Equal(ConnectionLabel.Bit(5), ConnectionLabel.Bit(128 + 5));
    }

    private static TrackRule Rule(RuleMatch match, TrackEffect effect) => new() { Match = match, Do = effect };

    private static RuleMatch On(byte protocol) => RuleMatch.Any with { Protocol = protocol };

    private static FirstPacket6 First6(string source, string destination, ushort port) => new()
    {
        In = 1,
        Out = 2,
        Tuple = new Ipv6Tuple
        {
            Source = Ipv6Address.Parse(source),
            Destination = Ipv6Address.Parse(destination),
            DestinationPort = Be16.FromHost(port),
            Protocol = IpProtocol.Tcp,
        },
    };

    private static RuleMatch RandomMatch(Random random)
    {
        RuleMatch match = random.Next(3) == 0 ? On(IpProtocol.Tcp) : RuleMatch.Any;
        match.States = (byte)(random.Next(4) == 0 ? random.Next(32) : 0);
        match.MarkMask = random.Next(3) == 0 ? 3u : 0;
        match.Mark = (uint)random.Next(4) & match.MarkMask;
        match.Label = random.Next(4) == 0 ? ConnectionLabel.Bit(random.Next(2)) : default;
        match.DestinationPortHigh = random.Next(4) == 0 ? (ushort)79 : ushort.MaxValue;
        return match;
    }

    private static TrackEffect RandomEffect(Random random) => new()
    {
        Actions = (TrackActions)(random.Next(16) & (random.Next(3) == 0 ? 15 : 14)),
        Policy = (byte)random.Next(8),
        Mark = (uint)random.Next(4),
        MarkKept = (uint)random.Next(4),
        Label = ConnectionLabel.Bit(random.Next(2)),
    };
}
