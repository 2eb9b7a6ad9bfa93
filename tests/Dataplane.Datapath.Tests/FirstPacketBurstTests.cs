using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Linq;
using Dataplane.Conntrack;
using Dataplane.Packet;
using Dataplane.TestKit;
using Xunit;

namespace Dataplane.Datapath.Tests;

/// <summary>First packets that arrive in one burst: they are judged in groups, before the first of them is acted on.</summary>
public sealed class FirstPacketBurstTests
{
    private const int Many = 3 * WorkerContext.AdmissionsMax + 5;

    [Fact]
    public void Two_packets_of_a_new_connection_in_one_burst_open_it_once_and_leave_in_order()
    {
        using RouterBed bed = new(Network.Masquerading());
        Resolve(bed);
        bed.Inject(Network.Lan, Network.FromClient().Udp(5000, 53).Payload(1).Build());
        bed.Inject(Network.Lan, Network.FromClient().Udp(5000, 53).Payload(2).Build());
        bed.Settle();
        SentFrame[] sent = bed.Take();
        Assert.Equal([1, 2], sent.Select(frame => Payload(frame.Bytes)));
        Assert.Single(sent.Select(frame => new ReferencePacket(frame.Bytes).Tuple.SourcePort.Host).Distinct());
        Assert.Equal((2ul, 1ul), (bed.Router.Totals().Opened, bed.Router.Totals().Found));
    }

    /// <summary>Judged with the group, before the SYN is acted on, the reset would open nothing and be dropped.</summary>
    [Fact]
    public void A_segment_right_behind_its_syn_belongs_to_the_connection_that_the_syn_opens()
    {
        using RouterBed bed = new(Network.Masquerading());
        Resolve(bed);
        bed.Inject(Network.Lan, Network.FromClient().Tcp(5000, 80, TcpFlags.Syn, 1000, 0).Build());
        bed.Inject(Network.Lan, Network.FromClient().Tcp(5000, 80, TcpFlags.Rst, 1001, 0).Build());
        bed.Inject(Network.Lan, Network.FromClient().Tcp(5001, 80, TcpFlags.Rst, 1001, 0).Build());
        bed.Settle();
        Assert.Equal(2, bed.Take().Length);
        Assert.Equal((1ul, 2ul), (bed.Router.Totals().Dropped, bed.Router.Totals().Opened));
    }

    /// <summary>Any mixture of beginnings, in one burst and each packet by itself: the same packets leave, the same ones are dropped.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_burst_ends_as_its_packets_would_one_at_a_time(int seed)
    {
        Random random = new(seed);
        using RouterBed together = new(Network.Masquerading());
        using RouterBed apart = new(Network.Masquerading());
        Resolve(together);
        Resolve(apart);
        for (int round = 0; round < 150; round++)
        {
            byte[][] frames = [.. Enumerable.Range(0, random.Next(2, 50)).Select(number => Beginning(random, round, number))];
            foreach (byte[] frame in frames)
            {
                together.Inject(Network.Lan, frame);
            }

            together.Settle();
            List<string> expected = [.. frames.SelectMany(frame => apart.Send(Network.Lan, frame)).Select(Known)];
            Assert.Equal(expected.Order(), together.Take().Select(Known).Order());
            Assert.Equal(AllDrops(apart), AllDrops(together));
            Assert.Equal(apart.CountByDump(), together.CountByDump());
        }

        Assert.True(AllDrops(apart).Count(drops => drops > 0) >= 5);
    }

    /// <summary>Between the judgement of a group and its acts another worker opens the same connection, or takes the port.</summary>
    [Theory]
    [InlineData((ushort)5000, 1, 2, 0)] // the same connection: its entry serves both packets
    [InlineData((ushort)5001, 2, 2, 0)] // another one, and there are two ports
    public void What_another_worker_opens_after_the_judgement_counts(ushort other, int opened, int sent, int exhausted) =>
        OpenMeanwhile(portHigh: 6001, other, opened, sent, exhausted);

    [Fact]
    public void The_only_port_goes_to_one_worker_and_the_other_is_told() =>
        OpenMeanwhile(portHigh: 6000, other: 5001, opened: 1, sent: 1, exhausted: 1);

    private static void OpenMeanwhile(ushort portHigh, ushort other, int opened, int sent, int exhausted)
    {
        using RouterBed bed = new(Network.Pooled(6000, portHigh), workers: 2);
        Resolve(bed);
        ulong before = bed.Router.Totals().Opened;
        int asked = 0;
        bed.World.RouteAsked = () =>
        {
            // The second look-up of the judgement is the source's; the candidate is chosen behind it, the act comes at the end of the group.
            if (++asked == 4)
            {
                bed.World.RouteAsked = null;
                bed.Inject(Network.Lan, Network.FromClient().Udp(other, 80).Build(), queue: 1);
                _ = bed.Poll(worker: 1);
            }
        };
        bed.Inject(Network.Lan, Network.FromClient().Udp(5000, 80).Build());
        bed.Inject(Network.Lan, Network.FromClient(ttl: 1).Udp(5999, 80).Build());
        bed.Settle();
        Assert.Null(bed.World.RouteAsked);
        Assert.Equal(sent, bed.Take().Count(frame => frame.Port == Network.Wan));
        Assert.Equal((ulong)opened, bed.Router.Totals().Opened - before);
        Assert.Equal((ulong)exhausted, bed.Drops(DropReason.NatPortsExhausted));
    }

    /// <summary>A refused connection gives its credit back to the zone that it was taken from.</summary>
    [Fact]
    public void What_opens_nothing_costs_its_zone_nothing()
    {
        const ushort zone = 7;
        PlanBuilder builder = Network.Masquerading();
        RouterPort lan = builder.Ports[Network.Lan];
        lan.Zone = zone;
        builder.Ports[Network.Lan] = lan;
        RouterPort wan = builder.Ports[Network.Wan];
        wan.Address = Ipv4Address.Any;
        builder.Ports[Network.Wan] = wan;
        using RouterBed bed = new(builder, zones: new ZoneLimit(zone, 1));
        for (ushort port = 5000; port < 5010; port++)
        {
            bed.SendForDrop(Network.Lan, Network.FromClient().Udp(port, 53).Build(), DropReason.NatNoAddress);
        }

        _ = bed.SendForOne(Network.Lan, Network.FromClient("172.16.0.9").Udp(6000, 53).Build(), Network.Dmz);
        bed.SendForDrop(Network.Lan, Network.FromClient("172.16.0.9").Udp(6001, 53).Build(), DropReason.ZoneFull);
    }

    [Fact]
    public void More_first_packets_than_a_group_holds_each_get_a_connection_of_their_own_and_leave_in_order()
    {
        using RouterBed bed = new(Network.Pooled(1024, 65535));
        Resolve(bed);
        for (int number = 0; number < Many; number++)
        {
            bed.Inject(Network.Lan, Network.FromClient().Udp((ushort)(5000 + number), 53).Payload(number).Build());
        }

        bed.Settle();
        SentFrame[] sent = bed.Take();
        Assert.Equal(Enumerable.Range(0, Many), sent.Select(frame => Payload(frame.Bytes)));
        Assert.Equal(Many, sent.Select(frame => new ReferencePacket(frame.Bytes).Tuple.SourcePort.Host).Distinct().Count());
        Assert.Equal(Many + 1ul, bed.Router.Totals().Opened);
    }

    /// <summary>Candidates are proposed before any of them is taken, so here most are taken when it comes to them.</summary>
    [Fact]
    public void A_burst_takes_every_port_of_a_range_once_and_no_more()
    {
        const ushort low = 5000;
        const int ports = 40;
        using RouterBed bed = new(Network.Pooled(low, low + ports - 1));
        Resolve(bed);
        for (int number = 0; number < ports + 10; number++)
        {
            bed.Inject(Network.Lan, Network.FromClient().Udp((ushort)(7000 + number), 80).Build());
        }

        bed.Settle();
        ushort[] given = [.. bed.Take().Select(frame => new ReferencePacket(frame.Bytes).Tuple.SourcePort.Host).Order()];
        Assert.Equal(Enumerable.Range(low, ports).Select(port => (ushort)port), given);
        Assert.Equal(10ul, bed.Drops(DropReason.NatPortsExhausted));
    }

    [Fact]
    public void A_table_that_fills_up_within_a_group_refuses_exactly_the_rest()
    {
        const uint room = 20;
        using RouterBed bed = new(Network.Masquerading(), entriesMax: room);
        Resolve(bed);
        for (int number = 0; number < Many; number++)
        {
            bed.Inject(Network.Lan, Network.FromClient().Udp((ushort)(5000 + number), 53).Build());
        }

        bed.Settle();
        Assert.Equal((int)room - 1, bed.Take().Length);
        Assert.Equal(Many - room + 1, bed.Drops(DropReason.TableFull));
    }

    [Fact]
    public void Packets_with_different_ends_in_one_group_find_each_its_own()
    {
        using RouterBed bed = new(Network.Masquerading());
        Resolve(bed);
        bed.Inject(Network.Lan, Network.FromClient(ttl: 1).Udp(5001, 53).Build());
        bed.Inject(Network.Lan, Network.FromClient().Udp(5002, 53).Build());
        bed.Inject(Network.Lan, Network.FromHost(Network.Lan, Network.LanAddress, Network.Server).Udp(5003, 53).Build());
        bed.Inject(Network.Lan, Network.FromClient(Network.LanAddress).Icmp(IcmpType.EchoRequest, identifier: 7).Build());
        bed.Inject(Network.Lan, Network.FromClient().Tcp(5004, 80, TcpFlags.Ack, 1, 1).Build());
        bed.Inject(Network.Lan, Network.FromClient().Udp(5005, 53).Build());
        bed.Settle();
        List<string> ends = [.. bed.Take().Select(frame => $"{frame.Port} {new ReferencePacket(frame.Bytes).Tuple.Protocol}")];
        Assert.Equal(
            [$"{Network.Lan} {IpProtocol.Icmp}", $"{Network.Lan} {IpProtocol.Icmp}", $"{Network.Wan} {IpProtocol.Udp}",
                $"{Network.Wan} {IpProtocol.Udp}"],
            ends.Order());
        Assert.Equal(
            (1ul, 1ul, 1ul),
            (bed.Drops(DropReason.TtlExceeded), bed.Drops(DropReason.Ipv4SourceInvalid), bed.Drops(DropReason.TcpNotSyn)));
    }

    /// <summary>What a gateway's neighbour is, a connection learns from the next hop, not from a search of its own.</summary>
    [Fact]
    public unsafe void A_connection_begins_with_its_next_hop_once_a_gateway_has_answered()
    {
        using RouterBed bed = new(Network.Masquerading());
        Plan* plan = bed.Router.Plan;
        NextHop* gateway = plan->NextHops;
        while (gateway->Kind != NextHopKind.Gateway || gateway->Port != Network.Wan)
        {
            gateway++;
        }

        Assert.Equal(0u, gateway->Cached(plan));
        Resolve(bed);
        _ = bed.SendForOne(Network.Lan, Network.FromClient().Udp(5999, 53).Build(), Network.Wan);
        uint cached = gateway->Cached(plan);
        Assert.Equal(plan->Generation, cached >> 16);
        Assert.Equal(Network.Wan, bed.Router.Neighbours->Adjacencies[cached & 0xFFFF].Port);

        // A neighbour that is gone is asked again, though new connections know its index.
        bed.Router.Neighbours->Enter();
        bed.Router.Neighbours->SetState(plan, cached & 0xFFFF, NeighbourState.Failed);
        bed.Router.Neighbours->Record(cached & 0xFFFF)->DueNanoseconds = 0;
        bed.Router.Neighbours->Exit();
        bed.World.AnswersArp = false;
        bed.Deliver(Network.Lan, Network.FromClient().Udp(6000, 53).Build());
        Assert.Equal(Network.Wan, Assert.Single(bed.SentArp()).Port);
        Assert.Empty(bed.Take());
    }

    /// <summary>Opens one connection, so that both neighbours are known.</summary>
    private static void Resolve(RouterBed bed)
    {
        _ = bed.SendForOne(Network.Lan, Network.FromClient().Udp(4999, 53).Build(), Network.Wan);
        _ = bed.Take();
    }

    private static int Payload(byte[] frame) =>
        BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(16)) - Ipv4Header.SizeBytes - UdpHeader.SizeBytes;

    /// <summary>A packet of one of a few new conversations of a round.</summary>
    private static byte[] Beginning(Random random, int round, int number)
    {
        ushort port = (ushort)(10_000 + round * 8 + random.Next(4));
        PacketBuilder packet = Network.FromClient(ttl: random.Next(12) == 0 ? (byte)1 : (byte)64).WithIdentification((ushort)number);
        TcpFlags[] flags = [TcpFlags.Syn, TcpFlags.Syn, TcpFlags.Ack, TcpFlags.Rst, TcpFlags.Fin | TcpFlags.Ack, TcpFlags.Syn | TcpFlags.Ack];
        return random.Next(6) switch
        {
            0 => packet.Udp(port, 53).Payload(random.Next(20)).Build(),
            1 or 2 => packet.Tcp(port, 80, flags[random.Next(flags.Length)], 1000 + (uint)random.Next(2), 0).Build(),
            3 => packet.Icmp(IcmpType.EchoRequest, identifier: port).Build(),
            4 => Piece(port, isFirst: random.Next(2) == 0, isLast: random.Next(2) == 0),
            _ => packet.Gre(key: port).Build(),
        };
    }

    private static byte[] Piece(ushort port, bool isFirst, bool isLast) =>
        FragmentFrames.Udp(isFirst ? 0 : 1480, 1480, isLast && !isFirst, id: port, sourcePort: port);

    /// <summary>A frame without what a router chooses by chance.</summary>
    private static string Known(SentFrame frame)
    {
        ReferencePacket packet = new(frame.Bytes);
        string identification = frame.Port == Network.Lan ? "own error" : $"{packet.Identification}";
        return $"{frame.Port} {packet.Tuple.Protocol} {identification} {packet.Ttl} {frame.Bytes.Length}";
    }

    private static ulong[] AllDrops(RouterBed bed) =>
        [.. Enumerable.Range(0, WorkerCounters.DropsMax).Select(reason => bed.Drops((DropReason)reason))];
}
