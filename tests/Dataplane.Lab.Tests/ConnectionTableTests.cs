using System.Collections.Generic;
using Xunit;

namespace Dataplane.Lab.Tests;

public sealed class ConnectionTableTests : LabTest
{
    [Fact]
    public void A_running_download_is_shown_with_both_tuples() => InLab(new LabOptions(), lab =>
    {
        ServeInternet(lab);
        lab.Web.Make("slow.bin", 50_000_000);
        using BackgroundProcess curl = lab.Topology.Client.Start(
            "curl", "--silent", "--limit-rate", "1M", "--output", "/dev/null", FarUrl + "slow.bin");
        ConnectionRow connection = WaitForConnection(lab, "tcp", LabAddresses.WebPort);
        Assert.Equal(LabAddresses.Client, connection.Original.Source);
        Assert.Equal(LabAddresses.Far, connection.Original.Destination);
        Assert.Equal(LabAddresses.Far, connection.Reply.Source);
        Assert.Equal(LabAddresses.RouterWan, connection.Reply.Destination);
        Assert.Equal(LabAddresses.WebPort, connection.Reply.SourcePort);
    });

    [Fact]
    public void A_published_download_is_shown_with_both_tuples() => InLab(new LabOptions(), lab =>
    {
        ServeInside(lab);
        lab.Web.Make("slow.bin", 50_000_000);
        using BackgroundProcess curl = lab.Topology.Internet.Start(
            "curl", "--silent", "--limit-rate", "1M", "--output", "/dev/null", PublishedUrl + "slow.bin");
        ConnectionRow connection = WaitForConnection(lab, "tcp", LabAddresses.PublishedPort);
        Assert.Equal(LabAddresses.Gateway, connection.Original.Source);
        Assert.Equal(LabAddresses.RouterWan, connection.Original.Destination);
        Assert.Equal(LabAddresses.Server, connection.Reply.Source);
        Assert.Equal(LabAddresses.WebPort, connection.Reply.SourcePort);
        Assert.Equal(LabAddresses.Gateway, connection.Reply.Destination);
        Assert.Equal(connection.Original.SourcePort, connection.Reply.DestinationPort);
    });

    private static ConnectionRow WaitForConnection(Lab lab, string protocol, int destinationPort)
    {
        IReadOnlyList<ConnectionRow> rows = [];
        for (int attempt = 0; attempt < 10; attempt++)
        {
            rows = lab.Dataplane.Connections();
            foreach (ConnectionRow row in rows)
            {
                if (row.Protocol == protocol && row.Original.DestinationPort == destinationPort)
                {
                    return row;
                }
            }

            System.Threading.Thread.Sleep(100);
        }

        string missing = $"{protocol} to port {destinationPort} is not among {rows.Count} rows";
        Assert.Fail(missing);
        return null!;
    }
}
