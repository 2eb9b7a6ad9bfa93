using System;
using System.Linq;
using Dataplane.Packet;
using Dataplane.TestKit;
using Xunit;

namespace Dataplane.Datapath.Tests;

/// <summary>Router advertisements (RFC 4861 §6.2) on the ports that are told to send them.</summary>
public class Ipv6RouterAdvertisementTests
{
    [Fact]
    public void An_advertisement_has_lifetime_link_layer_mtu_and_every_64_once()
    {
        PlanBuilder builder = Advertising();
        builder.AddAddress6(Network.Lan, Ipv6Address.Parse("2001:db8:1::5"), 64);
        builder.AddAddress6(Network.Lan, Ipv6Address.Parse("2001:db8:1:1::1"), 64);
        builder.AddAddress6(Network.Lan, Ipv6Address.Parse("2001:db8:2:2::1"), 56);
        using RouterBed bed = new(builder);
        bed.Settle();
        Assert.Empty(Advertisements(bed));
        bed.Advance(1.1);
        bed.Settle();
        byte[] expected = new PacketBuilder()
            .Ethernet(Network.MacOfPort(Network.Lan), MacAddress.Parse("33:33:00:00:00:01"))
            .Ipv6(Ipv6Network.LanLinkLocal, "ff02::1", 255)
            .Icmpv6(134, 0, 64u << 24 | 1800)
            .Payload([
                0, 0, 0, 0, 0, 0, 0, 0,
                .. PacketBuilder.LinkLayerOption(1, Network.MacOfPort(Network.Lan)),
                5, 1, 0, 0, 0, 0, 1500 >> 8, 1500 & 255,
                .. Prefix("2001:db8:1::"),
                .. Prefix("2001:db8:1:1::"),
            ])
            .Build();
        SentFrame sent = Assert.Single(Advertisements(bed));
        Assert.Equal(Network.Lan, sent.Port);
        Assert.Equal(expected, sent.Bytes);
    }

    [Fact]
    public void Three_come_within_16_seconds_each_and_then_one_every_200_to_600_seconds()
    {
        using RouterBed bed = new(Advertising());
        double[] times = Times(bed, seconds: 4000);
        double[] gaps = [.. times.Skip(1).Zip(times, (later, earlier) => later - earlier)];
        Assert.InRange(times.Length, 9, 24);
        Assert.All(gaps[..2], gap => Assert.InRange(gap, 15.9, 16.6));
        Assert.All(gaps[2..], gap => Assert.InRange(gap, 200, 600.6));
        Assert.True(gaps[2..].Distinct().Count() > 3, "the interval is not random");
    }

    [Theory]
    [InlineData("fe80::66")]
    [InlineData("::")]
    public void A_solicitation_is_answered_within_half_a_second_but_not_twice_in_three(string source)
    {
        using RouterBed bed = new(Advertising());
        _ = Times(bed, seconds: 60);
        bed.Inject(Network.Lan, Solicitation(source));
        Assert.Single(Times(bed, seconds: 1));
        for (int again = 0; again < 10; again++)
        {
            bed.Inject(Network.Lan, Solicitation(source));
        }

        double[] times = Times(bed, seconds: 6);
        Assert.InRange(Assert.Single(times), 2, 2.6);
    }

    [Fact]
    public void A_solicitation_that_another_worker_received_is_answered_too()
    {
        using RouterBed bed = new(Advertising(), workers: 2);
        _ = Times(bed, seconds: 60);
        bed.Inject(Network.Lan, Solicitation("fe80::66"), queue: 1);
        Assert.Single(Times(bed, seconds: 2));
    }

    [Fact]
    public void A_port_that_is_not_told_to_stays_silent()
    {
        using RouterBed bed = new(Ipv6Network.Plain());
        Ipv6Network.Start(bed);
        bed.Inject(Network.Lan, Solicitation("fe80::66"));
        Assert.Empty(Times(bed, seconds: 100));
        bed.SendForDrop(Network.Lan, Solicitation("::", PacketBuilder.LinkLayerOption(1, Ipv6Network.MacOf("::"))), DropReason.Ipv6NeighbourInvalid);
        bed.SendForDrop(Network.Lan, Solicitation("2001:db8:9::1"), DropReason.Ipv6NeighbourInvalid);
    }

    [Fact]
    public void A_port_whose_link_local_address_is_a_duplicate_advertises_nothing()
    {
        using RouterBed bed = new(Advertising());
        bed.World.Rivals.Add(Ipv6Address.Parse(Ipv6Network.LanLinkLocal));
        Assert.Empty(Times(bed, seconds: 50));
    }

    [Fact]
    public void A_worker_that_is_stopped_says_farewell()
    {
        using RouterBed bed = Ipv6Network.Started(Advertising());
        bed.Router.Stop();
        bed.Worker(0).Run(IdleMode.Spin);
        bed.Settle();
        SentFrame last = Advertisements(bed)[^1];
        Assert.Equal(new byte[] { 0, 0 }, last.Bytes[60..62]);
    }

    private static PlanBuilder Advertising()
    {
        PlanBuilder builder = Ipv6Network.Plain();
        Ipv6Network.Advertise(builder, Network.Lan);
        return builder;
    }

    /// <summary>When advertisements were sent, seconds from now, to half a second.</summary>
    private static double[] Times(RouterBed bed, double seconds)
    {
        System.Collections.Generic.List<double> times = [];
        for (double now = 0; now < seconds; now += 0.5)
        {
            bed.Take();
            bed.Settle();
            times.AddRange(Advertisements(bed).Select(_ => now));
            bed.Advance(0.5);
        }

        return [.. times];
    }

    private static SentFrame[] Advertisements(RouterBed bed) => [.. bed.SentDiscovery().Where(frame => frame.Bytes[54] == 134)];

    private static byte[] Solicitation(string source, params byte[] options) => new PacketBuilder()
        .Ethernet(Ipv6Network.MacOf(source), MacAddress.Parse("33:33:00:00:00:02"))
        .Ipv6(source, "ff02::2", 255)
        .RouterSolicitation(options)
        .Build();

    private static byte[] Prefix(string prefix) =>
        [3, 4, 64, 0xC0, 0, 0x27, 0x8D, 0, 0, 0x09, 0x3A, 0x80, 0, 0, 0, 0, .. System.Net.IPAddress.Parse(prefix).GetAddressBytes()];
}
