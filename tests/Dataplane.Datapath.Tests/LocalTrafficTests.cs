using Dataplane.Packet;
using Dataplane.TestKit;
using Xunit;

namespace Dataplane.Datapath.Tests;

public class LocalTrafficTests
{
    [Theory]
    [InlineData(Network.Lan, Network.Client, Network.LanAddress)]
    [InlineData(Network.Lan, Network.Client, Network.WanAddress)]
    [InlineData(Network.Wan, Network.Server, Network.WanAddress)]
    [InlineData(Network.Wan, Network.Server, Network.LanAddress)]
    [InlineData(Network.Dmz, "172.16.0.10", Network.DmzAddress)]
    public void An_echo_to_any_own_address_is_answered_whichever_port_it_came_by(byte port, string host, string own)
    {
        using RouterBed bed = new(Network.Masquerading());
        byte[] reply = bed.SendForOne(port, Network.FromHost(port, host, own).Icmp(8, 0, 77, 5).Payload(20).Build(), port);
        byte[] expected = new PacketBuilder()
            .Ethernet(Network.MacOfPort(port), MemoryWorld.MacOf(Ipv4Address.Parse(host == Network.Server ? Network.WanRouter : host)))
            .Ipv4(own, host)
            .Icmp(0, 0, 77, 5)
            .Payload(20)
            .Build();
        Assert.Equal(expected, reply);
        Assert.Equal(0, bed.CountByDump());
    }

    [Fact]
    public void Everything_else_to_the_router_is_dropped_in_silence()
    {
        using RouterBed bed = new(Network.Masquerading());
        bed.SendForDrop(Network.Lan, Network.FromClient(Network.LanAddress).Tcp(4000, 22, TcpFlags.Syn).Build(), DropReason.LocalUnsupported);
        bed.SendForDrop(Network.Lan, Network.FromClient(Network.LanAddress).Udp(4000, 53).Build(), DropReason.LocalUnsupported);
        bed.SendForDrop(Network.Lan, Network.FromClient(Network.LanAddress).Icmp(13, 0, 1, 1).Payload(12).Build(), DropReason.LocalUnsupported);
    }

    [Fact]
    public void A_packet_that_claims_to_be_from_the_router_is_dropped()
    {
        using RouterBed bed = new(Network.Masquerading());
        bed.SendForDrop(Network.Wan, Network.FromHost(Network.Wan, Network.LanAddress, "172.16.0.10").Udp(1, 2).Build(), DropReason.Ipv4SourceInvalid);
    }

    [Fact]
    public void Idle_pool_addresses_and_subnet_broadcasts_swallow_packets()
    {
        using RouterBed bed = new(Network.Pooled(1024, 2048));
        bed.SendForDrop(Network.Wan, Network.FromHost(Network.Wan, Network.Server, Network.Pool).Udp(53, 1500).Build(), DropReason.NoRoute);
        bed.SendForDrop(Network.Lan, Network.FromClient("198.51.100.255").Udp(53, 1500).Build(), DropReason.NoRoute);
    }
}
