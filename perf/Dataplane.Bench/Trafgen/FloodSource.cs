using System;
using System.Globalization;
using System.IO;
using System.Text.RegularExpressions;
using Dataplane.Lab;

namespace Dataplane.Bench.Trafgen;

/// <summary>trafgen on the lab's dmz link.</summary>
/// <remarks>
/// trafgen's own <c>--rate</c> sends a second's packets at once and then rests, and its <c>--gap</c> sleeps at least fifty
/// microseconds each time. So a token bucket on the interface paces it, which delays trafgen by its socket's full buffer. That needs
/// the blocking way of sending, which a <c>--rate</c> beyond reach selects: with its ring trafgen would spin instead of sleeping, and
/// ends when the buffer is full. Numbers are drawn from one seed, so that every router gets the same segments.
/// </remarks>
internal sealed partial class FloodSource
{
    private const int FrameBytes = 54; // Ethernet, IPv4 and TCP headers, as perf/trafgen/*.cfg lay them out
    private const int BurstPackets = 500; // well below the 1,000 packets that the kernel queues for another processor

    /// <summary>Bytes that trafgen may have under way: some five thousand packets. A packet counts against its sender until the kernel's
    /// router takes it, even in another namespace; a small buffer would spare netfilter what it is too slow for.</summary>
    public const long SendBufferBytes = 4 << 20;
    private const string QueueBytes = "10mb";
    private const string RateBeyondReach = "100000000pps";
    private const string KillAfterSeconds = "2";
    private const string Seed = "1";

    private readonly NetworkNamespace _host;
    private readonly string[] _arguments;

    /// <summary>Prepares the interface.</summary>
    /// <exception cref="LabException">The kernel cannot pace.</exception>
    public FloodSource(Lab.Lab lab, FloodSettings settings, Flood flood)
    {
        _host = lab.Topology.Server;
        bool isPaced = settings.PacketsPerSecond > 0;
        if (isPaced)
        {
            long bits = (long)settings.PacketsPerSecond * FrameBytes * 8;
            _host.Run(
                Command.DefaultTimeout, "tc", "qdisc", "replace", "dev", Topology.HostInterface, "root", "tbf",
                "rate", $"{bits}bit", "burst", Text(BurstPackets * FrameBytes), "limit", QueueBytes).OrThrow();
        }

        _arguments =
        [
            "--kill-after", KillAfterSeconds, Text(settings.Seconds + (isPaced ? 1 : 0)), "trafgen", "--cpp",
            "--define", "ROUTER_MAC=" + Octets(lab.Topology.Router, Topology.DmzInterface),
            "--define", "SENDER_MAC=" + Octets(_host, Topology.HostInterface),
            "--dev", Topology.HostInterface, "--conf", Path.Combine(settings.Configurations, flood.Name + ".cfg"),
            "--cpus", "1", "--num", Text((long)settings.PacketsPerSecond * settings.Seconds), // 0: no end
            "--seed", Seed, "--rate", RateBeyondReach, "--qdisc-path", "--no-sock-mem", "--notouch-irq",
        ];
    }

    /// <summary>Starts the flood. It ends by itself: after its packets, or a second late; unpaced when its time is up.</summary>
    public BackgroundProcess Start() => _host.Start("timeout", _arguments);

    /// <summary>What trafgen says it sent, and in which time. The interface would count only what the router's queue had room for.
    /// </summary>
    /// <exception cref="LabException">It does not say.</exception>
    public static (long Packets, double Seconds) SentIn(string log)
    {
        Match packets = Outgoing().Match(log);
        Match time = SendingTime().Match(log);
        return packets.Success && time.Success
            ? (Number(packets.Groups[1]), Number(time.Groups[1]) + Number(time.Groups[2]) / 1e6)
            : throw new LabException($"trafgen sent nothing:\n{log}");
    }

    private static long Number(Group digits) => long.Parse(digits.ValueSpan, CultureInfo.InvariantCulture);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>The address of an interface as trafgen writes bytes: 0x02,0x00,…</summary>
    private static string Octets(NetworkNamespace host, string device) =>
        "0x" + Read(host, $"/sys/class/net/{device}/address").Replace(":", ",0x", StringComparison.Ordinal);

    private static string Read(NetworkNamespace host, string path) => host.Run(Command.DefaultTimeout, "cat", path).OrThrow().Output.Trim();

    [GeneratedRegex(@"^\s*(\d+) packets outgoing", RegexOptions.Multiline)]
    private static partial Regex Outgoing();

    [GeneratedRegex(@"^\s*(\d+) sec, (\d+) usec on CPU0", RegexOptions.Multiline)]
    private static partial Regex SendingTime();
}
