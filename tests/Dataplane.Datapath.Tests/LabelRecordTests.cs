using System.Collections.Generic;
using Dataplane.Conntrack;
using Dataplane.Nat;
using Dataplane.Packet;
using Dataplane.TestKit;
using Xunit;

namespace Dataplane.Datapath.Tests;

/// <summary>Labels of connections: set, matched, shown, and their records freed.</summary>
public unsafe class LabelRecordTests
{
    /// <summary>Records that a table made with this many has for one worker: its cache is extra.</summary>
    private const int Configured = 64;
    private const int Records = Configured + IndexCache.Capacity;

    private static readonly ConnectionLabel s_label = ConnectionLabel.Bit(3) | ConnectionLabel.Bit(100);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Labels_of_all_matching_rules_are_kept_and_shown_by_a_dump(bool isIpv6)
    {
        using RouterBed bed = Started(isIpv6, Configured);
        bed.SendForOne(Network.Lan, Frame(isIpv6, 53), Network.Wan);
        bed.SendForOne(Network.Lan, Frame(isIpv6, 54), Network.Wan);
        bed.SendForOne(Network.Lan, Frame(isIpv6, 55), Network.Wan);
        List<ConnectionLabel> labels = isIpv6 ? Labels(bed.Router.Conntrack6!.Table) : Labels(bed.Router.Conntrack.Table);
        Assert.Equal([s_label, ConnectionLabel.Bit(100), default], labels);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_rule_for_related_packets_matches_the_label_of_their_connection(bool isIpv6)
    {
        using RouterBed bed = Started(isIpv6, Configured);
        byte[] labelled = bed.SendForOne(Network.Lan, Frame(isIpv6, 53), Network.Wan);
        byte[] partly = bed.SendForOne(Network.Lan, Frame(isIpv6, 54), Network.Wan);
        bed.SendForDrop(Network.Wan, ErrorAbout(labelled, isIpv6), DropReason.FilterDropped);
        bed.SendForOne(Network.Wan, ErrorAbout(partly, isIpv6), Network.Lan);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Without_side_records_a_labelled_connection_is_refused_and_nothing_leaks(bool isIpv6)
    {
        using RouterBed bed = Started(isIpv6, sideRecords: 0, entriesMax: 32);
        for (int packet = 0; packet < 5000; packet++)
        {
            bed.SendForDrop(Network.Lan, Frame(isIpv6, 53, (ushort)(packet + 1000)), DropReason.SideRecordsFull);
        }

        Assert.Equal((0L, 0), (Unconfirmed(bed, isIpv6), isIpv6 ? bed.CountByDump6() : bed.CountByDump()));
        for (ushort packet = 0; packet < 32; packet++)
        {
            bed.SendForOne(Network.Lan, Frame(isIpv6, 55, (ushort)(packet + 1000)), Network.Wan);
        }
    }

    /// <summary>As many labelled connections as there are records, again and again: one record lost would be missed.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Records_are_freed_with_their_connections(bool isIpv6)
    {
        using RouterBed bed = Started(isIpv6, Configured);
        for (int round = 0; round < 3; round++)
        {
            for (ushort packet = 0; packet < Records; packet++)
            {
                bed.SendForOne(Network.Lan, Frame(isIpv6, 53, (ushort)(packet + 1000)), Network.Wan);
            }

            bed.SendForDrop(Network.Lan, Frame(isIpv6, 53, 9000), DropReason.SideRecordsFull);
            Assert.Equal((Records, 0L), (isIpv6 ? bed.CountByDump6() : bed.CountByDump(), Unconfirmed(bed, isIpv6)));
            for (int second = 0; second < 150; second++)
            {
                bed.Advance(1);
                bed.Settle();
            }

            Assert.Equal(0, isIpv6 ? bed.CountByDump6() : bed.CountByDump());
        }
    }

    private static long Unconfirmed(RouterBed bed, bool isIpv6) =>
        isIpv6 ? bed.Router.Conntrack6!.UnconfirmedCount() : bed.Router.Conntrack.UnconfirmedCount();

    /// <summary>Port 53 gets two bits by two rules, 54 one of them; errors of connections with both are dropped.</summary>
    private static RouterBed Started(bool isIpv6, int sideRecords, uint entriesMax = 4096)
    {
        PlanBuilder builder = Ipv6Network.Plain();
        builder.SourceRules.Add(new SourceRule { Match = Network.FromTo(Network.Lan, Network.Wan), Action = SourceAction.Masquerade });
        AddRule(builder, 53, 53, ConnectionLabel.Bit(3));
        AddRule(builder, 53, 54, ConnectionLabel.Bit(100));
        RuleMatch6 related = RuleMatch6.Any;
        related.Common.States = 1 << (int)PacketState.Related;
        related.Common.Label = s_label;
        builder.FilterRules.Add(new FilterRule { Match = related.Common, Verdict = FilterVerdict.Drop });
        builder.Filter6Rules.Add(new FilterRule6 { Match = related, Verdict = FilterVerdict.Drop });
        RouterBed bed = new(builder, entriesMax: entriesMax, sideRecords: (uint)sideRecords);
        if (isIpv6)
        {
            Ipv6Network.Start(bed);
        }

        return bed;
    }

    private static void AddRule(PlanBuilder builder, ushort low, ushort high, ConnectionLabel label)
    {
        TrackEffect effect = new() { Actions = TrackActions.SetLabel, Label = label };
        RuleMatch6 match = RuleMatch6.Any;
        match.Common = match.Common.Serving(IpProtocol.Udp, low, high);
        builder.TrackRules.Add(new TrackRule { Match = match.Common, Do = effect });
        builder.Track6Rules.Add(new TrackRule6 { Match = match, Do = effect });
    }

    private static byte[] Frame(bool isIpv6, ushort destinationPort, ushort sourcePort = 5000) =>
        (isIpv6 ? Ipv6Network.FromClient() : Network.FromClient()).Udp(sourcePort, destinationPort).Payload(8).Build();

    private static byte[] ErrorAbout(byte[] sent, bool isIpv6) => isIpv6
        ? Ipv6Network.FromHost(Network.Wan, "2001:db8:99::1", Ipv6Network.Client).Icmpv6(Icmpv6Type.DestinationUnreachable).Payload(sent[14..]).Build()
        : Network.FromHost(Network.Wan, "203.0.113.9", Network.WanAddress)
            .IcmpError(IcmpType.DestinationUnreachable, 1, PacketBuilder.Quote(sent, 28)).Build();

    /// <summary>Of all connections, by their destination ports.</summary>
    private static List<ConnectionLabel> Labels<TTuple>(ConntrackTable<TTuple>* table)
        where TTuple : unmanaged
    {
        SortedDictionary<ushort, ConnectionLabel> labels = [];
        byte* copy = stackalloc byte[Entry<TTuple>.SizeBytes];
        for (uint cursor = 0; cursor < table->EntryCount;)
        {
            uint index = table->CopyNext(ref cursor, 0, uint.MaxValue, copy);
            if (index != 0)
            {
                Be16 port = sizeof(TTuple) == Ipv4Tuple.SizeBytes
                    ? ((Ipv4Tuple*)copy)->DestinationPort : ((Ipv6Tuple*)copy)->DestinationPort;
                labels.Add(port.Host, LabelRecord.Copy(table, index, copy));
            }
        }

        return [.. labels.Values];
    }
}
