using System;
using System.Linq;
using Dataplane.Bench.Compare;
using Xunit;

namespace Dataplane.Bench.Tests;

/// <summary>The list of traffic and what a generator is told of it.</summary>
public sealed class TrafficTests
{
    private static readonly Peer s_own = Peer.Find(Peer.Own)!;

    [Fact]
    public void Names_are_unique_and_find_their_traffic()
    {
        Assert.Equal(Traffic.All.Count, Traffic.All.Select(traffic => traffic.Name).Distinct().Count());
        Assert.All(Traffic.All, traffic => Assert.Equal(traffic, Traffic.Find(traffic.Name)));
        Assert.Null(Traffic.Find("udp-2"));
    }

    [Fact]
    public void Traffic_for_two_workers_is_that_of_one_but_for_them() =>
        Assert.All(Traffic.All.Where(traffic => traffic.Workers == 2), traffic =>
        {
            Traffic one = Traffic.Find(traffic.OneWorker)!;
            Assert.Equal(1, one.Workers);
            Assert.Equal(one, traffic with { Name = one.Name, Workers = 1, IsSameWorker = false });
            Assert.Equal(one.InsideArguments(s_own, verify: false), traffic.InsideArguments(s_own, verify: false));
        });

    [Fact]
    public void Directions_cross_where_workers_share_connections()
    {
        Assert.Equal("cross=1", Traffic.Find("tcp-1m-2w")!.OutsideArguments);
        Assert.Equal(string.Empty, Traffic.Find("tcp-1m-2w-same")!.OutsideArguments);
        Assert.Equal(string.Empty, Traffic.Find("tcp-1m")!.OutsideArguments);
        Assert.Equal(string.Empty, Traffic.Find("new-udp-2w")!.OutsideArguments);
        Assert.Equal(string.Empty, Traffic.Find("synflood-2w")!.OutsideArguments);
    }

    [Fact]
    public void A_flood_beside_other_traffic_waits_to_be_told_and_has_addresses_of_its_own()
    {
        Traffic flooded = Traffic.Find("tcp-64k-flooded")!;
        Assert.Contains("rate=paused", flooded.FloodArguments, StringComparison.Ordinal);
        Assert.Contains("src=10.1.0.0/16", flooded.FloodArguments, StringComparison.Ordinal);
        Assert.Contains("src=10.0.0.0/16", flooded.InsideArguments(s_own, verify: false), StringComparison.Ordinal);
        Assert.True(flooded.Entries > flooded.Flows);
        Assert.All(Traffic.All.Where(traffic => traffic.Kind != TrafficKind.BesideFlood), traffic => Assert.Empty(traffic.FloodArguments));
    }

    [Theory]
    [InlineData("udp-1m", "src=10.0.0.0/16,dst=198.18.0.0/16,mode=udp,flows=1000000")]
    [InlineData("udp-1m-zipf", "src=10.0.0.0/16,dst=198.18.0.0/16,mode=udp,flows=1000000,zipf=1.1")]
    [InlineData("udp-64k-512", "src=10.0.0.0/16,dst=198.18.0.0/16,mode=udp,flows=65536,size=512")]
    [InlineData("new-tcp", "src=10.0.0.0/16,dst=198.18.0.0/16,mode=new,protocol=tcp,flows=1000000000")]
    [InlineData("synflood", "src=10.0.0.0/16,dst=198.18.0.0/16,mode=synflood")]
    public void The_generator_is_told_what_the_name_says(string name, string arguments) =>
        Assert.Equal(arguments, Traffic.Find(name)!.InsideArguments(s_own, verify: false));

    [Fact]
    public void A_check_knows_whether_the_peer_routes()
    {
        Assert.EndsWith(
            "verify=1,nat=203.0.113.1-203.0.113.254,routed=1", Traffic.Checked("tcp").InsideArguments(s_own, verify: true), StringComparison.Ordinal);
        Assert.EndsWith(
            "routed=0", Traffic.Checked("tcp").InsideArguments(Peer.Find(Peer.Reference)!, verify: true), StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_peer_cannot_be_set_up_for_is_refused_with_a_reason()
    {
        Traffic flooded = Traffic.Find("udp-64k-flooded")!;
        Assert.Null(s_own.Refusal(flooded));
        Assert.NotNull(Peer.Find("testpmd")!.Refusal(flooded));
        Peer kernel = Peer.Find(Peer.Kernel)!;
        Assert.All(
            ((string[])["udp-64k-flooded", "udp-1m-2w", "udp-1m-zipf"]).Select(name => Traffic.Find(name)!),
            traffic => Assert.NotNull(kernel.Refusal(traffic)));
        Assert.Null(kernel.Refusal(Traffic.Find("udp-1m")!));
    }

    [Fact]
    public void The_kernel_without_tracking_gets_open_connections_only()
    {
        Peer forward = Peer.Find(Peer.KernelPorts)!, kernel = Peer.Find(Peer.Kernel)!;
        Assert.Equal(
            ["udp-1k", "udp-64k", "udp-1m", "udp-10m", "tcp-1k", "tcp-64k", "tcp-1m", "tcp-10m", "udp-64k-512", "udp-64k-1500"],
            Traffic.All.Where(traffic => forward.Refusal(traffic) is null).Select(traffic => traffic.Name));
        Assert.All(
            ((string[])["new-udp", "synflood", "udp-64k-flooded"]).Select(name => Traffic.Find(name)!),
            traffic => Assert.Equal("it keeps no connections", forward.Refusal(traffic)));
        Assert.Equal(("netfilter.sh", "forward", true), (forward.Script, forward.Variant, forward.IsKernel));
        Assert.Equal((false, false), (forward.IsChecked, forward.IsQuick));
        Assert.All(Traffic.All, traffic => Assert.Equal(
            traffic.InsideArguments(kernel, verify: false), traffic.InsideArguments(forward, verify: false)));
    }

    [Fact]
    public void Each_program_has_the_floor_of_its_ports() => Assert.Equal(
        ["testpmd", "testpmd", "testpmd", "linux-forward", null, null], Peer.All.Select(peer => peer.Floor));

    [Theory]
    [InlineData("udp-1k", 1, 166)] // 20 s and as many connections as fifty thousand a second; a table of at least 64 k
    [InlineData("udp-10m", 1, 863)]
    [InlineData("udp-64k-flooded", 2.5, 209)]
    public void A_script_lasts_longer_than_its_phases_are_waited_for(string name, double seconds, int atLeast)
    {
        Traffic traffic = Traffic.Find(name)!;
        int limit = PeerRun.LimitSeconds(traffic, seconds);
        Assert.Equal(atLeast, limit);
        Assert.True(limit > PeerRun.OpeningPatience(traffic.Flows) + PeerRun.OpeningPatience(2L * traffic.Entries) + 3 * seconds);
    }
}
