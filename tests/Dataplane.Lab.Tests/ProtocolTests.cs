using System.Linq;
using Xunit;

namespace Dataplane.Lab.Tests;

/// <summary>Protocols that few programs speak, between the sockets of real kernels.</summary>
public sealed class ProtocolTests : LabTest
{
    private const int Questions = 5;

    [Theory]
    [InlineData("gre")]
    [InlineData("esp")]
    public void A_tunnels_packets_pass_source_translation_and_their_answers_come_back(string protocol) =>
        InLab(new LabOptions(), lab =>
        {
            AssertAnswered(lab, protocol, LabAddresses.Far, seenAs: LabAddresses.RouterWan);
            ConnectionRow connection = Assert.Single(lab.Dataplane.Connections());
            Assert.Equal((LabAddresses.Client, LabAddresses.RouterWan), (connection.Original.Source, connection.Reply.Destination));
            int key = protocol == "gre" ? Messages.GreKey : 0;
            Assert.Equal((key, key), (connection.Original.SourcePort, connection.Original.DestinationPort));
        });

    [Theory]
    [InlineData("gre")]
    [InlineData("esp")]
    public void A_tunnels_packets_pass_over_ipv6_as_they_are(string protocol) => InLab(new LabOptions(), lab =>
    {
        lab.Topology.EnableIpv6();
        AssertAnswered(lab, protocol, LabAddresses.Far6, seenAs: LabAddresses.Client6);
    });

    [Theory]
    [InlineData("gre")]
    [InlineData("esp")]
    public void A_tunnel_that_nobody_inside_opened_does_not_come_in(string protocol) => InLab(new LabOptions(), lab =>
    {
        lab.Topology.EnableIpv6();
        Messages.Serve(lab, lab.Topology.Client, protocol, LabAddresses.Client6);
        MessageExchange exchange = Messages.Ask(lab.Topology.Internet, protocol, LabAddresses.Client6, 2);
        Assert.True(exchange.Command.Succeeded, exchange.Command.ToString());
        Assert.Empty(exchange.SeenAs);
        Assert.True(lab.Dataplane.Drops().Single(row => row.Reason == "filter_dropped").Packets >= 2);
    });

    [UdpLiteFact]
    public void Udp_lite_passes_source_translation_with_a_partial_checksum() => InLab(new LabOptions(), lab =>
    {
        AssertAnswered(lab, "udplite", LabAddresses.Far, seenAs: LabAddresses.RouterWan);
        ConnectionRow connection = Assert.Single(lab.Dataplane.Connections());
        Assert.Equal(("udplite", Messages.Port), (connection.Protocol, connection.Original.DestinationPort));
    });

    [UdpLiteFact]
    public void Udp_lite_passes_over_ipv6_as_it_is() => InLab(new LabOptions(), lab =>
    {
        lab.Topology.EnableIpv6();
        AssertAnswered(lab, "udplite", LabAddresses.Far6, seenAs: LabAddresses.Client6);
        ConnectionRow connection = Assert.Single(lab.Dataplane.Connections(), row => row.Protocol == "udplite");
        Assert.Equal((LabAddresses.Client6, LabAddresses.Far6), (connection.Original.Source, connection.Original.Destination));
    });

    private static void AssertAnswered(Lab lab, string protocol, string address, string seenAs)
    {
        Messages.Serve(lab, lab.Topology.Internet, protocol, address);
        MessageExchange exchange = Messages.Ask(lab.Topology.Client, protocol, address, Questions);
        Assert.True(exchange.Command.Succeeded, exchange.Command.ToString());
        Assert.Equal(Enumerable.Repeat(seenAs, Questions), exchange.SeenAs);
    }
}
