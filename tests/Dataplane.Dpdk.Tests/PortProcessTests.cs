using System;
using System.Globalization;
using System.Linq;
using Xunit;

namespace Dataplane.Dpdk.Tests;

[Collection(nameof(HostProcess))]
public sealed class PortProcessTests
{
    [Fact]
    public void A_burst_goes_round_a_ring_port_intact_and_no_mbuf_is_lost()
    {
        HostResult result = HostProcess.Run("loop");
        Assert.True(result.ExitCode == 0, result.Output + result.Errors);
        (string Name, string Value)[] expected =
        [
            ("allocated", "True"), ("headroom", "128"), ("in-use-before", "32"), ("sent", "32"), ("received", "32"),
            ("intact", "32"), ("in-use-after", "0"), ("empty", "0"), ("ports-left", "0"), ("clock-runs", "True"),
        ];
        Assert.Equal(expected, expected.Select(pair => (pair.Name, result[pair.Name])));
    }

    [Fact]
    public void Counters_of_the_port_agree_with_what_went_through()
    {
        HostResult result = HostProcess.Run("loop");
        Assert.Equal(("32", "32", "32", "0"), (result["rx-packets"], result["tx-packets"], result["xstat"], result["rx-packets-reset"]));
        Assert.Equal("True", result["link"]);
    }

    [Fact]
    public void A_null_port_serves_two_queues_and_loses_no_mbuf()
    {
        HostResult result = HostProcess.Run("null");
        string[] names = ["received-0", "length-0", "sent-0", "received-1", "length-1", "sent-1", "in-use", "mtu"];
        Assert.Equal(["32", "128", "32", "32", "128", "32", "0", "1500"], names.Select(name => result[name]));
    }

    [Theory]
    [InlineData("queues", "port lan: 5000 receive queues: the device takes 1 to 1024")]
    [InlineData("descriptors", "port lan: 1000 descriptors: must be a power of two from 32 to 32768")]
    [InlineData("room", "port lan: receive queue 0: mempool small has a data room of 256 bytes, 2176 are needed")]
    [InlineData("cache", "mempool cache of 100 mbufs: a cache of 100 must be 0 to 512 and at most 66")]
    [InlineData("twice", "mempool small of 255 mbufs: File exists")]
    [InlineData("memory", "mempool large of 1048576 mbufs: Cannot allocate memory")]
    public void What_is_out_of_range_is_refused_with_the_limit(string attempt, string message) =>
        Assert.Equal(message, HostProcess.Run("limits")[attempt]);

    [Theory]
    [InlineData("af_xdp:nosuch0", "port lan: device af_xdp:nosuch0: ", "ip link show dev nosuch0")]
    [InlineData("af_packet:nosuch0", "port lan: device af_packet:nosuch0: ", "ip link show dev nosuch0")]
    [InlineData("0000:ff:1f.7", "port lan: device 0000:ff:1f.7: ", "dpdk-devbind.py")]
    [InlineData("vdev:nosuchdriver0", "port lan: device vdev:nosuchdriver0: ", "")]
    [InlineData("pcap:rx=/nonexistent.pcap", "port lan: device pcap:rx=/nonexistent.pcap: ", "")]
    public void A_device_that_cannot_be_opened_is_named(string device, string message, string remedy)
    {
        HostResult result = HostProcess.Run("open", device, "1");
        Assert.Equal(3, result.ExitCode);
        Assert.StartsWith(message, result["error"], StringComparison.Ordinal);
        Assert.Contains(remedy, result["remedy"], StringComparison.Ordinal);
    }

    [Fact]
    public void Routes_are_found_by_their_longest_prefix()
    {
        HostResult result = HostProcess.Run("fib");
        string[] addresses = ["10.9.9.9", "10.1.9.9", "10.1.2.200", "192.0.2.1"];
        Assert.Equal(["1", "2", "3", "99"], addresses.Select(address => result["first-" + address]));
        Assert.Equal(["7", "2", "2", "99"], addresses.Select(address => result["second-" + address]));
        Assert.Equal(("True", "False"), (result["removed"], result["removed-again"]));
        Assert.Equal((3, "route 10.0.0.0/33: Invalid argument"), (result.ExitCode, result["error"]));
    }

    [Theory]
    [InlineData("1")]
    [InlineData("2")]
    public void Ipv6_routes_are_found_as_a_look_at_every_route_finds_them(string seed)
    {
        HostResult result = HostProcess.Run("fib6", seed, "25");
        Assert.Equal((0, "none"), (result.ExitCode, result["difference"]));
        Assert.True(long.Parse(result["lookups"], CultureInfo.InvariantCulture) > 5000, result["lookups"]);
        Assert.True(long.Parse(result["matched"], CultureInfo.InvariantCulture) > 2500, result["matched"]);
    }

    [Fact]
    public void Ipv6_routes_out_of_range_are_named_and_leave_nothing_behind()
    {
        HostResult result = HostProcess.Run("fib6-refused");
        Assert.Equal("FIB routes6: route 2001:db8::/129 to 1: out of range", result["length"]);
        Assert.Equal("FIB routes6: route 2001:db8::/-1 to 1: out of range", result["negative"]);
        Assert.Equal("FIB routes6: route 2001:db8::/32 to 2147483648: out of range", result["hop"]);
        Assert.Equal("7", result["empty"]);
        Assert.Equal((3, "17"), (result.ExitCode, result["errno"]));
        Assert.StartsWith("FIB routes6: ", result["error"], StringComparison.Ordinal);
        Assert.Contains("File exists", result["error"], StringComparison.Ordinal);
    }
}
