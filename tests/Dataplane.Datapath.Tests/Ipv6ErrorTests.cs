using System;
using Dataplane.Packet;
using Dataplane.TestKit;
using Xunit;

namespace Dataplane.Datapath.Tests;

/// <summary>ICMPv6 errors that the router reports and those that pass through it.</summary>
public class Ipv6ErrorTests
{
    [Theory]
    [InlineData(1, false)]
    [InlineData(0, false)]
    [InlineData(1, true)]
    public void The_last_hop_is_reported_with_the_packet_as_its_sender_knows_it(byte hopLimit, bool isKnown)
    {
        using RouterBed bed = Ipv6Network.Started();
        if (isKnown)
        {
            bed.SendForOne(Network.Lan, Ipv6Network.FromClient().Udp(5000, 53).Build(), Network.Wan);
        }

        byte[] last = Ipv6Network.FromClient(hopLimit: hopLimit).Udp(5000, 53).Payload(30).Build();
        Assert.Equal(Error(3, 0, 0, last), bed.SendForOne(Network.Lan, last, Network.Lan));
        Assert.Equal(1ul, bed.Drops(DropReason.TtlExceeded));
        Assert.Equal(isKnown ? 1 : 0, bed.CountByDump6());
    }

    [Theory]
    [InlineData(1280, 1233, false)]
    [InlineData(1400, 1400, false)]
    [InlineData(1280, 1233, true)]
    public void A_packet_beyond_the_egress_mtu_is_reported_with_that_mtu(ushort mtuBytes, int payload, bool isKnown)
    {
        using RouterBed bed = Ipv6Network.Started(Ipv6Network.Plain(mtuBytes));
        if (isKnown)
        {
            bed.SendForOne(Network.Lan, Ipv6Network.FromClient().Udp(5000, 53).Payload(mtuBytes - 48).Build(), Network.Wan);
        }

        byte[] frame = Ipv6Network.FromClient().Udp(5000, 53).Payload(payload).Build();
        byte[] error = bed.SendForOne(Network.Lan, frame, Network.Lan);
        Assert.Equal(Error(2, 0, mtuBytes, frame), error);
        Assert.Equal(14 + 1280, error.Length);
        Assert.Equal(1ul, bed.Drops(DropReason.MtuExceeded));
    }

    [Fact]
    public void Without_a_route_there_is_no_route_and_a_blackhole_is_silent()
    {
        PlanBuilder builder = Network.Plain();
        builder.AddAddress6(Network.Lan, Ipv6Address.Parse(Ipv6Network.LanAddress), 64);
        builder.AddAddress6(Network.Lan, Ipv6Address.Parse(Ipv6Network.LanLinkLocal), 64);
        builder.AddRoute6(Ipv6Address.Parse("2001:db8:66::"), 48, new NextHop { Kind = NextHopKind.Blackhole });
        using RouterBed bed = Ipv6Network.Started(builder);
        byte[] frame = Ipv6Network.FromClient().Udp(5000, 53).Build();
        Assert.Equal(Error(1, 0, 0, frame), bed.SendForOne(Network.Lan, frame, Network.Lan));
        bed.SendForDrop(Network.Lan, Ipv6Network.FromClient("2001:db8:66::1").Udp(1, 2).Build(), DropReason.NoRoute);
    }

    [Fact]
    public void An_error_about_an_error_is_never_sent()
    {
        using RouterBed bed = Ipv6Network.Started();
        byte[] quoted = Ipv6Network.FromServer().Udp(53, 5000).Build()[14..];
        bed.SendForOne(Network.Lan, Ipv6Network.FromClient().Udp(5000, 53).Build(), Network.Wan);
        byte[] last = Ipv6Network.FromClient(hopLimit: 1).Icmpv6(1, 4).Payload(quoted).Build();
        bed.SendForDrop(Network.Lan, last, DropReason.TtlExceeded);
    }

    [Fact]
    public void Each_source_network_gets_its_own_rate()
    {
        PlanBuilder builder = Ipv6Network.Plain();
        builder.IcmpErrorsPerSecond = 5;
        using RouterBed bed = Ipv6Network.Started(builder);
        for (int packet = 0; packet < 50; packet++)
        {
            // Changing the lower half of the address buys nothing.
            bed.Inject(Network.Lan, Ipv6Network.FromHost(Network.Lan, $"2001:db8:1::{packet + 2}", Ipv6Network.Server, 1).Udp(5000, 53).Build());
        }

        bed.Inject(Network.Dmz, Ipv6Network.FromHost(Network.Dmz, Ipv6Network.DmzHost, Ipv6Network.Server, 1).Udp(5000, 53).Build());
        bed.Settle();
        Assert.Equal(6, bed.Take().Length);
        Assert.Equal(51ul, bed.Drops(DropReason.TtlExceeded));
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(1, 4)]
    [InlineData(2, 0)]
    [InlineData(3, 0)]
    [InlineData(4, 1)]
    public void An_error_about_a_known_connection_passes_unchanged_from_any_hop(byte type, byte code)
    {
        using RouterBed bed = Ipv6Network.Started();
        byte[] sent = bed.SendForOne(Network.Lan, Ipv6Network.FromClient().Udp(5000, 53).Payload(40).Build(), Network.Wan);
        ulong opened = bed.Router.Totals().Opened;
        byte[] error = new PacketBuilder()
            .Ethernet(Ipv6Network.MacOf(Ipv6Network.WanRouter), Network.MacOfPort(Network.Wan))
            .Ipv6("2001:db8:77::1", Ipv6Network.Client)
            .Icmpv6(type, code, 1400)
            .Payload(sent[14..])
            .Build();
        Assert.Equal(Ipv6Network.Forwarded(error, Network.Lan, Ipv6Network.Client), bed.SendForOne(Network.Wan, error, Network.Lan));
        Assert.Equal(opened, bed.Router.Totals().Opened);
    }

    [Theory]
    [InlineData("udp")]
    [InlineData("tcp")]
    [InlineData("echo")]
    [InlineData("options")]
    [InlineData("fragment")]
    public void Every_tracked_protocol_is_recognised_in_a_quotation_of_eight_transport_bytes(string what)
    {
        using RouterBed bed = Ipv6Network.Started();
        PacketBuilder packet = Ipv6Network.FromClient();
        packet = what switch
        {
            "tcp" => packet.Tcp(4000, 80, TcpFlags.Syn),
            "echo" => packet.Icmpv6(128, 0, 0x4000_0001),
            "options" => packet.Extension(IpProtocol.DestinationOptions, 0, 0, 1, 4, 0, 0, 0, 0).Udp(5000, 53),
            "fragment" => packet.Extension(IpProtocol.Fragment, 0, 0, 0, 0, 0, 0, 0, 9).Udp(5000, 53),
            _ => packet.Udp(5000, 53),
        };
        byte[] sent = bed.SendForOne(Network.Lan, packet.Payload(64).Build(), Network.Wan);
        int headers = what is "options" or "fragment" ? 48 : 40;
        byte[] error = Ipv6Network.FromServer().Icmpv6(3, 0).Payload(sent[14..(14 + headers + 8)]).Build();
        bed.SendForOne(Network.Wan, error, Network.Lan);
        byte[] shorter = Ipv6Network.FromServer().Icmpv6(3, 0).Payload(sent[14..(14 + headers + 7)]).Build();
        bed.SendForDrop(Network.Wan, shorter, DropReason.IcmpErrorInnerInvalid);
    }

    [Fact]
    public void An_error_that_speaks_of_no_connection_or_goes_to_somebody_else_is_dropped()
    {
        using RouterBed bed = Ipv6Network.Started();
        byte[] sent = bed.SendForOne(Network.Lan, Ipv6Network.FromClient().Udp(5000, 53).Payload(40).Build(), Network.Wan);
        byte[] quoted = sent[14..];
        bed.SendForDrop(
            Network.Wan, Ipv6Network.FromServer("2001:db8:1::11").Icmpv6(1, 0).Payload(quoted).Build(), DropReason.IcmpErrorUnrelated);
        byte[] stranger = Ipv6Network.FromClient().Udp(5001, 53).Build()[14..];
        bed.SendForDrop(Network.Wan, Ipv6Network.FromServer().Icmpv6(1, 0).Payload(stranger).Build(), DropReason.IcmpErrorUnrelated);
        byte[] ofAnError = Ipv6Network.FromClient().Icmpv6(1, 0).Payload(48).Build()[14..];
        bed.SendForDrop(Network.Wan, Ipv6Network.FromServer().Icmpv6(1, 0).Payload(ofAnError).Build(), DropReason.IcmpErrorUnrelated);
        byte[] ipv4 = Network.FromClient().Udp(5000, 53).Payload(40).Build()[14..];
        bed.SendForDrop(Network.Wan, Ipv6Network.FromServer().Icmpv6(1, 0).Payload(ipv4).Build(), DropReason.IcmpErrorInnerInvalid);
        byte[] later = Ipv6Network.FromClient().Extension(IpProtocol.Fragment, 0, 0, 0, 0x10, 0, 0, 0, 9).Udp(5000, 53).Build()[14..];
        bed.SendForDrop(Network.Wan, Ipv6Network.FromServer().Icmpv6(1, 0).Payload(later).Build(), DropReason.IcmpErrorInnerInvalid);
        byte[] linkLocal = Ipv6Network.FromHost(Network.Wan, "fe80::99", Ipv6Network.Client).Icmpv6(1, 0).Payload(quoted).Build();
        bed.SendForDrop(Network.Wan, linkLocal, DropReason.Ipv6SourceInvalid);
    }

    [Fact]
    public void An_error_is_attributed_in_the_zone_that_it_comes_in_by()
    {
        PlanBuilder builder = Ipv6Network.Plain();
        Ipv6Network.SetZone(builder, Network.Lan, 7);
        Ipv6Network.SetZone(builder, Network.Wan, 9);
        using RouterBed bed = Ipv6Network.Started(builder);
        byte[] quoted = bed.SendForOne(Network.Lan, Ipv6Network.FromClient().Udp(5000, 53).Payload(40).Build(), Network.Wan)[14..];
        bed.SendForOne(Network.Wan, Ipv6Network.FromServer().Icmpv6(3, 0).Payload(quoted).Build(), Network.Lan);
        byte[] elsewhere = Ipv6Network.FromHost(Network.Dmz, Ipv6Network.DmzHost, Ipv6Network.Client).Icmpv6(3, 0).Payload(quoted).Build();
        bed.SendForDrop(Network.Dmz, elsewhere, DropReason.IcmpErrorUnrelated);
    }

    [Fact]
    public void A_quotation_cut_anywhere_is_judged_and_nothing_else_happens()
    {
        using RouterBed bed = Ipv6Network.Started();
        byte[] chain = [0, 0, 1, 4, 0, 0, 0, 0];
        PacketBuilder packet = Ipv6Network.FromClient().Extension(IpProtocol.HopByHop, chain).Extension(IpProtocol.DestinationOptions, chain);
        byte[] sent = bed.SendForOne(Network.Lan, packet.Udp(5000, 53).Payload(8).Build(), Network.Wan);
        for (int length = 0; length <= sent.Length - 14; length++)
        {
            byte[] error = Ipv6Network.FromServer().Icmpv6(3, 0).Payload(sent[14..(14 + length)]).Build();
            Assert.Equal(length >= 40 + 16 + 8 ? 1 : 0, bed.Send(Network.Wan, error).Length);
        }
    }

    /// <summary>The router's error to the client on the lan.</summary>
    private static byte[] Error(byte type, byte code, uint rest, byte[] about) => new PacketBuilder()
        .Ethernet(Network.MacOfPort(Network.Lan), Ipv6Network.MacOf(Ipv6Network.Client))
        .Ipv6(Ipv6Network.LanAddress, Ipv6Network.Client)
        .Icmpv6(type, code, rest)
        .Payload(PacketBuilder.Quote(about, 1280 - 48))
        .Build();
}
