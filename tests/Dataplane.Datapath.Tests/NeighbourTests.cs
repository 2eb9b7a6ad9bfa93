using System;
using System.Linq;
using Dataplane.Nat;
using Dataplane.Packet;
using Dataplane.TestKit;
using Xunit;

namespace Dataplane.Datapath.Tests;

public sealed unsafe class NeighbourTests : IDisposable
{
    private readonly RouterBed _bed = new(Network.Pooled(1024, 65535), entriesMax: 32_768);

    public void Dispose() => _bed.Dispose();

    [Theory]
    [InlineData(Network.Lan, "10.0.1.10", Network.LanAddress, true)]
    [InlineData(Network.Lan, "10.0.1.10", "10.0.1.11", false)]
    [InlineData(Network.Lan, "10.0.1.10", Network.WanAddress, false)]
    [InlineData(Network.Wan, Network.WanRouter, Network.WanAddress, true)]
    [InlineData(Network.Wan, Network.WanRouter, Network.Pool, true)]
    [InlineData(Network.Wan, Network.WanRouter, "198.51.100.17", false)]
    [InlineData(Network.Lan, "10.0.1.10", Network.Pool, false)]
    public void A_request_is_answered_for_own_and_pool_addresses_of_the_link_only(int port, string asker, string target, bool isAnswered)
    {
        _bed.Inject(port, Network.Arp(1, asker, target));
        _bed.Settle();
        byte[] expected = new PacketBuilder()
            .Ethernet(Network.MacOfPort(port), MemoryWorld.MacOf(Ipv4Address.Parse(asker)))
            .Arp(2, target, asker, Network.MacOfPort(port), MemoryWorld.MacOf(Ipv4Address.Parse(asker)))
            .Build();
        SentFrame[] sent = _bed.SentArp();
        Assert.Equal(isAnswered ? 1 : 0, sent.Length);
        Assert.All(sent, frame => Assert.Equal(expected, frame.Bytes));
        Assert.All(sent, frame => Assert.Equal(port, frame.Port));
    }

    [Theory]
    [InlineData(Network.Lan, "192.168.7.7")]
    [InlineData(Network.Lan, Network.LanAddress)]
    [InlineData(Network.Wan, "10.0.1.10")]
    public void A_sender_that_cannot_be_on_the_link_is_dropped(int port, string sender)
    {
        _bed.SendForDrop(port, Network.Arp(1, sender, port == Network.Lan ? Network.LanAddress : Network.WanAddress), DropReason.ArpInvalid);
        Assert.Empty(_bed.SentArp());
    }

    [Fact]
    public void A_probe_without_sender_is_answered_and_teaches_nothing()
    {
        byte[] probe = new PacketBuilder()
            .Ethernet(MemoryWorld.MacOf(Ipv4Address.Parse("10.0.1.10")), MacAddress.Broadcast)
            .Arp(1, "0.0.0.0", Network.LanAddress)
            .Build();
        _bed.Inject(Network.Lan, probe);
        _bed.Settle();
        Assert.Single(_bed.SentArp());
        Assert.Equal(0u, _bed.Router.Neighbours->Used);
    }

    [Fact]
    public void Every_address_is_announced_at_start()
    {
        _bed.Worker(0).Announce();
        _bed.Settle();
        string[] own = [Network.LanAddress, Network.WanAddress, Network.DmzAddress];
        SentFrame[] sent = _bed.SentArp();
        Assert.Equal(own.Length, sent.Length);
        foreach ((string address, int port) in own.Zip(Enumerable.Range(0, 3)))
        {
            byte[] expected = new PacketBuilder()
                .Ethernet(Network.MacOfPort(port), MacAddress.Broadcast)
                .Arp(1, address, address)
                .Build();
            Assert.Contains(sent, frame => frame.Port == port && frame.Bytes.AsSpan().SequenceEqual(expected));
        }
    }

    [Fact]
    public void Packets_wait_for_the_answer_and_leave_in_order()
    {
        _bed.World.AnswersArp = false;
        for (ushort number = 0; number < 10; number++)
        {
            Assert.Empty(_bed.Send(Network.Lan, Network.FromClient().WithIdentification(number).Udp((ushort)(5000 + number), 53).Build()));
            _bed.Check();
        }

        Assert.Equal(10ul, _bed.Router.Totals().HeldIn);
        SentFrame[] released = _bed.Send(Network.Wan, Answer(Network.WanRouter, Network.WanAddress));
        Assert.Equal(Enumerable.Range(0, 10), released.Select(frame => (int)new ReferencePacket(frame.Bytes).Identification));
        Assert.All(released, frame => Assert.Equal(MemoryWorld.MacOf(Ipv4Address.Parse(Network.WanRouter)), MacAddress.FromBytes(frame.Bytes)));
    }

    [Fact]
    public void Sixteen_packets_wait_and_the_next_is_dropped()
    {
        _bed.World.AnswersArp = false;
        for (ushort number = 0; number < NeighbourRecord.HeldMax; number++)
        {
            Assert.Empty(_bed.Send(Network.Lan, Network.FromClient().Udp((ushort)(5000 + number), 53).Build()));
        }

        _bed.SendForDrop(Network.Lan, Network.FromClient().Udp(6000, 53).Build(), DropReason.NeighbourQueueFull);
        Assert.Equal(16ul, _bed.Router.Totals().HeldIn);
    }

    [Fact]
    public void A_silent_neighbour_is_asked_three_times_a_second_apart_and_then_given_up()
    {
        _bed.World.AnswersArp = false;
        Assert.Empty(_bed.Send(Network.Lan, Network.FromClient().Udp(5000, 53).Build()));
        int asked = _bed.AllSent.Count + 1;
        for (int tenth = 0; tenth < 40; tenth++)
        {
            int expected = Math.Min(3, 1 + tenth / 10);
            Assert.Equal(expected, asked);
            _bed.Advance(0.1);
            _bed.Settle();
            asked += _bed.SentArp().Length;
            _bed.Take();
        }

        Assert.Equal(1ul, _bed.Drops(DropReason.NeighbourUnresolved));
        Assert.Equal(0, _bed.World.WithRouter);
    }

    [Fact]
    public void A_neighbour_that_was_given_up_makes_its_packets_unreachable_until_it_is_asked_again()
    {
        _bed.World.Silent.Add(Ipv4Address.Parse("172.16.0.66").Host);
        byte[] frame = Network.FromClient("172.16.0.66").Udp(5000, 53).Payload(4).Build();
        Assert.Empty(_bed.Send(Network.Lan, frame));
        for (int second = 0; second < 4; second++)
        {
            _bed.Advance(1);
            _bed.Settle();
        }

        byte[] error = _bed.SendForOne(Network.Lan, frame, Network.Lan);
        Assert.Equal([IcmpType.DestinationUnreachable, 1], error[34..36]);
        Assert.Equal(PacketBuilder.Quote(frame, 548), error[42..]);
        Assert.Equal(2ul, _bed.Drops(DropReason.NeighbourUnresolved));

        _bed.Advance(3);
        _bed.World.Silent.Clear();
        Assert.Equal(Network.Dmz, Assert.Single(_bed.Send(Network.Lan, frame)).Port);
    }

    [Fact]
    public void A_reachable_neighbour_is_asked_again_after_a_while_and_serves_meanwhile()
    {
        byte[] frame = Network.FromClient().Udp(5000, 53).Build();
        _bed.SendForOne(Network.Lan, frame, Network.Wan);
        _bed.World.AnswersArp = false;
        _bed.Advance(29.9);
        _bed.Settle();
        Assert.Empty(_bed.SentArp());
        _bed.Advance(0.2);
        _bed.Settle();
        Assert.Single(_bed.SentArp());
        _bed.SendForOne(Network.Lan, frame, Network.Wan);
        Assert.Equal(Network.Wan, Assert.Single(_bed.Send(Network.Lan, Network.FromClient().Udp(5001, 53).Build())).Port);
    }

    [Fact]
    public void A_scan_of_an_empty_subnet_crowds_no_real_neighbour_out()
    {
        // More addresses on the link than the table has places, and fewer buffers held than there are.
        PlanBuilder builder = Network.Pooled(1024, 65535);
        uint first = Ipv4Address.Parse("10.4.0.0").Host;
        builder.AddRoute(first, 14, new NextHop { Kind = NextHopKind.Connected, Port = Network.Lan });
        using RouterBed bed = new(builder, entriesMax: 262_144, buffers: 16_384);
        byte[] frame = Network.FromClient().Udp(5000, 53).Build();
        bed.SendForOne(Network.Lan, frame, Network.Wan);
        bed.World.AnswersArp = false;
        for (uint host = 1; host < 2 * NeighbourTable.NeighboursMax; host++)
        {
            string target = Ipv4Address.FromHost(first + host).ToString();
            bed.Inject(Network.Dmz, Network.FromHost(Network.Dmz, "172.16.0.10", target).Udp(7, 7).Build());
            bed.Advance(0.002);
            bed.Poll();
            if (host % 256 == 0)
            {
                // A scan takes time: the first targets are given up while the later ones are asked.
                bed.Settle();
                Assert.Single(bed.Send(Network.Lan, frame), sent => sent.Port == Network.Wan);
                bed.Inject(Network.Wan, Answer(Network.WanRouter, Network.WanAddress));
                bed.Inject(Network.Lan, Answer(Network.Client, Network.LanAddress));
            }
        }

        bed.Settle();
        Assert.Equal((uint)NeighbourTable.NeighboursMax, bed.Router.Neighbours->Used);
        bed.SendForOne(Network.Lan, frame, Network.Wan);
        for (int round = 0; round < 80; round++)
        {
            bed.Advance(0.1);
            bed.Settle();
        }

        bed.World.AnswersArp = true;
        Assert.Equal(Network.Dmz, Assert.Single(bed.Send(Network.Lan, Network.FromClient("172.16.0.77").Udp(1, 2).Build())).Port);
    }

    [Fact]
    public void Packets_held_for_many_neighbours_are_bounded_in_all()
    {
        PlanBuilder builder = Network.Pooled(1024, 65535);
        uint first = Ipv4Address.Parse("10.4.0.0").Host;
        builder.AddRoute(first, 14, new NextHop { Kind = NextHopKind.Connected, Port = Network.Lan });
        using RouterBed bed = new(builder, entriesMax: 65_536, buffers: 8192);
        bed.World.AnswersArp = false;
        for (uint host = 1; host <= NeighbourTable.HeldMax + 100; host++)
        {
            string target = Ipv4Address.FromHost(first + host).ToString();
            bed.Inject(Network.Dmz, Network.FromHost(Network.Dmz, "172.16.0.10", target).Udp(7, 7).Build());
            bed.Poll();
        }

        WorkerCounters totals = bed.Router.Totals();
        Assert.Equal((ulong)NeighbourTable.HeldMax, totals.HeldIn - totals.HeldOut);
        Assert.Equal(100ul, totals.Drops[(int)DropReason.NeighbourQueueFull]);
    }

    [Fact]
    public void A_request_that_finds_no_buffer_is_repeated_and_the_packet_waits()
    {
        _bed.World.AllocationsToRefuse = 1;
        Assert.Empty(_bed.Send(Network.Lan, Network.FromClient().Udp(5000, 53).Build()));
        Assert.Equal(1ul, _bed.Router.Totals().NoBuffer);
        _bed.Advance(1.1);
        _bed.Settle();
        Assert.Equal(Network.Wan, Assert.Single(_bed.Take()).Port);
    }

    private static byte[] Answer(string host, string to) => Network.Arp(2, host, to);
}
