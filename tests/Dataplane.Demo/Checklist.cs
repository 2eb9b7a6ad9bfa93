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
    private const string Far6Url = $"http://[{LabAddresses.Far6}]/";
    private const long DownloadBytes = 100_000_000;
    private const int LargePingBytes = 5000; // four fragments on links of 1500 bytes
    private const int Resets = 1000;
    private const string Established = "ESTABLISHED";
    private const int IperfSeconds = 3;

    private static readonly string s_publishedUrl =
        string.Create(CultureInfo.InvariantCulture, $"http://{LabAddresses.RouterWan}:{LabAddresses.PublishedPort}/");

    private readonly List<Check> _checks = [];

    public IReadOnlyList<Check> Checks => _checks;

    /// <summary>Gives the hosts their IPv6 addresses and starts the servers that the checks talk to.</summary>
    public void Serve()
    {
        lab.Topology.EnableIpv6();
        WebServer.Start(lab, lab.Topology.Internet, LabAddresses.Far6);
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

    public void Ping6()
    {
        PingResult ping = Traffic.Ping(lab.Topology.Client, LabAddresses.Far6, 5);
        Add("client pings the internet, IPv6", "5 replies, ttl 63", $"{ping.Replies} replies, ttl {ping.Ttl}");
        PingResult large = Traffic.Ping(lab.Topology.Client, LabAddresses.Far6, 3, LargePingBytes);
        Add("ping in fragments, IPv6, 5000 bytes", "3 replies", $"{large.Replies} replies");
        PingResult inwards = Traffic.Ping(lab.Topology.Internet, LabAddresses.Client6, 1);
        Add("the internet pings the client, IPv6", "0 replies", $"{inwards.Replies} replies");
    }

    public void TraceRoute(bool icmp)
    {
        string hops = string.Join(" → ", Traffic.TraceRoute(lab.Topology.Client, LabAddresses.Far, icmp));
        Add($"traceroute ({(icmp ? "ICMP" : "UDP")})", $"{LabAddresses.RouterLan} → {LabAddresses.Far}", hops);
    }

    public void TraceRoute6()
    {
        string hops = string.Join(" → ", Traffic.TraceRoute(lab.Topology.Client, LabAddresses.Far6, icmp: false));
        Add("traceroute, IPv6", $"{LabAddresses.RouterLan6} → {LabAddresses.Far6}", hops);
    }

    public void Download()
    {
        Transfer transfer = Traffic.Download(lab, lab.Topology.Client, FarUrl, DownloadBytes);
        AddTransfer("curl, 100 MB through SNAT", transfer);
    }

    public void Download6()
    {
        AddTransfer("curl, 20 MB over IPv6", Traffic.Download(lab, lab.Topology.Client, Far6Url, DownloadBytes / 5));
        Add("over IPv6 the internet sees the client as", LabAddresses.Client6, Traffic.AddressSeenBy(lab.Topology.Client, Far6Url));
    }

    /// <summary>Somebody outside forges resets into an upload: with numbers inside the window, but not the exact one.</summary>
    public void ForgedResets()
    {
        ResetAttack attack = ResetForger.Attack(lab, FarUrl, DownloadBytes / 5, ResetPlacement.Inside, Resets);
        string upload = attack.Upload.Intact ? "upload intact" : "upload broken";
        string seen = string.Create(CultureInfo.InvariantCulture, $"{upload}, {attack.Challenges} challenges");
        bool holds = attack.Upload.Intact && attack.Sent == Resets && attack.Challenges > 0;
        string name = string.Create(CultureInfo.InvariantCulture, $"{Resets} forged resets in an upload's window");
        _checks.Add(new Check(name, "upload intact, > 0 challenges", seen, holds));
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

    /// <summary>Looks at the connection table while transfers run: translated both ways, and over IPv6.</summary>
    /// <returns>The rows, for people; those of the transfers first.</returns>
    public IReadOnlyList<ConnectionRow> ConnectionTable(DataplaneRouter router)
    {
        lab.Web.Make("slow.bin", DownloadBytes / 2);
        string[] slowly = ["--silent", "--limit-rate", "2M", "--output", "/dev/null"];
        using BackgroundProcess outwards = lab.Topology.Client.Start("curl", [.. slowly, FarUrl + "slow.bin"]);
        using BackgroundProcess outwards6 = lab.Topology.Client.Start("curl", [.. slowly, Far6Url + "slow.bin"]);
        using BackgroundProcess inwards = lab.Topology.Internet.Start("curl", [.. slowly, s_publishedUrl + "slow.bin"]);
        System.Threading.Thread.Sleep(700);
        IReadOnlyList<ConnectionRow> rows = router.Connections();
        bool source = rows.Any(row => row.Original is { Source: LabAddresses.Client, DestinationPort: LabAddresses.WebPort }
            && row.Reply.Destination == LabAddresses.RouterWan);
        bool destination = rows.Any(row => row.Original.DestinationPort == LabAddresses.PublishedPort
            && row.Reply is { Source: LabAddresses.Server, SourcePort: LabAddresses.WebPort });
        bool ipv6 = rows.Any(row => row is { Protocol: "tcp", State: Established }
            && row.Original is { Source: LabAddresses.Client6, DestinationPort: LabAddresses.WebPort });
        string seen = $"{(source ? "SNAT" : "no SNAT")}, {(destination ? "DNAT" : "no DNAT")}, {(ipv6 ? "IPv6" : "no IPv6")}";
        Add("all are in the connection table", "SNAT, DNAT, IPv6", seen);
        return [.. rows.OrderByDescending(row => row.State == Established)];
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
