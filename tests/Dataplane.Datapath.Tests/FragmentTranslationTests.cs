using System;
using System.Collections.Generic;
using System.Linq;
using Dataplane.Nat;
using Dataplane.Packet;
using Dataplane.TestKit;
using Xunit;

namespace Dataplane.Datapath.Tests;

/// <summary>Fragmented datagrams through the whole router: what the receiver puts together is what a whole datagram would have become.</summary>
public sealed class FragmentTranslationTests
{
    private const int Data = 3000;
    private const int PieceBytes = 1000;

    public static TheoryData<string, int> Orders => new()
    {
        { "0123", 1 }, { "3210", 1 }, { "1302", 1 }, { "2031", 1 }, { "0123", 2 }, { "3210", 2 }, { "1302", 2 }, { "2031", 2 },
    };

    [Theory]
    [MemberData(nameof(Orders))]
    public void Both_directions_are_translated_in_every_fragment_in_any_order(string order, int workers)
    {
        using RouterBed bed = new(Network.Masquerading(), workers);
        byte[] there = Through(bed, Network.Lan, Network.FromClient().Udp(5000, 53).Payload(Data).Build(), order, Network.Wan);
        ReferencePacket outside = new(there);
        Assert.Equal(Ipv4Address.Parse(Network.WanAddress), outside.Source);
        FrameCheck.IsSound(there);

        byte[] answer = Network.FromHost(Network.Wan, Network.Server, Network.WanAddress)
            .Udp(53, outside.Tuple.SourcePort.Host).Payload(Data).Build();
        byte[] back = Through(bed, Network.Wan, answer, order, Network.Lan);
        Assert.Equal(Ipv4Address.Parse(Network.Client), new ReferencePacket(back).Destination);
        Assert.Equal(5000, new ReferencePacket(back).Tuple.DestinationPort.Host);
        FrameCheck.IsSound(back);
        Assert.Equal(1, bed.CountByDump());
    }

    [Fact]
    public void A_fragmented_datagram_gets_the_connection_that_a_whole_one_opened()
    {
        using RouterBed bed = new(Network.Masquerading());
        byte[] whole = bed.SendForOne(Network.Lan, Network.FromClient().Udp(5000, 53).Build(), Network.Wan);
        byte[] joined = Through(bed, Network.Lan, Network.FromClient().Udp(5000, 53).Payload(Data).Build(), "2103", Network.Wan);
        Assert.Equal(new ReferencePacket(whole).Tuple, new ReferencePacket(joined).Tuple);
    }

    [Theory]
    [InlineData("0123")]
    [InlineData("3120")]
    public void An_echo_in_fragments_is_answered_in_fragments(string order)
    {
        using RouterBed bed = new(Network.Masquerading());
        byte[] request = Network.FromClient().Icmp(IcmpType.EchoRequest, 0, 77, 1).Payload(Data).Build();
        byte[] outside = Through(bed, Network.Lan, request, order, Network.Wan);
        FrameCheck.IsSound(outside);
        byte[] reply = Network.FromHost(Network.Wan, Network.Server, Network.WanAddress)
            .Icmp(IcmpType.EchoReply, 0, new ReferencePacket(outside).Tuple.SourcePort.Host, 1).Payload(Data).Build();
        byte[] inside = Through(bed, Network.Wan, reply, order, Network.Lan);
        FrameCheck.IsSound(inside);
        Assert.Equal(77, new ReferencePacket(inside).Tuple.DestinationPort.Host);
    }

    [Fact]
    public void A_wrong_checksum_stays_wrong()
    {
        using RouterBed bed = new(Network.Masquerading());
        byte[] wrong = Network.FromClient().Udp(5000, 53).Payload(Data).WithChecksum(0x1234).Build();
        byte[] joined = Through(bed, Network.Lan, wrong, "0123", Network.Wan);
        Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => FrameCheck.IsSound(joined));
    }

    [Fact]
    public void Fragments_of_what_the_filter_drops_are_dropped_with_it()
    {
        PlanBuilder builder = Network.Plain();
        builder.FilterDefault = FilterVerdict.Drop;
        using RouterBed bed = new(builder);
        foreach (byte[] piece in Pieces("1203", Network.FromClient().Udp(5000, 53).Payload(Data).Build()))
        {
            Assert.Empty(bed.Send(Network.Lan, piece));
        }

        Assert.Equal(1ul, bed.Drops(DropReason.FilterDropped));
        Assert.Equal(3ul, bed.Drops(DropReason.FragmentFirstRefused));
        Assert.Equal(0, bed.CountByDump());
    }

    [Fact]
    public void An_untracked_datagram_passes_in_fragments()
    {
        PlanBuilder builder = Network.Plain();
        builder.TrackRules.Add(new TrackRule { Match = RuleMatch.Any, Do = new TrackEffect { Actions = TrackActions.NoTrack } });
        using RouterBed bed = new(builder);
        FrameCheck.IsSound(Through(bed, Network.Lan, Network.FromClient().Udp(5000, 53).Payload(Data).Build(), "3021", Network.Wan));
        Assert.Equal(0, bed.CountByDump());
    }

    [Fact]
    public void A_fragment_in_the_middle_that_cannot_leave_is_reported_to_nobody()
    {
        using RouterBed bed = new(Network.Masquerading());
        byte[][] pieces = FragmentFrames.Split(Network.FromClient(ttl: 64).Udp(5000, 53).Payload(Data).Build(), PieceBytes);
        bed.SendForOne(Network.Lan, pieces[0], Network.Wan);
        bed.SendForDrop(Network.Lan, WithTtl(pieces[1], 1), DropReason.TtlExceeded);
        SentFrame error = Assert.Single(bed.Send(Network.Lan, Network.FromClient(ttl: 1).Udp(5000, 53).Build()));
        Assert.Equal(Network.Lan, error.Port);
    }

    [Fact]
    public void A_first_fragment_that_cannot_leave_is_reported_and_the_others_follow_it()
    {
        using RouterBed bed = new(Network.Masquerading());
        byte[][] pieces = [.. FragmentFrames.Split(Network.FromClient().Udp(5000, 53).Payload(Data).Build(), PieceBytes).Select(piece => WithTtl(piece, 1))];
        Assert.Empty(bed.Send(Network.Lan, pieces[1]));
        byte[] error = bed.SendForOne(Network.Lan, pieces[0], Network.Lan);
        Assert.Equal([IcmpType.TimeExceeded, 0], error[34..36]);
        Assert.Equal(PacketBuilder.Quote(pieces[0], 548), error[42..]);
        Assert.Equal(1ul, bed.Drops(DropReason.TtlExceeded));
        Assert.Equal(1ul, bed.Drops(DropReason.FragmentFirstRefused));
    }

    [Fact]
    public void An_error_about_a_translated_first_fragment_finds_its_connection()
    {
        using RouterBed bed = new(Network.Masquerading());
        byte[][] pieces = FragmentFrames.Split(Network.FromClient().Udp(5000, 53).Payload(Data).Build(), PieceBytes);
        byte[] outside = bed.SendForOne(Network.Lan, pieces[0], Network.Wan);
        byte[] later = bed.SendForOne(Network.Lan, pieces[1], Network.Wan);
        bed.SendForDrop(Network.Wan, Reassembled(later), DropReason.IcmpErrorInnerInvalid);
        byte[] inside = bed.SendForOne(Network.Wan, Reassembled(outside), Network.Lan);
        Assert.Equal(Ipv4Address.Parse(Network.Client), new ReferencePacket(inside).Destination);
        Assert.Equal(5000, new ReferencePacket(inside).QuotedTuple.SourcePort.Host);

        // Time exceeded in reassembly: what the server says when the rest does not come.
        static byte[] Reassembled(byte[] about) => Network.FromHost(Network.Wan, Network.Server, Network.WanAddress)
            .IcmpError(IcmpType.TimeExceeded, 1, PacketBuilder.Quote(about, 28)).Build();
    }

    [Fact]
    public void An_echo_to_the_router_in_fragments_is_not_answered()
    {
        using RouterBed bed = new(Network.Plain());
        byte[] request = Network.FromClient(Network.LanAddress).Icmp(IcmpType.EchoRequest, 0, 77, 1).Payload(Data).Build();
        foreach (byte[] piece in Pieces("0123", request))
        {
            Assert.Empty(bed.Send(Network.Lan, piece));
        }

        Assert.Equal(1ul, bed.Drops(DropReason.LocalUnsupported));
        Assert.Equal(3ul, bed.Drops(DropReason.FragmentFirstRefused));
    }

    [Fact]
    public void Fragments_that_wait_are_held_in_the_balance_and_end_with_their_time()
    {
        using RouterBed bed = new(Network.Masquerading());
        byte[][] pieces = FragmentFrames.Split(Network.FromClient().Udp(5000, 53).Payload(Data).Build(), PieceBytes);
        Assert.Empty(bed.Send(Network.Lan, pieces[1]));
        Assert.Empty(bed.Send(Network.Lan, pieces[2]));
        bed.Check();
        Assert.Equal(2, bed.World.WithRouter);
        bed.Advance(15);
        for (int round = 0; round < 40; round++)
        {
            bed.Advance(0.001);
            bed.Settle();
        }

        Assert.Equal(2ul, bed.Drops(DropReason.FragmentTimeout));
        Assert.Equal(0, bed.World.WithRouter);
    }

    /// <summary>Sends a datagram in pieces and returns what the next hop puts together.</summary>
    private static byte[] Through(RouterBed bed, int port, byte[] frame, string order, int outPort)
    {
        List<byte[]> sent = [];
        int turn = 0;
        foreach (byte[] piece in Pieces(order, frame))
        {
            _ = bed.Take();
            bed.Inject(port, piece, turn++ % bed.Workers);
            bed.Settle();
            SentFrame[] frames = bed.Take();
            Assert.All(frames, one => Assert.Equal(outPort, one.Port));
            sent.AddRange(frames.Select(one => one.Bytes));
        }

        Assert.Equal(order.Length, sent.Count);
        Assert.Equal(0, FragmentFrames.OffsetOf(sent[0]));
        return FragmentFrames.Join(sent);
    }

    private static IEnumerable<byte[]> Pieces(string order, byte[] frame)
    {
        byte[][] pieces = FragmentFrames.Split(frame, PieceBytes);
        Assert.Equal(order.Length, pieces.Length);
        return order.Select(digit => pieces[digit - '0']);
    }

    private static byte[] WithTtl(byte[] frame, byte ttl)
    {
        byte[] copy = [.. frame];
        copy[22] = ttl;
        copy[24] = copy[25] = 0;
        ushort checksum = ReferenceChecksum.Of(copy.AsSpan(14, 20));
        (copy[24], copy[25]) = ((byte)(checksum >> 8), (byte)checksum);
        return copy;
    }
}
