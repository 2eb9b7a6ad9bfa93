using System.Linq;
using Xunit;

namespace Dataplane.Dpdk.Tests;

public sealed class DeviceSpecTests
{
    [Theory]
    [InlineData("0000:3b:00.0", DeviceKind.Pci, "0000:3b:00.0")]
    [InlineData("3B:00.1", DeviceKind.Pci, "0000:3b:00.1")]
    [InlineData("af_xdp:eth1", DeviceKind.AfXdp, "eth1")]
    [InlineData("af_packet:br-lan.7", DeviceKind.AfPacket, "br-lan.7")]
    [InlineData("tap:dtap0", DeviceKind.Tap, "dtap0")]
    [InlineData("memif:role=client,id=1", DeviceKind.Memif, "role=client,id=1")]
    [InlineData("pcap:rx=in.pcap,tx=/tmp/out.pcap", DeviceKind.Pcap, "rx_pcap=in.pcap,tx_pcap=/tmp/out.pcap")]
    [InlineData("pcap:iface=eth0", DeviceKind.Pcap, "iface=eth0")]
    [InlineData("null", DeviceKind.Null, "")]
    [InlineData("null:size=64", DeviceKind.Null, "size=64")]
    [InlineData("ring", DeviceKind.Ring, "")]
    [InlineData("vdev:net_bonding0,mode=1", DeviceKind.Vdev, "net_bonding0")]
    public void Every_documented_form_is_understood(string text, DeviceKind kind, string argument)
    {
        Assert.True(DeviceSpec.TryParse(text, out DeviceSpec? device, out string? error), error);
        Assert.Equal((kind, argument, text), (device.Kind, device.Argument, device.ToString()));
    }

    [Theory]
    [InlineData(null, "no device given")]
    [InlineData("", "no device given")]
    [InlineData("eth0", "is not known")]
    [InlineData("af_xdp", "is not an interface name")]
    [InlineData("af_xdp:", "is not an interface name")]
    [InlineData("af_xdp:a/b", "is not an interface name")]
    [InlineData("af_xdp:sixteencharsname", "is not an interface name")]
    [InlineData("af_xdp:eth1,iface=eth2", "iface is set by the port's configuration")]
    [InlineData("af_xdp:eth1,start_queue=3", "start_queue is set by the port's configuration")]
    [InlineData("af_packet:eth1,qpairs", "must be KEY=VALUE")]
    [InlineData("af_packet:eth1,=4", "must be KEY=VALUE")]
    [InlineData("pcap:", "must be pcap:rx=FILE")]
    [InlineData("vdev:", "must be vdev:DRIVER")]
    [InlineData("vdev:a/b", "must be vdev:DRIVER")]
    [InlineData("null: size=64", "without blanks")]
    [InlineData("null:size=[1]", "without blanks, brackets")]
    [InlineData("null:a=\n", "without blanks")]
    [InlineData("00:3b:00.0", "is not known")]
    [InlineData("3b:20.0", "is not known")]
    [InlineData("3b:00.8", "is not known")]
    public void Anything_else_is_refused_with_a_reason(string? text, string reason)
    {
        Assert.False(DeviceSpec.TryParse(text, out DeviceSpec? device, out string? error));
        Assert.Null(device);
        Assert.Contains(reason, error, System.StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_device_lists_what_is_allowed()
    {
        Assert.False(DeviceSpec.TryParse("dpdk:0", out _, out string? error));
        Assert.Contains(DeviceSpec.Allowed, error, System.StringComparison.Ordinal);
    }

    [Fact]
    public void A_device_text_longer_than_the_limit_is_refused_without_echoing_it()
    {
        Assert.False(DeviceSpec.TryParse("vdev:" + new string('x', 5000), out _, out string? error));
        Assert.True(error.Length < 200);
    }

    [Fact]
    public void Af_xdp_gets_one_device_for_each_queue()
    {
        DeviceMember[] members = [.. DeviceSpec.Parse("af_xdp:eth1").Members("lan", 2)];
        Assert.Equal(
            ["net_af_xdp_lan_0,iface=eth1,start_queue=0,queue_count=1,busy_budget=0",
             "net_af_xdp_lan_1,iface=eth1,start_queue=1,queue_count=1,busy_budget=0"],
            members.Select(member => member.Devargs));
        Assert.All(members, member => Assert.Equal(("vdev", 1), (member.Bus, member.Queues)));
    }

    [Fact]
    public void A_driver_parameter_of_the_user_replaces_ours()
    {
        DeviceMember member = DeviceSpec.Parse("af_xdp:eth1,busy_budget=64").Members("lan", 1)[0];
        Assert.Equal("net_af_xdp_lan_0,iface=eth1,start_queue=0,queue_count=1,busy_budget=64", member.Devargs);
    }

    [Theory]
    [InlineData(1500, "blocksz=65536,framesz=2048,framecnt=2048")]
    [InlineData(9000, "blocksz=65536,framesz=16384,framecnt=256")]
    public void Af_packet_frames_hold_the_mtu(int mtu, string expected)
    {
        DeviceMember member = DeviceSpec.Parse("af_packet:eth1").Members("wan", 2, mtu)[0];
        Assert.Equal($"net_af_packet_wan,iface=eth1,qpairs=2,{expected}", member.Devargs);
    }

    [Fact]
    public void Other_devices_are_one_member_under_the_ports_name()
    {
        Assert.Equal("net_null_p0,size=64", DeviceSpec.Parse("null:size=64").Members("p0", 4)[0].Devargs);
        Assert.Equal("net_ring_p0", DeviceSpec.Parse("ring").Members("p0", 1)[0].Devargs);
        Assert.Equal("net_tap_p0,iface=dtap0", DeviceSpec.Parse("tap:dtap0").Members("p0", 1)[0].Devargs);
        Assert.Equal("net_bonding0,mode=1", DeviceSpec.Parse("vdev:net_bonding0,mode=1").Members("p0", 1)[0].Devargs);
        Assert.Equal("pci", DeviceSpec.Parse("3b:00.0").Members("p0", 4)[0].Bus);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a,b=c")]
    [InlineData("seventeen-letters")]
    public void A_port_name_that_could_change_the_arguments_is_refused(string name) =>
        Assert.Throws<DpdkException>(() => DeviceSpec.Parse("null").Members(name, 1));

    [Fact]
    public void The_interface_and_the_pci_address_are_known_where_there_is_one()
    {
        Assert.Equal("eth1", DeviceSpec.Parse("af_xdp:eth1").KernelInterface);
        Assert.Null(DeviceSpec.Parse("tap:eth1").KernelInterface);
        Assert.Equal("0000:3b:00.0", DeviceSpec.Parse("3b:00.0").PciAddress);
        Assert.Null(DeviceSpec.Parse("null").PciAddress);
    }

    [Theory]
    [InlineData("af_xdp:eth1", 1778, 2176)] // measured: 1778 passes with 2 KiB mbufs, 1779 does not
    [InlineData("af_xdp:eth1", 1779, 2177)]
    [InlineData("af_xdp:eth1", 3442, 3840)] // and 3442 with the largest
    [InlineData("af_packet:eth1", 1500, 2176)]
    [InlineData("af_packet:eth1", 9000, 16512)]
    [InlineData("null", 1500, 2176)]
    [InlineData("null", 9000, 9154)]
    public void The_data_room_follows_the_mtu(string text, int mtu, int room) =>
        Assert.Equal(room, DeviceSpec.Parse(text).DataRoomBytes(mtu));

    [Theory]
    [InlineData("null", 1536)]
    [InlineData("af_xdp:eth1", 2 * (2048 + 1024))]
    public void The_mbufs_a_queue_can_hold_include_the_drivers_own_rings(string text, int mbufs) =>
        Assert.Equal(mbufs, DeviceSpec.Parse(text).MbufsPerQueue(1024, 512));

    [Fact]
    public void Af_xdps_largest_mtu_is_what_a_page_holds() => Assert.Equal(3442, DeviceSpec.Parse("af_xdp:eth1").MtuMax);
}
