using Dataplane.Conntrack;
using Dataplane.Nat;
using Dataplane.Packet;
using Dataplane.TestKit;
using Xunit;

namespace Dataplane.Datapath.Tests;

/// <summary>What becomes of packets that tracking calls invalid, by rule.</summary>
public class InvalidTrafficTests
{
    private const byte InvalidState = 1 << (int)PacketState.Invalid;

    [Fact]
    public void Without_a_rule_that_asks_for_them_they_are_dropped_for_their_reason_whatever_else_accepts()
    {
        PlanBuilder builder = Network.Plain();
        builder.FilterRules.Add(new FilterRule { Match = RuleMatch.Any, Verdict = FilterVerdict.Accept });
        using RouterBed bed = new(builder);
        bed.SendForDrop(Network.Lan, Network.FromClient().Tcp(4000, 80).Build(), DropReason.TcpNotSyn);
        bed.SendForDrop(Network.Lan, Network.FromClient().Icmp(IcmpType.EchoReply, 0, 1, 1).Build(), DropReason.IcmpReplyUnsolicited);
        Assert.Equal(0, bed.CountByDump());
    }

    [Fact]
    public void A_rule_may_let_them_pass_where_nothing_is_translated_and_they_open_nothing()
    {
        using RouterBed bed = new(With(Network.Plain(), FilterVerdict.Accept));
        byte[] sent = bed.SendForOne(Network.Lan, Network.FromClient().Tcp(4000, 80).Build(), Network.Wan);
        Assert.Equal($"{Network.Client} 63", $"{new ReferencePacket(sent).Source} {new ReferencePacket(sent).Ttl}");
        Assert.Equal(0, bed.CountByDump());
    }

    [Fact]
    public void What_passes_changes_nothing_of_the_connection_that_it_does_not_fit()
    {
        using RouterBed bed = new(With(Network.Plain(), FilterVerdict.Accept));
        byte[] syn = Network.FromClient().Tcp(4000, 80, TcpFlags.Syn, 1000, 0).Build();
        bed.SendForOne(Network.Lan, syn, Network.Wan);
        byte[] synAck = Network.FromHost(Network.Wan, Network.Server, Network.Client).Tcp(80, 4000, TcpFlags.Syn | TcpFlags.Ack, 7000, 1001).Build();
        bed.SendForOne(Network.Wan, synAck, Network.Lan);
        TcpConversation talk = new(bed);
        talk.Find(syn);
        byte[] before = talk.EntryBytes;
        bed.SendForOne(Network.Lan, Network.FromClient().Tcp(4000, 80, TcpFlags.Ack, 1001, 99_999_999).Build(), Network.Wan);
        Assert.Equal(before, talk.EntryBytes);
    }

    /// <summary>The connection is translated, or would be: an inside address must not leave.</summary>
    [Fact]
    public void A_rule_cannot_let_them_pass_where_they_would_leave_untranslated()
    {
        using RouterBed bed = new(With(Network.Masquerading(), FilterVerdict.Accept));
        bed.SendForDrop(Network.Lan, Network.FromClient().Tcp(4000, 81).Build(), DropReason.TcpNotSyn);
        TcpConversation talk = new TcpConversation(bed).Open();
        bed.SendForDrop(Network.Lan, talk.FromClient(acknowledgment: talk.Server + 1), DropReason.TcpAckAboveWindow);
        bed.SendForDrop(Network.Wan, talk.FromServer(acknowledgment: talk.Client + 1), DropReason.TcpAckAboveWindow);
    }

    [Fact]
    public void They_pass_where_a_source_rule_exempts_them()
    {
        PlanBuilder builder = With(Network.Masquerading(), FilterVerdict.Accept);
        builder.SourceRules.Insert(0, new SourceRule { Match = RuleMatch.Any.To(Network.Server), Action = SourceAction.Exempt });
        using RouterBed bed = new(builder);
        bed.SendForOne(Network.Lan, Network.FromClient().Tcp(4000, 80).Build(), Network.Wan);
        bed.SendForDrop(Network.Lan, Network.FromClient("192.0.2.81").Tcp(4000, 80).Build(), DropReason.TcpNotSyn);
    }

    /// <summary>A connection of this tuple would go to another host: the packet must not reach the one it names.</summary>
    [Fact]
    public void They_do_not_pass_where_a_destination_rule_would_translate_them()
    {
        PlanBuilder builder = With(Network.Plain(), FilterVerdict.Accept);
        builder.DestinationRules.Add(new DestinationRule
        {
            Match = Network.From(Network.Wan).To("10.0.1.99").Serving(IpProtocol.Tcp, 80),
            To = Ipv4Address.Parse("172.16.0.10"),
            ToPort = 80,
            ToPortCount = 1,
        });
        using RouterBed bed = new(builder);
        bed.SendForDrop(Network.Wan, Network.FromHost(Network.Wan, Network.Server, "10.0.1.99").Tcp(4000, 80).Build(), DropReason.TcpNotSyn);
    }

    /// <summary>Whoever sends it, it is not the router (RFC 1812 §5.3.7).</summary>
    [Fact]
    public void None_passes_that_claims_to_come_from_the_router()
    {
        using RouterBed bed = new(With(Network.Plain(), FilterVerdict.Accept));
        Assert.Empty(bed.Send(Network.Wan, Network.FromHost(Network.Wan, Network.DmzAddress, Network.Client).Tcp(4000, 80).Build()));
    }

    [Fact]
    public void A_rejected_one_is_answered_and_counted_by_its_own_reason()
    {
        using RouterBed bed = new(With(Network.Plain(), FilterVerdict.Reject));
        byte[] frame = Network.FromClient().Tcp(4000, 80).Build();
        ReferencePacket error = new(bed.SendForOne(Network.Lan, frame, Network.Lan));
        Assert.Equal($"{Network.LanAddress} {Network.Client} 3", $"{error.Source} {error.Destination} {error.IcmpType}");
        Assert.Equal(13, error.Ip[21]);
        Assert.Equal(new ReferencePacket(frame).Tuple, error.QuotedTuple);
        Assert.Equal(1ul, bed.Drops(DropReason.TcpNotSyn));
    }

    [Fact]
    public void Neither_the_last_hop_nor_an_unknown_destination_is_served()
    {
        using RouterBed bed = new(With(Network.Plain(), FilterVerdict.Accept));
        bed.SendForDrop(Network.Lan, Network.FromClient(ttl: 1).Tcp(4000, 80).Build(), DropReason.TcpNotSyn);
        bed.SendForDrop(Network.Lan, Network.FromClient(Network.LanAddress).Tcp(4000, 80).Build(), DropReason.TcpNotSyn);
    }

    [Theory]
    [InlineData(FilterVerdict.Accept)]
    [InlineData(FilterVerdict.Reject)]
    [InlineData(FilterVerdict.Drop)]
    public void Rules_decide_the_same_over_ipv6(FilterVerdict verdict)
    {
        PlanBuilder builder = Ipv6Network.Plain();
        RuleMatch6 match = RuleMatch6.Any;
        match.Common.States = InvalidState;
        builder.Filter6Rules.Add(new FilterRule6 { Match = match, Verdict = verdict });
        using RouterBed bed = Ipv6Network.Started(builder);
        byte[] frame = Ipv6Network.FromClient().Tcp(4000, 80).Build();
        if (verdict == FilterVerdict.Accept)
        {
            Assert.Equal(Ipv6Network.Forwarded(frame, Network.Wan, Ipv6Network.WanRouter), bed.SendForOne(Network.Lan, frame, Network.Wan));
        }
        else if (verdict == FilterVerdict.Reject)
        {
            byte[] error = bed.SendForOne(Network.Lan, frame, Network.Lan);
            Assert.Equal((Icmpv6Type.DestinationUnreachable, 1), (error[54], error[55]));
            Assert.Equal(1ul, bed.Drops(DropReason.TcpNotSyn));
        }
        else
        {
            bed.SendForDrop(Network.Lan, frame, DropReason.TcpNotSyn);
        }

        Assert.Equal(0, bed.CountByDump6());
    }

    private static PlanBuilder With(PlanBuilder builder, FilterVerdict verdict)
    {
        RuleMatch match = RuleMatch.Any;
        match.States = InvalidState;
        builder.FilterRules.Add(new FilterRule { Match = match, Verdict = verdict });
        return builder;
    }
}
