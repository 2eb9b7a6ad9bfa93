using System;
using System.Linq;
using Dataplane.Datapath.Fragments;
using Dataplane.Packet;
using Xunit;

namespace Dataplane.Datapath.Tests;

/// <summary>What becomes of the fragments of a datagram, in every order and with everything that may be wrong with them.</summary>
public sealed unsafe class FragmentReassemblyTests
{
    private static readonly (int Offset, int Length, bool IsLast)[] s_pieces = [(0, 800, false), (800, 800, false), (1600, 800, false), (2400, 5, true)];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Fragments_pass_in_any_order_with_the_ports_of_the_first(bool isIpv6)
    {
        foreach (int[] order in Permutations(4))
        {
            using FragmentBed bed = new(new FragmentLimits());
            foreach (int piece in order)
            {
                bed.Send(Frame(isIpv6, s_pieces[piece]), piece);

                // Before the first nothing passes, and with it everything that came.
                int arrived = Array.IndexOf(order, piece) + 1;
                Assert.Equal(order.AsSpan(0, arrived).Contains(0) ? arrived : 0, bed.Passed.Count);
                bed.Check();
            }

            // The first one, then the others as they came.
            Assert.Equal([0, .. order.Where(piece => piece != 0)], bed.Passed.Select(passed => passed.Number));
            Assert.All(bed.Passed, passed => Assert.True(IsWhole(passed, isIpv6), passed.ToString()));
            Assert.Equal(0, bed.Tables->Ipv4.Used + bed.Tables->Ipv6.Used);
            Assert.Equal(0ul, bed.Dropped);
        }
    }

    [Fact]
    public void What_arrives_while_the_first_is_on_its_way_waits_for_those_before_it()
    {
        using FragmentBed bed = new(new FragmentLimits());
        bed.Send(Frame(false, s_pieces[1]), 1);
        bed.Send(Frame(false, s_pieces[3]), 3);
        bed.Meanwhile = () => bed.Send(Frame(false, s_pieces[2]), 2);
        bed.Send(Frame(false, s_pieces[0]), 0);
        Assert.Equal([0, 1, 3, 2], bed.Passed.Select(passed => passed.Number));
        Assert.Equal(0, bed.Tables->Ipv4.Used);
    }

    [Fact]
    public void An_overlap_while_the_first_is_on_its_way_drops_what_waits()
    {
        using FragmentBed bed = new(new FragmentLimits());
        bed.Send(Frame(false, s_pieces[1]), 1);
        bed.Meanwhile = () => bed.Send(Frame(false, (792, 16, false)), 2);
        bed.Send(Frame(false, s_pieces[0]), 0);
        bed.Send(Frame(false, s_pieces[3]), 3);
        Assert.Equal([0], bed.Passed.Select(passed => passed.Number));
        Assert.Equal(3ul, bed.Drops(DropReason.FragmentOverlap));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Without_its_first_fragment_a_datagram_never_passes(bool isIpv6)
    {
        using FragmentBed bed = new(new FragmentLimits());
        bed.Send(Frame(isIpv6, s_pieces[2]));
        bed.Send(Frame(isIpv6, s_pieces[1]));
        bed.Advance(14.9);
        bed.Maintain();
        Assert.Equal(2, bed.Tables->Held);

        // The time runs from the first to arrive, whatever comes later.
        bed.Send(Frame(isIpv6, s_pieces[3]));
        bed.Advance(0.2);
        bed.Maintain();
        Assert.Equal(3ul, bed.Drops(DropReason.FragmentTimeout));
        Assert.Empty(bed.Passed);
        Assert.Equal(0, bed.Tables->Ipv4.Used + bed.Tables->Ipv6.Used);
    }

    [Fact]
    public void Without_its_last_fragment_a_datagram_passes_as_far_as_it_came_and_is_forgotten()
    {
        using FragmentBed bed = new(new FragmentLimits());
        bed.Send(Frame(false, s_pieces[0]));
        bed.Send(Frame(false, s_pieces[1]));
        Assert.Equal(2, bed.Passed.Count);
        Assert.Equal(1, bed.Tables->Ipv4.Used);
        bed.Advance(15.1);
        bed.Maintain();
        Assert.Equal(0, bed.Tables->Ipv4.Used);
        bed.Send(Frame(false, s_pieces[3]));
        Assert.Equal(2, bed.Passed.Count);
        Assert.Equal(0ul, bed.Dropped);
    }

    [Fact]
    public void An_expired_datagram_is_not_continued_even_before_the_sweep()
    {
        using FragmentBed bed = new(new FragmentLimits());
        bed.Send(Frame(false, s_pieces[1]), 1);
        bed.Advance(15.1);
        bed.Send(Frame(false, s_pieces[0]), 0);
        Assert.Equal([0], bed.Passed.Select(passed => passed.Number));
        Assert.Equal(1ul, bed.Drops(DropReason.FragmentTimeout));
    }

    [Fact]
    public void A_duplicate_is_dropped_and_harms_nothing()
    {
        using FragmentBed bed = new(new FragmentLimits());
        bed.Send(Frame(false, s_pieces[1]), 1);
        bed.Send(Frame(false, s_pieces[1]), 1);
        bed.Send(Frame(false, s_pieces[0]), 0);
        bed.Send(Frame(false, s_pieces[0]), 0);
        bed.Send(Frame(false, s_pieces[1]), 1);
        bed.Send(Frame(false, s_pieces[2]), 2);
        bed.Send(Frame(false, s_pieces[3]), 3);
        Assert.Equal([0, 1, 2, 3], bed.Passed.Select(passed => passed.Number));
        Assert.Equal(3ul, bed.Drops(DropReason.FragmentDuplicate));
        Assert.Equal(3ul, bed.Dropped);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_overlap_drops_the_datagram_and_what_comes_of_it_until_its_time_is_over(bool isIpv6)
    {
        using FragmentBed bed = new(new FragmentLimits());
        bed.Send(Frame(isIpv6, s_pieces[1]));
        bed.Send(Frame(isIpv6, (1592, 16, false)));
        Assert.Equal(2ul, bed.Drops(DropReason.FragmentOverlap));
        bed.Send(Frame(isIpv6, s_pieces[0]));
        bed.Send(Frame(isIpv6, s_pieces[1]));
        bed.Advance(14.9);
        bed.Send(Frame(isIpv6, s_pieces[3]));
        Assert.Empty(bed.Passed);
        Assert.Equal(5ul, bed.Drops(DropReason.FragmentOverlap));
        bed.Advance(0.2);
        bed.Send(Frame(isIpv6, s_pieces[0]));
        Assert.Single(bed.Passed);
    }

    [Fact]
    public void An_overlap_after_the_first_has_passed_stops_the_rest()
    {
        using FragmentBed bed = new(new FragmentLimits());
        bed.Send(Frame(false, s_pieces[0]), 0);
        bed.Send(Frame(false, s_pieces[1]), 1);
        bed.Send(Frame(false, (792, 16, false)), 9);
        bed.Send(Frame(false, s_pieces[2]), 2);
        Assert.Equal([0, 1], bed.Passed.Select(passed => passed.Number));
        Assert.Equal(2ul, bed.Drops(DropReason.FragmentOverlap));
    }

    [Fact]
    public void One_fragment_more_than_allowed_drops_the_datagram()
    {
        using FragmentBed bed = new(new FragmentLimits { PerDatagram = 10 });
        for (int piece = 10; piece >= 1; piece--)
        {
            bed.Send(Frame(false, (piece * 8, 8, false)));
        }

        Assert.Equal(10, bed.Tables->Held);
        bed.Send(Frame(false, (88, 8, true)));
        Assert.Equal(11ul, bed.Drops(DropReason.FragmentTooMany));
        bed.Send(Frame(false, (0, 8, false)));
        Assert.Empty(bed.Passed);
    }

    [Fact]
    public void Small_ipv4_fragments_are_refused_where_a_least_size_is_set_but_for_the_last()
    {
        using FragmentBed bed = new(new FragmentLimits { LengthBytesMin = 400 });
        bed.Send(Frame(false, (0, 392, false)));
        bed.Send(Frame(false, (800, 392, false)));
        Assert.Equal(2ul, bed.Drops(DropReason.FragmentTooSmall));
        Assert.Equal(0, bed.Tables->Ipv4.Used);
        bed.Send(Frame(false, (0, 400, false)));
        bed.Send(Frame(false, (400, 8, true)));
        Assert.Equal(2, bed.Passed.Count);
    }

    [Fact]
    public void A_complete_datagrams_identification_may_be_used_again_at_once()
    {
        using FragmentBed bed = new(new FragmentLimits());
        for (int round = 0; round < 3; round++)
        {
            bed.Send(Frame(false, (0, 80 + round * 8, false)));
            bed.Send(Frame(false, (80 + round * 8, 8, true)));
        }

        Assert.Equal(6, bed.Passed.Count);
        Assert.Equal(0ul, bed.Dropped);
    }

    /// <summary>Datagrams that differ in one part of the key do not touch each other.</summary>
    [Fact]
    public void Each_part_of_the_key_separates_datagrams()
    {
        using FragmentBed bed = new(new FragmentLimits());
        bed.Send(FragmentFrames.Udp(0, 80, false, id: 1));
        byte[][] others =
        [
            FragmentFrames.Udp(80, 8, true, id: 2),
            FragmentFrames.Udp(80, 8, true, source: "10.0.1.11"),
            Network.FromClient("192.0.2.81").WithFlagsAndOffset(10).WithIdentification(1).WithProtocol(IpProtocol.Udp).Payload(8).Build(),
            Network.FromClient().WithFlagsAndOffset(10).WithIdentification(1).WithProtocol(IpProtocol.Icmp).Payload(8).Build(),
        ];
        Assert.All(others, frame => bed.Send(frame));
        Assert.Single(bed.Passed);
        Assert.Equal(4, bed.Tables->Held);
        bed.Send(FragmentFrames.Udp(80, 8, true, id: 1));
        Assert.Equal(2, bed.Passed.Count);
    }

    [Fact]
    public void In_ipv6_the_protocol_of_later_fragments_does_not_matter()
    {
        using FragmentBed bed = new(new FragmentLimits());
        bed.Send(FragmentFrames.Udp6(80, 8, true, nextHeader: IpProtocol.NoNext), 1);
        bed.Send(FragmentFrames.Udp6(0, 80, false), 0);
        Assert.Equal([0, 1], bed.Passed.Select(passed => passed.Number));
        Assert.All(bed.Passed, passed => Assert.Equal(IpProtocol.Udp, passed.Tuple6.Protocol));
    }

    [Fact]
    public void Ipv6_identifications_differ_in_all_32_bits()
    {
        using FragmentBed bed = new(new FragmentLimits());
        bed.Send(FragmentFrames.Udp6(0, 80, false, id: 0x0001_0002));
        bed.Send(FragmentFrames.Udp6(80, 8, true, id: 0x0002_0002));
        bed.Send(FragmentFrames.Udp6(80, 8, true, id: 0x0001_0003));
        Assert.Single(bed.Passed);
        bed.Send(FragmentFrames.Udp6(80, 8, true, id: 0x0001_0002));
        Assert.Equal(2, bed.Passed.Count);
    }

    [Fact]
    public void An_echo_request_passes_with_its_identifier_and_type()
    {
        using FragmentBed bed = new(new FragmentLimits());
        byte[][] pieces = FragmentFrames.Split(Network.FromClient().Icmp(IcmpType.EchoRequest, 0, 77, 1).Payload(2000).Build(), 1000);
        foreach (byte[] piece in pieces.Reverse())
        {
            bed.Send(piece);
        }

        Assert.Equal(3, bed.Passed.Count);
        Assert.All(bed.Passed, passed => Assert.Equal((77, IcmpType.EchoRequest), (passed.Tuple.SourcePort.Host, passed.Tuple.Kind)));
    }

    private static byte[] Frame(bool isIpv6, (int Offset, int Length, bool IsLast) piece) => isIpv6
        ? FragmentFrames.Udp6(piece.Offset, piece.Length, piece.IsLast)
        : FragmentFrames.Udp(piece.Offset, piece.Length, piece.IsLast);

    private static bool IsWhole(Passed passed, bool isIpv6) => isIpv6
        ? passed.Tuple6 is { Protocol: IpProtocol.Udp, Kind: 0 } && passed.Tuple6.SourcePort.Host == FragmentFrames.SourcePort
            && passed.Tuple6.DestinationPort.Host == 53 && passed.Tuple6.Source == Ipv6Address.Parse(FragmentFrames.Client6)
        : passed.Tuple is { Protocol: IpProtocol.Udp, Kind: 0 } && passed.Tuple.SourcePort.Host == FragmentFrames.SourcePort
            && passed.Tuple.DestinationPort.Host == 53 && passed.Tuple.Source == Ipv4Address.Parse(Network.Client);

    private static int[][] Permutations(int count) => count == 0
        ? [[]]
        : [.. Permutations(count - 1).SelectMany(shorter => Enumerable.Range(0, count).Select(place => (int[])[.. shorter[..place], count - 1, .. shorter[place..]]))];
}
