using System;
using System.Linq;
using Dataplane.Nat;
using Dataplane.Packet;
using Dataplane.TestKit;
using Xunit;

namespace Dataplane.Datapath.Tests;

public class IcmpErrorTests
{
    [Fact]
    public void An_expired_ttl_is_reported_with_the_packet_as_its_sender_knows_it()
    {
        using RouterBed bed = new(Network.Masquerading());
        byte[] opening = Network.FromClient().Udp(5000, 53).Build();
        bed.SendForOne(Network.Lan, opening, Network.Wan);
        byte[] last = Network.FromClient(ttl: 1).Udp(5000, 53).Payload(30).Build();
        byte[] error = bed.SendForOne(Network.Lan, last, Network.Lan);
        ReferencePacket packet = new(error);
        Assert.Equal($"{Network.LanAddress} {Network.Client}", $"{packet.Source} {packet.Destination}");
        Assert.Equal([IcmpType.TimeExceeded, 0], error[34..36]);
        Assert.Equal(PacketBuilder.Quote(last, 548), error[42..]);
        Assert.Equal(1ul, bed.Drops(DropReason.TtlExceeded));
    }

    [Theory]
    [InlineData(1400, true)]
    [InlineData(1400, false)]
    public void A_packet_beyond_the_egress_mtu_is_dropped_and_reported_only_with_dont_fragment(int payload, bool dontFragment)
    {
        using RouterBed bed = new(Network.Masquerading(mtuBytes: 1280));
        byte[] frame = Network.FromClient().WithFlagsAndOffset(dontFragment ? Ipv4Header.DontFragment : (ushort)0).Udp(5000, 53).Payload(payload).Build();
        SentFrame[] sent = bed.Send(Network.Lan, frame);
        Assert.Equal(dontFragment ? 1 : 0, sent.Length);
        Assert.All(sent, error => Assert.Equal([3, 4], error.Bytes[34..36]));
        Assert.All(sent, error => Assert.Equal([0, 0, 1280 >> 8, 1280 & 255], error.Bytes[38..42]));
        Assert.All(sent, error => Assert.Equal(14 + 576, error.Bytes.Length));
        Assert.Equal(1ul, bed.Drops(DropReason.MtuExceeded));
        Assert.Equal(0, bed.CountByDump());
    }

    [Fact]
    public void A_packet_of_an_open_connection_beyond_the_mtu_is_reported_too()
    {
        using RouterBed bed = new(Network.Masquerading(mtuBytes: 1280));
        bed.SendForOne(Network.Lan, Network.FromClient().Udp(5000, 53).Build(), Network.Wan);
        byte[] frame = Network.FromClient().Udp(5000, 53).Payload(1300).Build();
        byte[] error = bed.SendForOne(Network.Lan, frame, Network.Lan);
        Assert.Equal([3, 4], error[34..36]);
        Assert.Equal(PacketBuilder.Quote(frame, 548), error[42..]);
    }

    [Fact]
    public void An_untracked_packet_beyond_the_mtu_is_reported_too()
    {
        PlanBuilder builder = Network.Masquerading(mtuBytes: 1280);
        builder.TrackRules.Add(new TrackRule { Match = RuleMatch.Any, Do = { Actions = TrackActions.NoTrack } });
        using RouterBed bed = new(builder);
        byte[] error = bed.SendForOne(Network.Lan, Network.FromClient().Udp(5000, 53).Payload(1400).Build(), Network.Lan);
        Assert.Equal([3, 4], error[34..36]);
    }

    [Fact]
    public void Without_a_route_the_net_is_unreachable()
    {
        PlanBuilder builder = new() { IcmpErrorsPerSecond = 10 };
        builder.AddPort(new RouterPort { Mac48 = Network.MacOfPort(0).Raw48, MtuBytes = 1500 }, [(Ipv4Address.Parse(Network.LanAddress), 16)]);
        using RouterBed bed = new(builder);
        byte[] error = bed.SendForOne(Network.Lan, Network.FromClient().Udp(5000, 53).Build(), Network.Lan);
        Assert.Equal([3, 0], error[34..36]);
        Assert.Equal(1ul, bed.Drops(DropReason.NoRoute));
    }

    [Fact]
    public void A_rejected_connection_is_told_that_policy_forbids_it()
    {
        PlanBuilder builder = Network.Plain();
        builder.FilterDefault = FilterVerdict.Reject;
        using RouterBed bed = new(builder);
        byte[] error = bed.SendForOne(Network.Lan, Network.FromClient().Tcp(4000, 80, TcpFlags.Syn).Build(), Network.Lan);
        Assert.Equal([3, 13], error[34..36]);
        Assert.Equal(1ul, bed.Drops(DropReason.FilterRejected));
        Assert.Equal(0, bed.CountByDump());
    }

    [Fact]
    public void One_source_causes_a_bounded_number_of_errors_a_second()
    {
        PlanBuilder builder = Network.Plain();
        builder.IcmpErrorsPerSecond = 5;
        using RouterBed bed = new(builder);
        byte[] frame = Network.FromClient(ttl: 1).Udp(5000, 53).Build();
        int errors = Enumerable.Range(0, 50).Sum(_ => bed.Send(Network.Lan, frame).Length);
        Assert.Equal(5, errors);
        bed.Advance(0.45);
        Assert.Equal(2, Enumerable.Range(0, 50).Sum(_ => bed.Send(Network.Lan, frame).Length));
        Assert.Equal(100ul, bed.Drops(DropReason.TtlExceeded));
    }

    [Fact]
    public void An_error_that_finds_no_buffer_leaves_the_drop_as_it_is()
    {
        using RouterBed bed = new(Network.Plain());
        bed.World.AllocationsToRefuse = 1;
        bed.SendForDrop(Network.Lan, Network.FromClient(ttl: 1).Udp(5000, 53).Build(), DropReason.TtlExceeded);
        Assert.Equal(1ul, bed.Router.Totals().NoBuffer);
    }

    [Fact]
    public void An_error_from_outside_reaches_the_client_with_its_own_packet_in_it()
    {
        using RouterBed bed = new(Network.Masquerading());
        byte[] opening = Network.FromClient().Udp(5000, 53).Payload(6).Build();
        byte[] outside = bed.SendForOne(Network.Lan, opening, Network.Wan);
        byte[] error = Network.FromHost(Network.Wan, "203.0.113.9", Network.WanAddress).IcmpError(11, 0, PacketBuilder.Quote(outside, 548)).Build();
        ReferencePacket inside = new(bed.SendForOne(Network.Wan, error, Network.Lan));
        Assert.Equal($"203.0.113.9 {Network.Client}", $"{inside.Source} {inside.Destination}");
        Assert.Equal(new ReferencePacket(opening).Tuple, inside.QuotedTuple);
    }

    [Fact]
    public void An_error_addressed_to_somebody_else_than_the_quoted_sender_is_dropped()
    {
        using RouterBed bed = new(Network.Masquerading());
        byte[] outside = bed.SendForOne(Network.Lan, Network.FromClient().Udp(5000, 53).Build(), Network.Wan);
        byte[] error = Network.FromHost(Network.Wan, "203.0.113.9", "172.16.0.10").IcmpError(3, 1, PacketBuilder.Quote(outside, 548)).Build();
        bed.SendForDrop(Network.Wan, error, DropReason.IcmpErrorUnrelated);
    }

    [Fact]
    public void An_error_from_an_inside_hop_of_a_translated_source_shows_the_outside_address_only()
    {
        using RouterBed bed = new(Network.Masquerading());
        Ipv4Tuple tuple = new ReferencePacket(bed.SendForOne(Network.Lan, Network.FromClient().Udp(5000, 53).Build(), Network.Wan)).Tuple;
        byte[] reply = Network.FromHost(Network.Wan, Network.Server, Network.WanAddress).Udp(53, tuple.SourcePort.Host).Build();
        byte[] delivered = bed.SendForOne(Network.Wan, reply, Network.Lan);
        foreach (string reporter in new[] { "10.0.7.7", Network.Client })
        {
            byte[] error = Network.FromHost(Network.Lan, reporter, Network.Server).IcmpError(3, 3, PacketBuilder.Quote(delivered, 548)).Build();
            ReferencePacket outside = new(bed.SendForOne(Network.Lan, error, Network.Wan));
            Assert.Equal($"{Network.WanAddress} {Network.Server}", $"{outside.Source} {outside.Destination}");
            Assert.Equal(new ReferencePacket(reply).Tuple, outside.QuotedTuple);
        }
    }

    [Fact]
    public void An_error_from_an_inside_hop_of_a_forwarded_service_shows_the_published_address_only()
    {
        PlanBuilder builder = Network.Plain();
        builder.DestinationRules.Add(new DestinationRule
        {
            Match = RuleMatch.Any.To(Network.WanAddress).Serving(IpProtocol.Udp, 53),
            To = Ipv4Address.Parse("172.16.0.10"),
        });
        using RouterBed bed = new(builder);
        byte[] query = Network.FromHost(Network.Wan, Network.Server, Network.WanAddress).Udp(4000, 53).Build();
        byte[] delivered = bed.SendForOne(Network.Wan, query, Network.Dmz);
        byte[] error = Network.FromHost(Network.Dmz, "172.16.0.99", Network.Server).IcmpError(11, 0, PacketBuilder.Quote(delivered, 548)).Build();
        ReferencePacket outside = new(bed.SendForOne(Network.Dmz, error, Network.Wan));
        Assert.Equal(Network.WanAddress, outside.Source.ToString());
        Assert.Equal(new ReferencePacket(query).Tuple, outside.QuotedTuple);
    }

    [Fact]
    public void Errors_neither_open_nor_refresh_a_connection()
    {
        using RouterBed bed = new(Network.Masquerading());
        byte[] outside = bed.SendForOne(Network.Lan, Network.FromClient().Udp(5000, 53).Build(), Network.Wan);
        byte[] error = Network.FromHost(Network.Wan, "203.0.113.9", Network.WanAddress).IcmpError(11, 0, PacketBuilder.Quote(outside, 548)).Build();
        bed.Advance(100);
        bed.Settle();
        bed.SendForOne(Network.Wan, error, Network.Lan);
        bed.Advance(30);
        bed.Settle();
        bed.SendForDrop(Network.Wan, error, DropReason.IcmpErrorUnrelated);
    }
}
