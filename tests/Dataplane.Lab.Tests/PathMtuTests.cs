using System;
using System.Linq;
using Xunit;

namespace Dataplane.Lab.Tests;

/// <summary>A narrower link behind the router: senders learn of it from the router (RFC 1191, RFC 8201).</summary>
public sealed class PathMtuTests : LabTest
{
    private const int WanMtu = 1400;

    [Theory]
    [InlineData(LabAddresses.Far, "mtu = 1400")]
    [InlineData(LabAddresses.Far6, "mtu=1400")]
    public void A_ping_that_does_not_fit_is_told_the_mtu(string address, string answer) => InLab(Narrow(), lab =>
    {
        lab.Topology.EnableIpv6();
        string output = lab.Topology.Client.Run(
            TimeSpan.FromSeconds(10), "ping", "-n", "-M", "do", "-c", "1", "-s", "1420", "-W", "2", address).Output;
        Assert.Contains(answer, output.ToLowerInvariant(), StringComparison.Ordinal);
    });

    [Theory]
    [InlineData(LabAddresses.Far, $"http://{LabAddresses.Far}/")]
    [InlineData(LabAddresses.Far6, $"http://[{LabAddresses.Far6}]/")]
    public void An_upload_whose_segments_do_not_fit_adapts(string server, string url) => InLab(Narrow(), lab =>
    {
        lab.Topology.EnableIpv6();
        WebServer.Start(lab, lab.Topology.Internet, server);
        AssertIntact(Traffic.Upload(lab, lab.Topology.Client, url, 20_000_000));
        Assert.True(lab.Dataplane.Drops().Single(row => row.Reason == "mtu_exceeded").Packets > 0);
    });

    private static LabOptions Narrow() => new() { Configure = root => root["Ports"]!["wan"]!["Mtu"] = WanMtu };
}
