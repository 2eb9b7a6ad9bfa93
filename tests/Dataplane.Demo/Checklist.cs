using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Dataplane.Lab;

namespace Dataplane.Demo;

/// <summary>What the demonstration tries, in order, with any router between the hosts.</summary>
internal sealed class Checklist(Lab.Lab lab)
{
    private const string FarUrl = $"http://{LabAddresses.Far}/";
    private const long DownloadBytes = 100_000_000;
    private const int IperfSeconds = 3;

    private static readonly string s_publishedUrl =
        string.Create(CultureInfo.InvariantCulture, $"http://{LabAddresses.RouterWan}:{LabAddresses.PublishedPort}/");

    private readonly List<Check> _checks = [];

    public IReadOnlyList<Check> Checks => _checks;

    /// <summary>Starts the servers that the checks talk to.</summary>
    public void Serve()
    {
        WebServer.Start(lab, lab.Topology.Internet, LabAddresses.Far);
        WebServer.Start(lab, lab.Topology.Server, LabAddresses.Server);
        lab.Serve(
            lab.Topology.Internet,
            server => server.Log.Contains("Server listening", StringComparison.Ordinal),
            "iperf3", "-s", "--forceflush", "-B", LabAddresses.Far);
    }

    public void Ping()
    {
        PingResult ping = Traffic.Ping(lab.Topology.Client, LabAddresses.Far, 5);
        Add("client pings the internet", "5 replies, ttl 63", $"{ping.Replies} replies, ttl {ping.Ttl}");
    }

    public void TraceRoute(bool icmp)
    {
        string hops = string.Join(" → ", Traffic.TraceRoute(lab.Topology.Client, LabAddresses.Far, icmp));
        Add($"traceroute ({(icmp ? "ICMP" : "UDP")})", $"{LabAddresses.RouterLan} → {LabAddresses.Far}", hops);
    }

    public void Download()
    {
        Transfer transfer = Traffic.Download(lab, lab.Topology.Client, FarUrl, DownloadBytes);
        AddTransfer("curl, 100 MB through SNAT", transfer);
    }

    public void SourceTranslation() =>
        Add("the internet sees the client as", LabAddresses.RouterWan, Traffic.AddressSeenBy(lab.Topology.Client, FarUrl));

    public void Published()
    {
        Transfer transfer = Traffic.Download(lab, lab.Topology.Internet, s_publishedUrl, DownloadBytes / 10);
        AddTransfer("curl from outside, 10 MB through DNAT", transfer);
        Add("the inside server sees", LabAddresses.Gateway, Traffic.AddressSeenBy(lab.Topology.Internet, s_publishedUrl));
    }

    public void Iperf(bool reverse)
    {
        (double rate, CommandResult _) = Traffic.Iperf(lab.Topology.Client, LabAddresses.Far, IperfSeconds, reverse);
        string seen = string.Create(CultureInfo.InvariantCulture, $"{rate:F0} Mbit/s");
        _checks.Add(new Check($"iperf3, {(reverse ? "download" : "upload")}", "> 0 Mbit/s", seen, rate > 0));
    }

    /// <summary>Looks at the connection table while transfers run in both kinds of translation.</summary>
    /// <returns>The rows, for people.</returns>
    public IReadOnlyList<ConnectionRow> ConnectionTable(DataplaneRouter router)
    {
        lab.Web.Make("slow.bin", DownloadBytes / 2);
        string[] slowly = ["--silent", "--limit-rate", "2M", "--output", "/dev/null"];
        using BackgroundProcess outwards = lab.Topology.Client.Start("curl", [.. slowly, FarUrl + "slow.bin"]);
        using BackgroundProcess inwards = lab.Topology.Internet.Start("curl", [.. slowly, s_publishedUrl + "slow.bin"]);
        System.Threading.Thread.Sleep(700);
        IReadOnlyList<ConnectionRow> rows = router.Connections();
        bool source = rows.Any(row => row.Original is { Source: LabAddresses.Client, DestinationPort: LabAddresses.WebPort }
            && row.Reply.Destination == LabAddresses.RouterWan);
        bool destination = rows.Any(row => row.Original.DestinationPort == LabAddresses.PublishedPort
            && row.Reply is { Source: LabAddresses.Server, SourcePort: LabAddresses.WebPort });
        string seen = $"{(source ? "SNAT" : "no SNAT")} and {(destination ? "DNAT" : "no DNAT")}";
        Add("both are in the connection table", "SNAT and DNAT", seen);
        return rows;
    }

    public void Balance(DataplaneRouter router)
    {
        PacketBalance packets = router.Balance();
        string seen = string.Create(CultureInfo.InvariantCulture, $"{packets.In} in, {packets.Out} out, {packets.Dropped} dropped");
        _checks.Add(new Check("every packet accounted for", "in = out", seen, packets.Holds && packets.In > 0));
    }

    public void CleanStop(DataplaneRouter router)
    {
        (int exitCode, TimeSpan elapsed) = router.Stop();
        string seen = string.Create(CultureInfo.InvariantCulture, $"exit code {exitCode} after {elapsed.TotalMilliseconds:F0} ms");
        _checks.Add(new Check("SIGTERM", "exit code 0 within 1 s", seen, exitCode == 0 && elapsed < TimeSpan.FromSeconds(1)));
    }

    private void Add(string name, string expected, string seen) => _checks.Add(new Check(name, expected, seen, expected == seen));

    private void AddTransfer(string name, Transfer transfer)
    {
        string seen = transfer.Intact ? "equal" : transfer.Command.Succeeded ? "different" : transfer.Command.Error.Trim();
        string rate = transfer.Intact
            ? string.Create(CultureInfo.InvariantCulture, $", {transfer.MegabitsPerSecond:F0} Mbit/s")
            : string.Empty;
        _checks.Add(new Check(name, "equal checksums", seen + rate, transfer.Intact));
    }
}
