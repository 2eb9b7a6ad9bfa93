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

    /// <summary>Alone, or judged before its SYN is acted on, the second segment would open nothing.</summary>
    [Fact]
    public void A_segment_right_behind_its_syn_belongs_to_the_connection_that_the_syn_opens()
    {
        using RouterBed bed = new(Network.Masquerading());
        Resolve(bed);
        bed.Inject(Network.Lan, Network.FromClient().Tcp(5000, 80, TcpFlags.Syn, 1000, 0).Build());
        bed.Inject(Network.Lan, Network.FromClient().Tcp(5000, 80, TcpFlags.Syn, 1000, 0).Build());
        bed.Inject(Network.Lan, Network.FromClient().Tcp(5001, 80, TcpFlags.Ack, 1001, 1).Build());
        bed.Settle();
        Assert.Equal(2, bed.Take().Length);
        Assert.Equal(1ul, bed.Drops(DropReason.TcpNotSyn));
        Assert.Equal(2ul, bed.Router.Totals().Opened);
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
}
