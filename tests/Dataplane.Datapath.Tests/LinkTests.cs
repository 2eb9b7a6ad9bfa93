using Dataplane.Packet;
using Dataplane.TestKit;
using Xunit;

namespace Dataplane.Datapath.Tests;

public class LinkTests
{
    [Fact]
    public void A_priority_tag_is_taken_off_first_and_later_packets()
    {
        using RouterBed bed = new(Network.Plain());
        byte[] tagged = Network.FromClient().Vlan(0, priority: 6).Udp(5000, 53).Payload(30).Build();
        byte[] first = bed.SendForOne(Network.Lan, tagged, Network.Wan);
        byte[] second = bed.SendForOne(Network.Lan, tagged, Network.Wan);
        Assert.Equal(tagged.Length - 4, first.Length);
        Assert.Equal(first, second);
        Assert.Equal([0x08, 0x00], first[12..14]);
    }

    [Fact]
    public void A_priority_tagged_echo_is_answered_untagged()
    {
        using RouterBed bed = new(Network.Plain());
        byte[] reply = bed.SendForOne(Network.Lan, Network.FromClient(Network.LanAddress).Vlan(0).Icmp(8, 0, 1, 1).Build(), Network.Lan);
        Assert.Equal([0x08, 0x00], reply[12..14]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4094)]
    public void A_vlan_id_is_dropped(ushort id)
    {
        using RouterBed bed = new(Network.Plain());
        bed.SendForDrop(Network.Lan, Network.FromClient().Vlan(id).Udp(5000, 53).Build(), DropReason.VlanNotConfigured);
    }

    [Fact]
    public void A_vlan_id_that_the_nic_took_off_is_dropped()
    {
        using RouterBed bed = new(Network.Plain());
        bed.World.Inject(Network.Lan, 0, Network.FromClient().Udp(5000, 53).Build(), MbufFlags.RxVlanStripped, vlanTci: 12);
        bed.Settle();
        Assert.Equal(1ul, bed.Drops(DropReason.VlanNotConfigured));
    }

    [Fact]
    public void A_frame_for_another_station_or_a_group_is_dropped()
    {
        using RouterBed bed = new(Network.Plain());
        MacAddress host = MemoryWorld.MacOf(Ipv4Address.Parse(Network.Client));
        foreach (MacAddress to in new[] { host, MacAddress.Broadcast, MacAddress.Parse("01:00:5e:00:00:01"), Network.MacOfPort(Network.Wan) })
        {
            bed.SendForDrop(Network.Lan, Network.FromClient().Ethernet(host, to).Udp(5000, 53).Build(), DropReason.NotForThisRouter);
        }
    }

    [Fact]
    public void Ipv6_is_dropped_by_name()
    {
        using RouterBed bed = new(Network.Plain());
        byte[] frame = new PacketBuilder()
            .Ethernet(MemoryWorld.MacOf(Ipv4Address.Parse(Network.Client)), Network.MacOfPort(Network.Lan))
            .Ipv6("2001:db8::1", "2001:db8:1::1")
            .Udp(1, 2)
            .Build();
        bed.SendForDrop(Network.Lan, frame, DropReason.Ipv6NotEnabled);
    }

    [Fact]
    public void What_the_queue_refuses_is_dropped_and_counted()
    {
        using RouterBed bed = new(Network.Plain());
        bed.SendForOne(Network.Lan, Network.FromClient().Udp(5000, 53).Build(), Network.Wan);
        bed.World.TransmitLimit = 3;
        for (int packet = 0; packet < 10; packet++)
        {
            bed.Inject(Network.Lan, Network.FromClient().Udp(5000, 53).Build());
        }

        bed.Settle();
        Assert.Equal(7ul, bed.Drops(DropReason.TransmitRefused));
    }
}
