using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;

namespace Dataplane.Lab;

/// <summary>A transfer through the router, compared byte for byte by its checksum.</summary>
/// <param name="Expected">SHA-256 of what was sent.</param>
/// <param name="Seen">SHA-256 of what arrived; empty when nothing did.</param>
/// <param name="LengthBytes">Length of the file.</param>
/// <param name="Command">The client's run.</param>
public sealed record Transfer(string Expected, string Seen, long LengthBytes, CommandResult Command)
{
    /// <summary>Arrived whole and unchanged.</summary>
    public bool Intact => Command.Succeeded && Expected == Seen;

    /// <summary>Payload rate in Mbit/s.</summary>
    public double MegabitsPerSecond => LengthBytes * 8 / Command.Elapsed.TotalSeconds / 1e6;
}

/// <summary>What ping reported.</summary>
/// <param name="Replies">Echo replies received.</param>
/// <param name="Ttl">Time to live of the first reply; 0 without one.</param>
/// <param name="Command">The run of ping.</param>
public sealed record PingResult(int Replies, int Ttl, CommandResult Command);

/// <summary>What real clients do through the router. The tests and the demonstration ask the same questions here.</summary>
public static partial class Traffic
{
    /// <summary>Downloads a new random file from <paramref name="url"/>, a folder that <see cref="WebServer"/> serves.</summary>
    public static Transfer Download(Lab lab, NetworkNamespace from, string url, long lengthBytes)
    {
        ArgumentNullException.ThrowIfNull(lab);
        ArgumentNullException.ThrowIfNull(from);
        string expected = lab.Web.Make("download.bin", lengthBytes);
        string target = Path.Combine(lab.Folder, "downloaded.bin");
        File.Delete(target);
        CommandResult curl = Curl(from, "-o", target, url + "download.bin");
        return new Transfer(expected, WebFiles.Checksum(target), lengthBytes, curl);
    }

    /// <summary>Uploads a new random file to <paramref name="url"/>.</summary>
    /// <param name="lab">The lab.</param>
    /// <param name="from">The client's host.</param>
    /// <param name="url">A folder that <see cref="WebServer"/> serves.</param>
    /// <param name="lengthBytes">Length of the file.</param>
    /// <param name="bytesPerSecond">A limit in curl's notation ("10M"); null for none.</param>
    public static Transfer Upload(Lab lab, NetworkNamespace from, string url, long lengthBytes, string? bytesPerSecond = null)
    {
        ArgumentNullException.ThrowIfNull(lab);
        ArgumentNullException.ThrowIfNull(from);
        string expected = lab.Web.Make("upload.bin", lengthBytes);
        string target = Path.Combine(lab.Web.Folder, "uploaded.bin");
        File.Delete(target);
        string[] limit = bytesPerSecond is null ? [] : ["--limit-rate", bytesPerSecond];
        CommandResult curl = Curl(from, [.. limit, "-T", Path.Combine(lab.Web.Folder, "upload.bin"), url + "uploaded.bin"]);
        return new Transfer(expected, WebFiles.Checksum(target), lengthBytes, curl);
    }

    /// <summary>Fetches one file over <paramref name="connections"/> connections at the same time.</summary>
    /// <returns>How many copies arrived whole, and the client's run.</returns>
    public static (int Intact, CommandResult Command) DownloadInParallel(
        Lab lab, NetworkNamespace from, string url, int connections, long lengthBytes)
    {
        ArgumentNullException.ThrowIfNull(lab);
        ArgumentNullException.ThrowIfNull(from);
        string expected = lab.Web.Make("parallel.bin", lengthBytes);
        string folder = Directory.CreateDirectory(Path.Combine(lab.Folder, "parallel")).FullName;
        CommandResult curl = Curl(
            from,
            "--parallel", "--parallel-immediate", "--parallel-max", connections.ToString(CultureInfo.InvariantCulture),
            "-o", Path.Combine(folder, "#1"), $"{url}parallel.bin?[1-{connections}]");
        int intact = Directory.EnumerateFiles(folder).Count(copy => WebFiles.Checksum(copy) == expected);
        Directory.Delete(folder, recursive: true);
        return (intact, curl);
    }

    /// <summary>The address that a web server sees this host come from; empty when there is no answer.</summary>
    public static string AddressSeenBy(NetworkNamespace from, string url)
    {
        ArgumentNullException.ThrowIfNull(from);
        CommandResult curl = Curl(from, url + "peer");
        return curl.Succeeded ? curl.Output : string.Empty;
    }

    /// <summary>Sends <paramref name="count"/> echo requests.</summary>
    /// <param name="from">The host that asks.</param>
    /// <param name="address">The destination, of either family.</param>
    /// <param name="count">How many, ten a second.</param>
    /// <param name="payloadBytes">Behind the ICMP header; more than fits the link goes in fragments.</param>
    public static PingResult Ping(NetworkNamespace from, string address, int count, int payloadBytes = 56)
    {
        ArgumentNullException.ThrowIfNull(from);
        string number = count.ToString(CultureInfo.InvariantCulture);
        string bytes = payloadBytes.ToString(CultureInfo.InvariantCulture);
        CommandResult ping = from.Run(
            TimeSpan.FromSeconds(15), "ping", "-n", "-c", number, "-i", "0.1", "-W", "2", "-s", bytes, address);
        MatchCollection replies = EchoReply().Matches(ping.Output);
        int ttl = replies.Count == 0 ? 0 : int.Parse(replies[0].Groups[1].Value, CultureInfo.InvariantCulture);
        return new PingResult(replies.Count, ttl, ping);
    }

    /// <summary>The addresses on the way, hop by hop; "*" for a hop that did not answer.</summary>
    /// <param name="from">The host that asks.</param>
    /// <param name="address">The destination.</param>
    /// <param name="icmp">True probes with echo requests, false with UDP.</param>
    public static IReadOnlyList<string> TraceRoute(NetworkNamespace from, string address, bool icmp)
    {
        ArgumentNullException.ThrowIfNull(from);
        CommandResult trace = from.Run(
            TimeSpan.FromSeconds(20), "traceroute", icmp ? "-I" : "-U", "-n", "-q", "1", "-w", "2", "-m", "5", address);
        return [.. Hop().Matches(trace.Output).Select(match => match.Groups[1].Value)];
    }

    /// <summary>Asks <paramref name="server"/> for the address of <paramref name="name"/>; empty when there is no answer.</summary>
    public static string Resolve(NetworkNamespace from, string server, string name)
    {
        ArgumentNullException.ThrowIfNull(from);
        CommandResult dig = from.Run(TimeSpan.FromSeconds(10), "dig", "+short", "+tries=2", "+time=2", "@" + server, name);
        return dig.Succeeded ? dig.Output.Trim() : string.Empty;
    }

    /// <summary>Starts a DNS server that knows <paramref name="name"/>.</summary>
    public static void ServeDns(Lab lab, NetworkNamespace host, string address, string name, string answer)
    {
        ArgumentNullException.ThrowIfNull(lab);
        ArgumentNullException.ThrowIfNull(host);
        lab.Serve(
            host,
            _ => host.Run(Command.DefaultTimeout, "ss", "-Hlun", "sport", "=", ":53").Output.Length > 0,
            "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--pid-file", "--user=root",
            "--bind-interfaces", "--listen-address=" + address, $"--address=/{name}/{answer}");
    }

    /// <summary>Measures TCP with iperf3.</summary>
    /// <returns>Received Mbit/s; 0 when it failed.</returns>
    public static (double MegabitsPerSecond, CommandResult Command) Iperf(NetworkNamespace from, string address, int seconds, bool reverse)
    {
        ArgumentNullException.ThrowIfNull(from);
        List<string> arguments = ["-c", address, "-t", seconds.ToString(CultureInfo.InvariantCulture), "-J"];
        if (reverse)
        {
            arguments.Add("-R");
        }

        CommandResult iperf = from.Run(TimeSpan.FromSeconds(seconds + 10), "iperf3", arguments);
        return (iperf.Succeeded ? IperfReport.ReceivedBitsPerSecond(iperf.Output) / 1e6 : 0, iperf);
    }

    private static CommandResult Curl(NetworkNamespace from, params IEnumerable<string> arguments) =>
        from.Run(TimeSpan.FromSeconds(60), "curl", ["--silent", "--show-error", "--fail", "--connect-timeout", "5", .. arguments]);

    [GeneratedRegex(@"icmp_seq=\d+ ttl=(\d+)")]
    private static partial Regex EchoReply();

    [GeneratedRegex(@"^ *\d+ +([0-9a-f.:]+|\*)", RegexOptions.Multiline)]
    private static partial Regex Hop();
}
