using System.Linq;
using Xunit;

namespace Dataplane.Lab.Tests;

/// <summary>Real IPv6 hosts, which find the router by neighbour discovery.</summary>
public sealed class Ipv6TrafficTests : LabTest
{
    private const string Far6Url = $"http://[{LabAddresses.Far6}]/";

    [Theory]
    [InlineData(DeviceKind.AfXdp)]
    [InlineData(DeviceKind.AfPacket)]
    public void A_client_pings_and_downloads_over_ipv6(DeviceKind device) => InLab(new LabOptions { Device = device }, lab =>
    {
        lab.Topology.EnableIpv6();
        WebServer server = WebServer.Start(lab, lab.Topology.Internet, LabAddresses.Far6);
        Assert.Equal(5, Traffic.Ping(lab.Topology.Client, LabAddresses.Far6, 5).Replies);
        Assert.Equal(5, Traffic.Ping(lab.Topology.Client, LabAddresses.RouterLan6, 5).Replies);
        AssertIntact(Traffic.Download(lab, lab.Topology.Client, Far6Url, 20_000_000));

        // Routed, not translated: the server sees the client itself.
        Assert.StartsWith(LabAddresses.Client6, Assert.Single(server.ClientsOf("/download.bin")), System.StringComparison.Ordinal);
        ConnectionRow connection = lab.Dataplane.Connections().First(row => row.Protocol == "tcp" && row.Original.DestinationPort == LabAddresses.WebPort);
        Assert.Equal(LabAddresses.Client6, connection.Original.Source);
        Assert.Equal(LabAddresses.Far6, connection.Reply.Source);
    });

    [Fact]
    public void The_outside_reaches_nobody_inside_over_ipv6() => InLab(new LabOptions(), lab =>
    {
        lab.Topology.EnableIpv6();
        Assert.Equal(5, Traffic.Ping(lab.Topology.Client, LabAddresses.Far6, 5).Replies);
        Assert.Equal(0, Traffic.Ping(lab.Topology.Internet, LabAddresses.Client6, 2).Replies);
        Assert.True(lab.Dataplane.Drops().Single(row => row.Reason == "filter_dropped").Packets >= 2);
    });

    [Fact]
    public void A_hop_limit_that_ends_at_the_router_is_reported() => InLab(new LabOptions(), lab =>
    {
        lab.Topology.EnableIpv6();
        string output = lab.Topology.Client.Run(
            System.TimeSpan.FromSeconds(10), "ping", "-6", "-n", "-c", "1", "-t", "1", "-W", "2", LabAddresses.Far6).Output;
        Assert.Contains(LabAddresses.RouterLan6, output, System.StringComparison.Ordinal);
        Assert.Contains("Hop limit", output, System.StringComparison.OrdinalIgnoreCase);
    });

    [Theory]
    [InlineData("-4", LabAddresses.Far)]
    [InlineData("-6", LabAddresses.Far6)]
    public void A_ping_in_fragments_is_answered(string family, string address) => InLab(new LabOptions(), lab =>
    {
        lab.Topology.EnableIpv6();
        string output = lab.Topology.Client.Run(
            System.TimeSpan.FromSeconds(15), "ping", family, "-n", "-c", "3", "-i", "0.2", "-s", "5000", "-W", "2", address).Output;
        Assert.Contains("3 received", output, System.StringComparison.Ordinal);
    });
}
