using System;
using System.Globalization;
using System.Text.RegularExpressions;
using Xunit;

namespace Dataplane.Lab.Tests;

/// <summary>Real hosts through the router under test, on both kinds of device.</summary>
public sealed partial class RoutedTrafficTests : LabTest
{
    [Theory]
    [InlineData(DeviceKind.AfXdp)]
    [InlineData(DeviceKind.AfPacket)]
    public void A_hundred_megabytes_arrive_unchanged_in_both_directions(DeviceKind device) =>
        InLab(new LabOptions { Device = device }, lab =>
        {
            ServeInternet(lab);
            AssertIntact(Traffic.Download(lab, lab.Topology.Client, FarUrl, HundredMegabytes));
            AssertIntact(Traffic.Upload(lab, lab.Topology.Client, FarUrl, HundredMegabytes));
        });

    [Fact]
    public void A_hundred_parallel_connections_each_get_their_own_port() => InLab(new LabOptions(), lab =>
        TrafficAssertions.ManyConnectionsPass(lab, ServeInternet(lab), FarUrl, 100));

    [Fact]
    public void Dns_over_udp_resolves() => InLab(new LabOptions(), TrafficAssertions.DnsResolves);

    [Fact]
    public void Ping_passes_with_one_hop_less_and_the_router_answers_it_too() => InLab(new LabOptions(), lab =>
    {
        TrafficAssertions.PingPassesWithOneHopLess(lab);
        TrafficAssertions.RouterAnswersPing(lab);
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Traceroute_shows_the_router_as_first_hop(bool icmp) => InLab(new LabOptions(), lab =>
        TrafficAssertions.TraceRouteShowsTheRouter(lab, icmp));

    [Fact]
    public void The_internet_sees_the_routers_address() => InLab(new LabOptions(), lab =>
    {
        ServeInternet(lab);
        TrafficAssertions.SourceIsTranslated(lab, FarUrl);
    });

    [Theory]
    [InlineData(DeviceKind.AfXdp)]
    [InlineData(DeviceKind.AfPacket)]
    public void The_published_port_leads_to_the_inside_server(DeviceKind device) => InLab(new LabOptions { Device = device }, lab =>
    {
        ServeInside(lab);
        TrafficAssertions.DestinationIsTranslatedAndSourceKept(lab, PublishedUrl);
        AssertIntact(Traffic.Download(lab, lab.Topology.Internet, PublishedUrl, 10_000_000));
        AssertIntact(Traffic.Upload(lab, lab.Topology.Internet, PublishedUrl, 10_000_000));
    });

    [Fact]
    public void What_is_not_published_is_out_of_reach() => InLab(new LabOptions(), TrafficAssertions.OutsideCannotReachWhatIsNotPublished);

    [Fact]
    public void A_forwarded_syn_has_one_hop_less_and_right_checksums() => InLab(new LabOptions(), lab =>
    {
        ServeInside(lab);
        BackgroundProcess capture = lab.Serve(
            lab.Topology.Server,
            process => process.Log.Contains("listening on", StringComparison.Ordinal),
            "tcpdump", "-l", "-n", "-vv", "-c", "1", "-i", Topology.HostInterface, "tcp[tcpflags] & tcp-syn != 0 and dst port 80");
        TrafficAssertions.DestinationIsTranslatedAndSourceKept(lab, PublishedUrl);
        Assert.True(capture.WaitForExit(TimeSpan.FromSeconds(5)), capture.Log);
        Match packet = CapturedSyn().Match(capture.Log);
        Assert.True(packet.Success, capture.Log);
        Assert.Equal(63, int.Parse(packet.Groups["ttl"].Value, CultureInfo.InvariantCulture));
        Assert.Contains("(correct)", capture.Log, StringComparison.Ordinal);
        Assert.DoesNotContain("bad cksum", capture.Log, StringComparison.Ordinal);
    });

    [Fact]
    public void Everything_works_without_hugepages() => InLab(new LabOptions { Hugepages = false }, lab =>
    {
        ServeInternet(lab);
        TrafficAssertions.PingPassesWithOneHopLess(lab);
        AssertIntact(Traffic.Download(lab, lab.Topology.Client, FarUrl, 20_000_000));
    });

    [GeneratedRegex(@"ttl (?<ttl>\d+),")]
    private static partial Regex CapturedSyn();
}
