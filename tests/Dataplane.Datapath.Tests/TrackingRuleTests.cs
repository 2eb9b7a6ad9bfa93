using System.Collections.Generic;
using Dataplane.Conntrack;
using Dataplane.Nat;
using Dataplane.Packet;
using Dataplane.TestKit;
using Xunit;

namespace Dataplane.Datapath.Tests;

/// <summary>Marks and labels that track rules set, and the rules that ask for them: what a related packet meets.</summary>
public unsafe class TrackingRuleTests
{
    private const byte RelatedState = 1 << (int)PacketState.Related;

    /// <summary>Two rules set one mark between them; errors of marked connections are dropped, those of others pass.</summary>
    [Fact]
    public void A_mark_set_under_a_mask_decides_about_the_errors_of_its_connection()
    {
        PlanBuilder builder = Network.Masquerading();
        builder.TrackRules.Add(Mark(RuleMatch.Any.Serving(IpProtocol.Udp, 53, 60), 0xAB00, kept: 0));
        builder.TrackRules.Add(Mark(RuleMatch.Any.Serving(IpProtocol.Udp, 53), 0x0005, kept: 0xFFFF_FF00));
        builder.FilterRules.Add(RelatedWith(0xAB05, 0xFFFF));
        using RouterBed bed = new(builder);
        byte[] marked = bed.SendForOne(Network.Lan, Network.FromClient().Udp(5000, 53).Payload(8).Build(), Network.Wan);
        byte[] halfMarked = bed.SendForOne(Network.Lan, Network.FromClient().Udp(5000, 54).Payload(8).Build(), Network.Wan);
        byte[] unmarked = bed.SendForOne(Network.Lan, Network.FromClient().Udp(5000, 61).Payload(8).Build(), Network.Wan);
        Assert.Equal([0u, 0xAB00u, 0xAB05u], Marks(bed.Router.Conntrack.Table));
        bed.SendForDrop(Network.Wan, ErrorAbout(marked), DropReason.FilterDropped);
        bed.SendForOne(Network.Wan, ErrorAbout(halfMarked), Network.Lan);
        bed.SendForOne(Network.Wan, ErrorAbout(unmarked), Network.Lan);
    }

    [Fact]
    public void The_same_holds_of_ipv6()
    {
        PlanBuilder builder = Ipv6Network.Plain();
        RuleMatch6 names = RuleMatch6.Any;
        names.Common = names.Common.Serving(IpProtocol.Udp, 53);
        builder.Track6Rules.Add(new TrackRule6 { Match = names, Do = new TrackEffect { Actions = TrackActions.SetMark, Mark = 0x70, MarkKept = 0 } });
        RuleMatch6 related = RuleMatch6.Any;
        (related.Common.States, related.Common.Mark, related.Common.MarkMask) = (RelatedState, 0x70, 0xF0);
        builder.Filter6Rules.Add(new FilterRule6 { Match = related, Verdict = FilterVerdict.Drop });
        using RouterBed bed = Ipv6Network.Started(builder);
        byte[] marked = bed.SendForOne(Network.Lan, Ipv6Network.FromClient().Udp(5000, 53).Payload(8).Build(), Network.Wan);
        byte[] unmarked = bed.SendForOne(Network.Lan, Ipv6Network.FromClient().Udp(5000, 54).Payload(8).Build(), Network.Wan);
        Assert.Equal([0u, 0x70u], Marks(bed.Router.Conntrack6!.Table));
        bed.SendForDrop(Network.Wan, ErrorAbout6(marked), DropReason.FilterDropped);
        bed.SendForOne(Network.Wan, ErrorAbout6(unmarked), Network.Lan);
    }

    [Fact]
    public void A_rule_for_new_packets_says_nothing_about_related_or_invalid_ones()
    {
        PlanBuilder builder = Network.Plain();
        RuleMatch fresh = Network.From(Network.Wan);
        fresh.States = 1 << (int)PacketState.New;
        builder.FilterRules.Add(new FilterRule { Match = fresh, Verdict = FilterVerdict.Drop });
        using RouterBed bed = new(builder);
        byte[] sent = bed.SendForOne(Network.Lan, Network.FromClient().Udp(5000, 53).Payload(8).Build(), Network.Wan);
        bed.SendForDrop(
            Network.Wan, Network.FromHost(Network.Wan, Network.Server, Network.Client).Udp(99, 99).Build(), DropReason.FilterDropped);
        bed.SendForDrop(
            Network.Wan, Network.FromHost(Network.Wan, Network.Server, Network.Client).Tcp(99, 99).Build(), DropReason.TcpNotSyn);
        bed.SendForOne(Network.Wan, Network.FromHost(Network.Wan, "203.0.113.9", Network.Client)
            .IcmpError(IcmpType.DestinationUnreachable, 1, PacketBuilder.Quote(sent, 28)).Build(), Network.Lan);
    }

    private static TrackRule Mark(RuleMatch match, uint mark, uint kept) =>
        new() { Match = match, Do = new TrackEffect { Actions = TrackActions.SetMark, Mark = mark, MarkKept = kept } };

    private static FilterRule RelatedWith(uint mark, uint mask)
    {
        RuleMatch match = RuleMatch.Any;
        (match.States, match.Mark, match.MarkMask) = (RelatedState, mark, mask);
        return new FilterRule { Match = match, Verdict = FilterVerdict.Drop };
    }

    private static byte[] ErrorAbout(byte[] sent) => Network.FromHost(Network.Wan, "203.0.113.9", Network.WanAddress)
        .IcmpError(IcmpType.DestinationUnreachable, 1, PacketBuilder.Quote(sent, 28)).Build();

    private static byte[] ErrorAbout6(byte[] sent) => Ipv6Network.FromHost(Network.Wan, "2001:db8:99::1", Ipv6Network.Client)
        .Icmpv6(Icmpv6Type.DestinationUnreachable).Payload(sent[14..]).Build();

    private static uint[] Marks<TTuple>(ConntrackTable<TTuple>* table)
        where TTuple : unmanaged
    {
        List<uint> marks = [];
        byte* copy = stackalloc byte[Entry<TTuple>.SizeBytes];
        for (uint cursor = 0; cursor < table->EntryCount;)
        {
            if (table->CopyNext(ref cursor, 0, uint.MaxValue, copy) != 0)
            {
                marks.Add(Entry<TTuple>.Head(copy)->Mark);
            }
        }

        marks.Sort();
        return [.. marks];
    }
}
