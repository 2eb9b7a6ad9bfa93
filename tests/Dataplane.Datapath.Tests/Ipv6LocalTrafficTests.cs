using Dataplane.Packet;
using Dataplane.TestKit;
using Xunit;

namespace Dataplane.Datapath.Tests;

public class Ipv6LocalTrafficTests
{
    [Theory]
    [InlineData(Network.Lan, Ipv6Network.Client, Ipv6Network.LanAddress, Ipv6Network.LanAddress)]
    [InlineData(Network.Lan, Ipv6Network.Client, Ipv6Network.WanAddress, Ipv6Network.WanAddress)]
    [InlineData(Network.Lan, "fe80::77", Ipv6Network.LanLinkLocal, Ipv6Network.LanLinkLocal)]
    [InlineData(Network.Lan, Ipv6Network.Client, Ipv6Network.LanLinkLocal, Ipv6Network.LanLinkLocal)]
    [InlineData(Network.Lan, "fe80::77", Ipv6Network.DmzAddress, Ipv6Network.DmzAddress)]
    [InlineData(Network.Lan, Ipv6Network.Client, "2001:db8:1::", Ipv6Network.LanAddress)]
    [InlineData(Network.Lan, Ipv6Network.Client, "2001:db8:3::", Ipv6Network.LanAddress)]
    [InlineData(Network.Lan, "fe80::77", "ff02::1", Ipv6Network.LanLinkLocal)]
    [InlineData(Network.Lan, Ipv6Network.Client, "ff02::2", Ipv6Network.LanAddress)]
    public void An_echo_is_answered_from_the_address_it_was_sent_to_or_else_the_ports(int port, string host, string own, string from)
    {
        using RouterBed bed = Ipv6Network.Started();
        byte[] reply = bed.SendForOne(port, Ipv6Network.FromHost(port, host, own, 3).Icmpv6(128, 0, 0x004D_0005).Payload(20).Build(), port);
        byte[] expected = new PacketBuilder()
            .Ethernet(Network.MacOfPort(port), Ipv6Network.MacOf(host))
            .Ipv6(from, host)
            .Icmpv6(129, 0, 0x004D_0005)
            .Payload(20)
            .Build();
        Assert.Equal(expected, reply);
        Assert.Equal(0, bed.CountByDump6());
    }

    [Fact]
    public void The_far_side_is_answered_too()
    {
        using RouterBed bed = Ipv6Network.Started();
        byte[] reply = bed.SendForOne(Network.Wan, Ipv6Network.FromServer(Ipv6Network.LanAddress).Icmpv6(128, 0, 1).Build(), Network.Wan);
        Assert.Equal(Ipv6Network.MacOf(Ipv6Network.WanRouter), MacAddress.FromBytes(reply));
    }

    [Fact]
    public void Extension_headers_of_a_request_are_not_in_its_reply()
    {
        using RouterBed bed = Ipv6Network.Started();
        PacketBuilder request = Ipv6Network.FromClient(Ipv6Network.LanAddress).Extension(IpProtocol.HopByHop, 0, 0, 1, 4, 0, 0, 0, 0);
        byte[] reply = bed.SendForOne(Network.Lan, request.Icmpv6(128, 0, 9).Payload(7).Build(), Network.Lan);
        byte[] expected = new PacketBuilder()
            .Ethernet(Network.MacOfPort(Network.Lan), Ipv6Network.MacOf(Ipv6Network.Client))
            .Ipv6(Ipv6Network.LanAddress, Ipv6Network.Client)
            .Icmpv6(129, 0, 9)
            .Payload(7)
            .Build();
        Assert.Equal(expected, reply);
    }

    [Fact]
    public void Everything_else_to_the_router_is_dropped_in_silence()
    {
        using RouterBed bed = Ipv6Network.Started();
        bed.SendForDrop(Network.Lan, Ipv6Network.FromClient(Ipv6Network.LanAddress).Tcp(4000, 22, TcpFlags.Syn).Build(), DropReason.LocalUnsupported);
        bed.SendForDrop(Network.Lan, Ipv6Network.FromClient(Ipv6Network.LanAddress).Udp(4000, 53).Build(), DropReason.LocalUnsupported);
        bed.SendForDrop(Network.Lan, Ipv6Network.FromClient(Ipv6Network.LanLinkLocal).Udp(4000, 53).Build(), DropReason.LocalUnsupported);
    }

    [Fact]
    public void Nobody_beyond_the_link_gets_an_answer_to_a_group()
    {
        using RouterBed bed = Ipv6Network.Started();
        byte[] far = Ipv6Network.FromHost(Network.Lan, Ipv6Network.Server, "ff02::1").Icmpv6(128, 0, 1).Build();
        bed.SendForDrop(Network.Lan, far, DropReason.Ipv6DestinationInvalid);
        byte[] own = Ipv6Network.FromHost(Network.Lan, Ipv6Network.LanAddress, "ff02::1").Icmpv6(128, 0, 1).Build();
        bed.SendForDrop(Network.Lan, own, DropReason.Ipv6SourceInvalid);
    }

    [Fact]
    public void A_wrong_checksum_is_not_made_right_by_the_answer()
    {
        PlanBuilder builder = Ipv6Network.Plain();
        builder.VerifyChecksums = false;
        using RouterBed bed = Ipv6Network.Started(builder);
        byte[] request = Ipv6Network.FromClient(Ipv6Network.LanAddress).Icmpv6(128, 0, 1).Payload(4).Build();
        request[^1] ^= 1;
        bed.SendForDrop(Network.Lan, request, DropReason.L4ChecksumBad);
    }
}
