using System.Collections.Generic;
using System.Linq;
using Xunit;

namespace Dataplane.Lab.Tests;

/// <summary>What hosts on both sides must see of any router that does this lab's translation.</summary>
internal static class TrafficAssertions
{
    private const int SentTtl = 64;

    public static void PingPassesWithOneHopLess(Lab lab)
    {
        PingResult ping = Traffic.Ping(lab.Topology.Client, LabAddresses.Far, 5);
        Assert.True(ping.Replies == 5, ping.Command.ToString());
        Assert.Equal(SentTtl - 1, ping.Ttl);
    }

    public static void RouterAnswersPing(Lab lab)
    {
        PingResult ping = Traffic.Ping(lab.Topology.Client, LabAddresses.RouterLan, 3);
        Assert.True(ping.Replies == 3, ping.Command.ToString());
        Assert.Equal(SentTtl, ping.Ttl);
    }

    public static void TraceRouteShowsTheRouter(Lab lab, bool icmp)
    {
        IReadOnlyList<string> hops = Traffic.TraceRoute(lab.Topology.Client, LabAddresses.Far, icmp);
        Assert.Equal([LabAddresses.RouterLan, LabAddresses.Far], hops);
    }

    public static void DnsResolves(Lab lab)
    {
        const string Name = "www.example.net";
        const string Answer = "203.0.113.80";
        Traffic.ServeDns(lab, lab.Topology.Internet, LabAddresses.Far, Name, Answer);
        for (int query = 0; query < 5; query++)
        {
            Assert.Equal(Answer, Traffic.Resolve(lab.Topology.Client, LabAddresses.Far, Name));
        }
    }

    public static void SourceIsTranslated(Lab lab, string url) =>
        Assert.Equal(LabAddresses.RouterWan, Traffic.AddressSeenBy(lab.Topology.Client, url));

    public static void DestinationIsTranslatedAndSourceKept(Lab lab, string url) =>
        Assert.Equal(LabAddresses.Gateway, Traffic.AddressSeenBy(lab.Topology.Internet, url));

    public static void ManyConnectionsPass(Lab lab, WebServer server, string url, int connections)
    {
        (int intact, CommandResult curl) = Traffic.DownloadInParallel(lab, lab.Topology.Client, url, connections, lengthBytes: 300_000);
        Assert.True(curl.Succeeded, curl.ToString());
        Assert.Equal(connections, intact);
        IReadOnlyList<string> clients = server.ClientsOf("/parallel.bin");
        Assert.Equal(connections, clients.Distinct().Count());
        Assert.All(clients, client => Assert.StartsWith(LabAddresses.RouterWan + " ", client, System.StringComparison.Ordinal));
    }

    public static void OutsideCannotReachWhatIsNotPublished(Lab lab)
    {
        CommandResult curl = lab.Topology.Internet.Run(
            System.TimeSpan.FromSeconds(5), "curl", "--silent", "--max-time", "2", $"http://{LabAddresses.RouterWan}:8081/");
        Assert.False(curl.Succeeded, "port 8081 answered");
    }
}
