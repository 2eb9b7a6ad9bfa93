using System;
using System.Linq;
using Dataplane.Conntrack;
using Dataplane.Nat;
using Dataplane.Packet;
using Dataplane.TestKit;
using Xunit;

namespace Dataplane.Datapath.Tests;

public sealed unsafe class Ipv6ForwardingTests
{
    [Fact]
    public void A_packet_is_forwarded_there_and_back_with_one_hop_less_and_nothing_else_changed()
    {
        using RouterBed bed = Ipv6Network.Started();
        byte[] there = Ipv6Network.FromClient().WithTypeOfService(0xB8).Udp(5000, 53).Payload(30).Build();
        Assert.Equal(Ipv6Network.Forwarded(there, Network.Wan, Ipv6Network.WanRouter), bed.SendForOne(Network.Lan, there, Network.Wan));
        byte[] back = Ipv6Network.FromServer().Udp(53, 5000).Payload(40).Build();
        Assert.Equal(Ipv6Network.Forwarded(back, Network.Lan, Ipv6Network.Client), bed.SendForOne(Network.Wan, back, Network.Lan));
        Assert.Equal(1, bed.CountByDump6());
        Assert.Equal(0, bed.CountByDump());
    }

    [Fact]
    public void Packets_of_a_known_connection_take_the_fast_path_both_ways()
    {
        using RouterBed bed = Ipv6Network.Started();
        byte[] there = Ipv6Network.FromClient().Udp(5000, 53).Payload(8).Build();
        byte[] back = Ipv6Network.FromServer().Udp(53, 5000).Payload(8).Build();
        bed.SendForOne(Network.Lan, there, Network.Wan);
        bed.SendForOne(Network.Wan, back, Network.Lan);
        WorkerCounters before = bed.Router.Totals();
        for (int packet = 0; packet < 50; packet++)
        {
            bed.Inject(Network.Lan, there);
            bed.Inject(Network.Wan, back);
        }

        bed.Settle();
        Assert.Equal(100, bed.Take().Length);
        WorkerCounters after = bed.Router.Totals();
        Assert.Equal(before.Found + 100, after.Found);
        Assert.Equal(before.Opened, after.Opened);
        EntryTail* tail = Entry<Ipv6Tuple>.Tail(bed.Router.Conntrack6!.Table->EntryAt(FindOnly(bed)));
        Assert.Equal(51ul, tail->PacketsOriginal);
        Assert.Equal(51ul * 56, tail->BytesReply);
    }

    [Fact]
    public void Both_families_in_one_burst_keep_to_their_own_tables()
    {
        using RouterBed bed = Ipv6Network.Started();
        for (ushort port = 1; port <= 40; port++)
        {
            bed.Inject(Network.Lan, Ipv6Network.FromClient().Udp(port, 53).Build());
            bed.Inject(Network.Lan, Network.FromClient().Udp(port, 53).Build());
            if (port == 1)
            {
                // Neighbours first: only so many packets wait for one.
                bed.Settle();
            }
        }

        bed.Settle();
        Assert.Equal(80, bed.Take().Length);
        Assert.Equal(40, bed.CountByDump());
        Assert.Equal(40, bed.CountByDump6());
    }

    [Fact]
    public void A_tcp_connection_opens_and_an_echo_is_answered()
    {
        using RouterBed bed = Ipv6Network.Started();
        bed.SendForOne(Network.Lan, Ipv6Network.FromClient().Tcp(4000, 80, TcpFlags.Syn, 1000, 0).Build(), Network.Wan);
        bed.SendForOne(Network.Wan, Ipv6Network.FromServer().Tcp(80, 4000, TcpFlags.Syn | TcpFlags.Ack, 7000, 1001).Build(), Network.Lan);
        bed.SendForOne(Network.Lan, Ipv6Network.FromClient().Tcp(4000, 80, TcpFlags.Ack, 1001, 7001).Build(), Network.Wan);
        byte* entry = bed.Router.Conntrack6!.Table->EntryAt(FindOnly(bed));
        Assert.Equal(ConnectionState.TcpEstablished, new StateWord(Entry<Ipv6Tuple>.Head(entry)->State).State);

        bed.SendForOne(Network.Lan, Ipv6Network.FromClient().Icmpv6(128, 0, 0x0001_0001).Payload(16).Build(), Network.Wan);
        bed.SendForOne(Network.Wan, Ipv6Network.FromServer().Icmpv6(129, 0, 0x0001_0001).Payload(16).Build(), Network.Lan);
        Assert.Equal(2, bed.CountByDump6());
    }

    [Fact]
    public void What_opens_nothing_is_dropped_by_name()
    {
        using RouterBed bed = Ipv6Network.Started();
        bed.SendForDrop(Network.Lan, Ipv6Network.FromClient().Tcp(4000, 80, TcpFlags.Ack).Build(), DropReason.TcpNotSyn);
        bed.SendForDrop(Network.Lan, Ipv6Network.FromClient().Icmpv6(129, 0, 1).Build(), DropReason.IcmpReplyUnsolicited);
        Assert.Equal(0, bed.CountByDump6());
    }

    [Fact]
    public void A_route_by_a_link_local_gateway_leads_to_it()
    {
        using RouterBed bed = Ipv6Network.Started();
        byte[] frame = Ipv6Network.FromHost(Network.Dmz, Ipv6Network.DmzHost, "2001:db8:8::5").Udp(1, 2).Build();
        byte[] sent = bed.SendForOne(Network.Dmz, frame, Network.Lan);
        Assert.Equal(Ipv6Network.Forwarded(frame, Network.Lan, Ipv6Network.LanRouter), sent);
    }

    [Theory]
    [InlineData(FilterVerdict.Accept)]
    [InlineData(FilterVerdict.Drop)]
    [InlineData(FilterVerdict.Reject)]
    public void Filter_rules_decide_about_first_packets_and_replies_have_passed_already(FilterVerdict verdict)
    {
        PlanBuilder builder = Ipv6Network.Plain();
        RuleMatch6 match = Ipv6Network.FromTo(Network.Lan, Network.Wan);
        match.Destination = Ipv6Address.Parse("2001:db8:80::");
        match.DestinationLength = 48;
        builder.FilterDefault = FilterVerdict.Drop;
        builder.Filter6Rules.Add(new FilterRule6 { Match = match, Verdict = verdict });
        using RouterBed bed = Ipv6Network.Started(builder);
        byte[] frame = Ipv6Network.FromClient().Udp(5000, 53).Build();
        SentFrame[] sent = bed.Send(Network.Lan, frame);
        Assert.Equal(verdict == FilterVerdict.Accept ? 1 : 0, bed.CountByDump6());
        Assert.Equal(verdict == FilterVerdict.Drop ? 1ul : 0, bed.Drops(DropReason.FilterDropped));
        Assert.Equal(verdict == FilterVerdict.Reject ? 1ul : 0, bed.Drops(DropReason.FilterRejected));
        if (verdict == FilterVerdict.Reject)
        {
            Assert.Equal([1, 1], Assert.Single(sent).Bytes[54..56]);
        }
        else if (verdict == FilterVerdict.Accept)
        {
            bed.SendForOne(Network.Wan, Ipv6Network.FromServer().Udp(53, 5000).Build(), Network.Lan);
        }

        // Outside the rule's prefix.
        bed.SendForDrop(Network.Lan, Ipv6Network.FromClient("2001:db8:81::1").Udp(5000, 53).Build(), DropReason.FilterDropped);
        bed.SendForDrop(Network.Wan, Ipv6Network.FromServer().Udp(54, 5000).Build(), DropReason.FilterDropped);
    }

    [Fact]
    public void An_untracked_packet_leaves_no_entry_and_obeys_mtu_and_filter()
    {
        PlanBuilder builder = Ipv6Network.Plain(mtuBytes: 1280);
        builder.Track6Rules.Add(new TrackRule6 { Match = new RuleMatch6 { Common = RuleMatch.Any }, Do = { Actions = TrackActions.NoTrack } });
        using RouterBed bed = Ipv6Network.Started(builder);
        byte[] frame = Ipv6Network.FromClient().Udp(5000, 53).Payload(4).Build();
        Assert.Equal(Ipv6Network.Forwarded(frame, Network.Wan, Ipv6Network.WanRouter), bed.SendForOne(Network.Lan, frame, Network.Wan));
        bed.SendForOne(Network.Lan, Ipv6Network.FromClient().Tcp(1, 2, TcpFlags.Ack).Build(), Network.Wan);
        byte[] error = bed.SendForOne(Network.Lan, Ipv6Network.FromClient().Udp(5000, 53).Payload(1300).Build(), Network.Lan);
        Assert.Equal(Icmpv6Type.PacketTooBig, error[54]);
        Assert.Equal(0, bed.CountByDump6());
    }

    [Fact]
    public void A_mark_set_by_a_rule_is_kept_in_the_entry()
    {
        PlanBuilder builder = Ipv6Network.Plain();
        TrackEffect effect = new() { Actions = TrackActions.SetMark, Mark = 0x1234 };
        builder.Track6Rules.Add(new TrackRule6 { Match = new RuleMatch6 { Common = RuleMatch.Any }, Do = effect });
        using RouterBed bed = Ipv6Network.Started(builder);
        bed.SendForOne(Network.Lan, Ipv6Network.FromClient().Udp(5000, 53).Build(), Network.Wan);
        Assert.Equal(0x1234u, Entry<Ipv6Tuple>.Head(bed.Router.Conntrack6!.Table->EntryAt(FindOnly(bed)))->Mark);
    }

    [Fact]
    public void The_same_tuple_in_two_zones_is_two_connections_and_replies_are_found_in_the_zone_they_come_in_by()
    {
        PlanBuilder builder = Ipv6Network.Plain();
        Ipv6Network.SetZone(builder, Network.Lan, 7);
        Ipv6Network.SetZone(builder, Network.Wan, 9);
        using RouterBed bed = Ipv6Network.Started(builder);
        bed.SendForOne(Network.Lan, Ipv6Network.FromClient().Udp(5000, 53).Build(), Network.Wan);
        byte* entry = bed.Router.Conntrack6!.Table->EntryAt(FindOnly(bed));
        Assert.Equal(7, Entry<Ipv6Tuple>.Tuple(entry, Direction.Original)->Zone);
        Assert.Equal(9, Entry<Ipv6Tuple>.Tuple(entry, Direction.Reply)->Zone);
        ulong found = bed.Router.Totals().Found;
        bed.SendForOne(Network.Wan, Ipv6Network.FromServer().Udp(53, 5000).Build(), Network.Lan);
        Assert.Equal(found + 1, bed.Router.Totals().Found);

        // The client's address behind another port is another connection, whose reply would be the same: it is refused.
        bed.SendForDrop(
            Network.Dmz, Ipv6Network.FromHost(Network.Dmz, Ipv6Network.Client, Ipv6Network.Server).Udp(5000, 53).Build(), DropReason.ClashUnresolved);
        Assert.Equal(1, bed.CountByDump6());
    }

    [Theory]
    [InlineData(Ipv6Network.DmzAddress, Ipv6Network.Server)]
    [InlineData("2001:db8:3::", Ipv6Network.Server)]
    [InlineData("::", Ipv6Network.LanAddress)]
    [InlineData(Ipv6Network.LanLinkLocal, Ipv6Network.LanAddress)]
    public void A_source_that_cannot_be_is_dropped(string source, string destination)
    {
        using RouterBed bed = Ipv6Network.Started();
        byte[] frame = Ipv6Network.FromHost(Network.Lan, source, destination).Icmpv6(128, 0, 1).Build();
        bed.SendForDrop(Network.Lan, frame, DropReason.Ipv6SourceInvalid);
    }

    [Fact]
    public void Link_local_packets_are_never_routed()
    {
        using RouterBed bed = Ipv6Network.Started();
        bed.SendForDrop(Network.Lan, Ipv6Network.FromHost(Network.Lan, "fe80::77", "fe80::b").Udp(1, 2).Build(), DropReason.NoRoute);
        bed.SendForDrop(Network.Lan, Ipv6Network.FromClient("fe80::77").Udp(1, 2).Build(), DropReason.NoRoute);
        byte[] beyond = Ipv6Network.FromHost(Network.Lan, "fe80::77", Ipv6Network.Server).Udp(1, 2).Build();
        byte[] error = bed.SendForOne(Network.Lan, beyond, Network.Lan);
        byte[] expected = new PacketBuilder()
            .Ethernet(Network.MacOfPort(Network.Lan), Ipv6Network.MacOf("fe80::77"))
            .Ipv6(Ipv6Network.LanLinkLocal, "fe80::77")
            .Icmpv6(1, 2)
            .Payload(beyond[14..])
            .Build();
        Assert.Equal(expected, error);
        Assert.Equal(1ul, bed.Drops(DropReason.Ipv6SourceInvalid));
        Assert.Equal(0, bed.CountByDump6());
    }

    [Theory]
    [InlineData("ff02::fb")]
    [InlineData("ff0e::1234")]
    [InlineData("ff02::1")]
    public void Multicast_is_not_forwarded(string group)
    {
        using RouterBed bed = Ipv6Network.Started();
        DropReason reason = group == "ff02::1" ? DropReason.LocalUnsupported : DropReason.Ipv6DestinationInvalid;
        PacketBuilder frame = Ipv6Network.FromClient(group).Udp(5353, 5353).Payload(12);
        bed.SendForDrop(Network.Lan, frame.Build(), reason);
        bed.SendForDrop(Network.Lan, frame.Ethernet(Ipv6Network.MacOf(Ipv6Network.Client), Ipv6Network.GroupMac(group)).Build(), reason);
    }

    [Fact]
    public void A_frame_to_a_group_must_carry_a_packet_to_a_group()
    {
        using RouterBed bed = Ipv6Network.Started();
        byte[] frame = Ipv6Network.FromClient().Ethernet(Ipv6Network.MacOf(Ipv6Network.Client), Ipv6Network.GroupMac("ff02::1")).Udp(1, 2).Build();
        bed.SendForDrop(Network.Lan, frame, DropReason.NotForThisRouter);
    }

    [Fact]
    public void A_port_without_an_ipv6_address_drops_ipv6_by_name()
    {
        PlanBuilder builder = Network.Plain();
        builder.AddAddress6(Network.Wan, Ipv6Address.Parse(Ipv6Network.WanAddress), 64);
        builder.AddAddress6(Network.Wan, Ipv6Address.Parse("fe80::b"), 64);
        using RouterBed bed = Ipv6Network.Started(builder);
        bed.SendForDrop(Network.Lan, Ipv6Network.FromClient(Ipv6Network.WanAddress).Udp(1, 2).Build(), DropReason.Ipv6NotEnabled);
    }

    [Fact]
    public void Extension_headers_travel_on_and_hide_nothing_from_the_filter()
    {
        PlanBuilder builder = Ipv6Network.Plain();
        RuleMatch6 match = new() { Common = RuleMatch.Any.Serving(IpProtocol.Udp, 9) };
        builder.Filter6Rules.Add(new FilterRule6 { Match = match, Verdict = FilterVerdict.Drop });
        using RouterBed bed = Ipv6Network.Started(builder);
        byte[] options = [0, 0, 1, 4, 0, 0, 0, 0];
        byte[] frame = Ipv6Network.FromClient().Extension(IpProtocol.HopByHop, options).Extension(IpProtocol.DestinationOptions, options).Udp(5, 8).Build();
        Assert.Equal(Ipv6Network.Forwarded(frame, Network.Wan, Ipv6Network.WanRouter), bed.SendForOne(Network.Lan, frame, Network.Wan));
        byte[] hidden = Ipv6Network.FromClient().Extension(IpProtocol.DestinationOptions, options).Udp(5, 9).Build();
        bed.SendForDrop(Network.Lan, hidden, DropReason.FilterDropped);
    }

    [Fact]
    public void Connections_expire_and_their_entries_come_back()
    {
        using RouterBed bed = Ipv6Network.Started();
        for (ushort port = 1; port <= 200; port++)
        {
            bed.Inject(Network.Lan, Ipv6Network.FromClient().Udp(port, 53).Build());
        }

        bed.Settle();
        Assert.Equal(200, bed.CountByDump6());
        for (int round = 0; round < 4000; round++)
        {
            bed.Advance(0.1);
            bed.Poll();
        }

        Assert.Equal(0, bed.CountByDump6());
        Assert.Equal(0, bed.Router.Conntrack6!.Count());
    }

    [Fact]
    public void Two_workers_forward_the_directions_of_one_connection()
    {
        using RouterBed bed = Ipv6Network.Started(workers: 2);
        for (int round = 0; round < 20; round++)
        {
            bed.Inject(Network.Lan, Ipv6Network.FromClient().Udp(5000, 53).Build(), queue: round % 2);
            bed.Inject(Network.Wan, Ipv6Network.FromServer().Udp(53, 5000).Build(), queue: (round + 1) % 2);
            bed.Settle();
        }

        Assert.Equal(40, bed.Take().Length);
        Assert.Equal(1, bed.CountByDump6());
    }

    /// <summary>The index of the only live entry.</summary>
    private static uint FindOnly(RouterBed bed)
    {
        ConntrackTable<Ipv6Tuple>* table = bed.Router.Conntrack6!.Table;
        uint[] live = [.. Enumerable.Range(1, (int)table->EntryCount - 1).Select(index => (uint)index).Where(index => IsLive(table, index))];
        return Assert.Single(live);
    }

    private static bool IsLive(ConntrackTable<Ipv6Tuple>* table, uint index) =>
        new StateWord(Entry<Ipv6Tuple>.Head(table->EntryAt(index))->State).IsLive;
}
