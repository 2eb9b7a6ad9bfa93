using Dataplane.Packet;
using Xunit;

namespace Dataplane.Nat.Tests;

/// <summary>In the lists behind the first the first match decides; track rules have <see cref="TrackRuleTests"/>.</summary>
public sealed unsafe class RuleEvaluatorTests
{
    [Fact]
    public void The_first_matching_filter_rule_decides_and_the_default_otherwise()
    {
        FilterRule* rules = stackalloc FilterRule[3];
        rules[0] = new FilterRule { Match = On(IpProtocol.Udp), Verdict = FilterVerdict.Reject };
        rules[1] = new FilterRule { Match = On(IpProtocol.Tcp), Verdict = FilterVerdict.Drop };
        rules[2] = new FilterRule { Match = On(IpProtocol.Tcp), Verdict = FilterVerdict.Accept };
        Assert.Equal(FilterVerdict.Drop, RuleEvaluator.Filter(rules, 3, FilterVerdict.Accept, Packets.First()));
        Assert.Equal(FilterVerdict.Reject, RuleEvaluator.Filter(rules, 3, FilterVerdict.Accept, Packets.First(IpProtocol.Udp)));
        Assert.Equal(FilterVerdict.Drop, RuleEvaluator.Filter(rules, 3, FilterVerdict.Drop, Packets.First(IpProtocol.Icmp)));
        Assert.Equal(FilterVerdict.Accept, RuleEvaluator.Filter(rules, 0, FilterVerdict.Accept, Packets.First()));
    }

    [Fact]
    public void The_first_matching_source_rule_is_the_answer()
    {
        SourceRule* rules = stackalloc SourceRule[2];
        rules[0] = new SourceRule { Match = On(IpProtocol.Udp), Action = SourceAction.Exempt };
        rules[1] = new SourceRule { Match = RuleMatch.Any, Action = SourceAction.Masquerade };
        Assert.True(RuleEvaluator.Source(rules, 2, Packets.First(IpProtocol.Udp)) == rules);
        Assert.True(RuleEvaluator.Source(rules, 2, Packets.First(IpProtocol.Tcp)) == rules + 1);
        Assert.True(RuleEvaluator.Source(rules, 1, Packets.First(IpProtocol.Tcp)) == null);
    }

    [Fact]
    public void The_first_matching_destination_rule_translates_and_the_others_do_not()
    {
        DestinationRule* rules = stackalloc DestinationRule[3];
        rules[0] = To("10.0.9.1", 0, 1);
        rules[0].Match.Protocol = IpProtocol.Udp;
        rules[1] = To("10.0.9.2", 8443, 1);
        rules[2] = To("10.0.9.3", 9000, 1);
        FirstPacket packet = Packets.First(destinationPort: 443);
        Assert.True(RuleEvaluator.Destination(rules, 3, ref packet));
        Assert.Equal(Ipv4Address.Parse("10.0.9.2"), packet.Tuple.Destination);
        Assert.Equal(8443, packet.Tuple.DestinationPort.Host);
        Assert.Equal(Packets.First().Tuple.Source, packet.Tuple.Source);
        Assert.Equal(Packets.First().Tuple.SourcePort, packet.Tuple.SourcePort);

        packet = Packets.First(IpProtocol.Udp, destinationPort: 443);
        Assert.True(RuleEvaluator.Destination(rules, 3, ref packet));
        Assert.Equal(Ipv4Address.Parse("10.0.9.1"), packet.Tuple.Destination);
        Assert.Equal(443, packet.Tuple.DestinationPort.Host);
    }

    [Fact]
    public void Without_a_match_the_destination_stays()
    {
        DestinationRule rule = To("10.0.9.1", 8080, 1);
        rule.Match.Protocol = IpProtocol.Udp;
        FirstPacket packet = Packets.First();
        Assert.False(RuleEvaluator.Destination(&rule, 1, ref packet));
        Assert.Equal(Packets.First().Tuple, packet.Tuple);
    }

    [Theory]
    [InlineData(8000, 20000)]
    [InlineData(8005, 20005)]
    [InlineData(8009, 20009)]
    public void A_range_of_ports_maps_to_a_range_one_to_one(int port, int expected)
    {
        DestinationRule rule = To("10.0.9.1", 20000, 10);
        rule.MatchedPort = 8000;
        (rule.Match.DestinationPortLow, rule.Match.DestinationPortHigh) = (8000, 8009);
        FirstPacket packet = Packets.First(destinationPort: (ushort)port);
        Assert.True(RuleEvaluator.Destination(&rule, 1, ref packet));
        Assert.Equal(expected, packet.Tuple.DestinationPort.Host);
    }

    [Fact]
    public void A_range_up_to_the_last_port_maps_without_wrapping()
    {
        DestinationRule rule = To("10.0.9.1", 65526, 10);
        rule.MatchedPort = 8000;
        FirstPacket packet = Packets.First(destinationPort: 8009);
        Assert.True(RuleEvaluator.Destination(&rule, 1, ref packet));
        Assert.Equal(65535, packet.Tuple.DestinationPort.Host);
    }

    [Fact]
    public void A_range_of_ports_may_share_one_target_port()
    {
        DestinationRule rule = To("10.0.9.1", 443, 1);
        rule.MatchedPort = 8000;
        FirstPacket packet = Packets.First(destinationPort: 8009);
        Assert.True(RuleEvaluator.Destination(&rule, 1, ref packet));
        Assert.Equal(443, packet.Tuple.DestinationPort.Host);
    }

    [Fact]
    public void A_query_keeps_its_id_when_its_destination_is_translated()
    {
        DestinationRule rule = To("10.0.9.1", 8080, 1);
        FirstPacket packet = Packets.First(IpProtocol.Icmp, sourcePort: 321, destinationPort: 0);
        Assert.True(RuleEvaluator.Destination(&rule, 1, ref packet));
        Assert.Equal(Ipv4Address.Parse("10.0.9.1"), packet.Tuple.Destination);
        Assert.Equal(321, packet.Tuple.SourcePort.Host);
        Assert.Equal(0, packet.Tuple.DestinationPort.Host);
    }

    private static RuleMatch On(byte protocol)
    {
        RuleMatch match = RuleMatch.Any;
        match.Protocol = protocol;
        return match;
    }

    private static DestinationRule To(string address, ushort port, ushort count) => new()
    {
        Match = RuleMatch.Any,
        To = Ipv4Address.Parse(address),
        ToPort = port,
        ToPortCount = count,
    };
}
