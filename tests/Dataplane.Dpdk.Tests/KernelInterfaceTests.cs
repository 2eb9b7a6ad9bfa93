using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using Xunit;

namespace Dataplane.Dpdk.Tests;

public sealed class KernelInterfaceTests
{
    private static readonly InterfaceState Good = new() { Name = "eth1" };

    [Fact]
    public void A_prepared_interface_has_no_problems()
    {
        Assert.Empty(Check("af_xdp:eth1", Good));
        Assert.Empty(Check("af_packet:eth1", Good));
    }

    [Fact]
    public void A_missing_interface_is_the_only_problem_reported()
    {
        InterfaceProblem problem = Assert.Single(KernelInterface.Check(DeviceSpec.Parse("af_xdp:nosuch0"), 1, 1500, 2176));
        Assert.True(problem.IsError);
        Assert.Contains("nosuch0 does not exist", problem.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void An_interface_that_is_down_is_an_error() =>
        Single("af_xdp:eth1", Good with { IsUp = false }, error: true, "ip link set dev eth1 up");

    [Theory]
    [InlineData(1400, true)]
    [InlineData(9000, false)]
    public void A_different_mtu_is_an_error_only_when_frames_would_not_fit(int mtu, bool error) =>
        Single("af_packet:eth1", Good with { Mtu = mtu }, error, "ip link set dev eth1 mtu 1500");

    [Theory]
    [InlineData(1, false, "ethtool -L eth1 rx 2 tx 2")]
    [InlineData(1, true, "ethtool -L eth1 combined 2")]
    [InlineData(4, true, "ethtool -L eth1 combined 2")]
    public void Af_xdp_needs_as_many_channels_as_queues(int channels, bool combined, string remedy)
    {
        InterfaceState state = Good with { Channels = channels, ChannelsCombined = combined };
        InterfaceProblem problem = Assert.Single(KernelInterface.Check(DeviceSpec.Parse("af_xdp:eth1"), 2, 1500, 2176, state));
        Assert.Equal((true, remedy), (problem.IsError, problem.Remedy));
    }

    [Fact]
    public void A_veth_with_too_few_channels_can_be_created_anew()
    {
        IReadOnlyList<InterfaceProblem> problems =
            KernelInterface.Check(DeviceSpec.Parse("af_xdp:eth1"), 2, 1500, 2176, Good with { Driver = "veth" });
        Assert.EndsWith("numrxqueues 2 numtxqueues 2", problems.Single(problem => problem.IsError).Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Af_packet_spreads_over_any_number_of_channels() =>
        Assert.Empty(KernelInterface.Check(DeviceSpec.Parse("af_packet:eth1"), 2, 1500, 2176, Good));

    [Theory]
    [InlineData(1778, 2176, 0)]
    [InlineData(1779, 2176, 1)]
    [InlineData(3442, 3840, 0)]
    [InlineData(3443, 3840, 1)]
    public void Af_xdps_mtu_is_bounded_by_the_mbuf_and_the_page(int mtu, int room, int errors)
    {
        IReadOnlyList<InterfaceProblem> problems =
            KernelInterface.Check(DeviceSpec.Parse("af_xdp:eth1"), 1, mtu, room, Good with { Mtu = mtu });
        Assert.Equal(errors, problems.Count(problem => problem.IsError));
    }

    [Theory]
    [InlineData("af_packet:eth1", true)]
    [InlineData("af_xdp:eth1", false)]
    public void An_address_is_an_error_where_the_kernel_would_answer(string device, bool error) =>
        Single(device, Good with { Addresses = [IPAddress.Parse("10.0.0.1")] }, error, "ip addr flush dev eth1");

    [Fact]
    public void A_link_local_address_alone_is_not_reported() =>
        Assert.Empty(Check("af_packet:eth1", Good with { Addresses = [IPAddress.Parse("fe80::1")] }));

    [Fact]
    public void Arp_and_ipv6_left_on_are_warnings()
    {
        Single("af_packet:eth1", Good with { ArpEnabled = true }, error: false, "ip link set dev eth1 arp off");
        Single("af_xdp:eth1", Good with { Ipv6Enabled = true }, error: false, "sysctl -w net.ipv6.conf.eth1.disable_ipv6=1");
    }

    [Fact]
    public void Merged_packets_are_an_error_for_af_packet_only()
    {
        Single("af_packet:eth1", Good with { Offloads = ["gro"] }, error: true, "ethtool -K eth1 gro off lro off");
        Single("af_xdp:eth1", Good with { Offloads = ["gro"] }, error: false, "ethtool -K eth1 gro off");
    }

    [Fact]
    public void Offloads_left_on_are_one_warning_with_one_command() =>
        Single("af_xdp:eth1", Good with { Offloads = ["rx", "tx", "tso"] }, error: false, "ethtool -K eth1 rx off tx off tso off");

    [Fact]
    public void A_veth_warns_of_its_other_end() =>
        Single("af_xdp:eth1", Good with { Driver = "veth" }, error: false,
            "ethtool -K PEER tx off tso off gso off gro off, in the peer's namespace");

    [Fact]
    public void Devices_without_an_interface_have_nothing_to_check() =>
        Assert.Empty(KernelInterface.Check(DeviceSpec.Parse("null"), 1, 1500, 2176));

    [Fact]
    public void The_loopback_interface_is_read_as_it_is()
    {
        InterfaceState state = KernelInterface.Read("lo");
        Assert.True(state.Exists);
        Assert.True(state.Mtu >= 1500);
        Assert.Equal(1, state.Channels);
    }

    private static IReadOnlyList<InterfaceProblem> Check(string device, InterfaceState state) =>
        KernelInterface.Check(DeviceSpec.Parse(device), 1, 1500, 2176, state);

    private static void Single(string device, InterfaceState state, bool error, string remedy)
    {
        InterfaceProblem problem = Assert.Single(Check(device, state));
        Assert.Equal((error, remedy), (problem.IsError, problem.Remedy));
    }
}
