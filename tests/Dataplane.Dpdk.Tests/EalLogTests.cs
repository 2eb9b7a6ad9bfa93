using Xunit;

namespace Dataplane.Dpdk.Tests;

public sealed class EalLogTests
{
    [Fact]
    public void The_drivers_line_is_the_cause_not_what_the_bus_adds()
    {
        string[] lines =
        [
            "rte_pmd_init_internals(): net_af_packet_lan: ioctl failed (SIOCGIFINDEX):No such device",
            "EAL: Driver cannot attach the device (net_af_packet_lan)",
            "EAL: Failed to attach device on primary process",
        ];
        Assert.Equal("net_af_packet_lan: ioctl failed (SIOCGIFINDEX):No such device", EalLog.Cause(lines));
    }

    [Fact]
    public void When_only_the_bus_spoke_its_first_line_is_the_cause() =>
        Assert.Equal("Driver cannot attach the device (x)", EalLog.Cause(
            ["EAL: Driver cannot attach the device (x)", "EAL: Failed to attach device on primary process"]));

    [Fact]
    public void A_line_that_is_a_sentence_keeps_its_colon() =>
        Assert.Equal("Kernel error message: Peer MTU is too large to set XDP", EalLog.Cause(
            ["libbpf: Kernel error message: Peer MTU is too large to set XDP"]));

    [Fact]
    public void Nothing_logged_is_no_cause() => Assert.Null(EalLog.Cause([]));
}
