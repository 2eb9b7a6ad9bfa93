using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text.Json;
using Dataplane.Lab;

namespace Dataplane.Bench.Trafgen;

/// <summary>Linux as the router: the lab's nft rules and the attacker's link added to them.</summary>
/// <remarks>
/// As a careful administrator sets it: what is INVALID is dropped, and connections are not picked up in their middle
/// (nf_conntrack_tcp_loose=0). Packets are forwarded on <see cref="FloodSettings.WorkerCpu"/> whoever sent them: receive packet
/// steering takes them from the sender's processor, as interrupts of a NIC would.
/// </remarks>
internal sealed class FloodedNetfilter : FloodedRouter
{
    private const string Rules = $$"""
        table ip lab {
            counter taken { }
            counter invalid { }
            chain taken {
                type filter hook prerouting priority raw
                iifname "{{Topology.DmzInterface}}" counter name taken
            }
            chain postrouting {
                iifname "{{Topology.DmzInterface}}" oifname "{{Topology.WanInterface}}" snat to {{Pool}}
            }
            chain forward {
                iifname "{{Topology.DmzInterface}}" accept
            }
        }
        insert rule ip lab forward ct state invalid counter name invalid drop

        """;

    // Columns of /proc/net/stat/nf_conntrack that count packets which end there.
    private static readonly string[] s_drops = ["insert_failed", "drop"];

    // Of the namespace of whoever reads it.
    private const string Tracked = "/proc/sys/net/netfilter/nf_conntrack_count";

    private readonly NetworkNamespace _router;
    private readonly ConntrackStatistics _statistics;
    private readonly KernelSetting _limit;

    /// <exception cref="LabException">A command failed, or the table's size cannot be set.</exception>
    public FloodedNetfilter(Lab.Lab lab, FloodSettings settings)
    {
        _router = lab.Topology.Router;
        _limit = KernelSetting.Set(KernelSetting.ConntrackMax, settings.EntriesMax);
        try
        {
            lab.Start(new KernelRouter(lab.Topology));
            _router.RunWithInput(Rules, "nft", "-f", "-").OrThrow();
            _router.Write("/proc/sys/net/netfilter/nf_conntrack_tcp_loose", "0");
            _router.Ip("route", "add", Sources, "via", LabAddresses.Server);
            string mask = SteeringMask(settings.WorkerCpu);
            foreach (string device in (string[])[Topology.LanInterface, Topology.DmzInterface, Topology.WanInterface])
            {
                _router.Write($"/sys/class/net/{device}/queues/rx-0/rps_cpus", mask);
            }

            _statistics = new ConntrackStatistics(_router);
        }
        catch
        {
            _limit.Dispose();
            throw;
        }
    }

    /// <summary>What it lacks here, or why the machine's own connections forbid it.</summary>
    public static string? Missing(FloodSettings settings)
    {
        try
        {
            return Programs.Missing("nft")
                ?? Objection(NumberIn(KernelSetting.ConntrackMax), NumberIn(Tracked), settings.EntriesMax);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            return $"the kernel's connection tracking cannot be looked at: {e.Message}";
        }
    }

    /// <summary>Why the limit, which is every namespace's, must not be set to this: the machine's own connections would come near
    /// it, and new ones be refused. Null when it may be.</summary>
    /// <param name="limit">As it is.</param>
    /// <param name="tracked">Connections that the machine itself tracks.</param>
    /// <param name="wanted">As it would be for the flood.</param>
    internal static string? Objection(long limit, long tracked, int wanted) => wanted >= limit || tracked <= wanted / 2
        ? null
        : $"the machine tracks {tracked:N0} connections of its own, for which a limit of {wanted:N0} would hold, too";

    /// <summary>One processor as the kernel writes sets of them: words of 32 in hexadecimal, the highest first, commas between.</summary>
    /// <param name="cpu">From 0.</param>
    internal static string SteeringMask(int cpu)
    {
        const int wordBits = 32;
        string[] words = new string[cpu / wordBits + 1];
        Array.Fill(words, "00000000");
        words[0] = (1u << cpu % wordBits).ToString("x", CultureInfo.InvariantCulture);
        return string.Join(',', words);
    }

    /// <inheritdoc/>
    public override TableState ReadTable() => TableOf(_statistics.Read());

    /// <inheritdoc/>
    public override RouterReading Read()
    {
        IReadOnlyDictionary<string, long> statistics = _statistics.Read();
        Dictionary<string, long> counters = Counters();
        Dictionary<string, long> drops = new() { ["invalid"] = counters["invalid"] };
        foreach (string name in s_drops)
        {
            drops[name] = statistics[name];
        }

        return new RouterReading(counters["taken"], TableOf(statistics), statistics["early_drop"], drops);
    }

    protected override void Dispose(bool disposing)
    {
        _statistics.Dispose();
        _limit.Dispose();
    }

    // The kernel has no count of connections opened by packets ("insert" is netlink's), but what is in the table or was thrown out
    // of it had been opened. Nothing expires meanwhile: a half-open connection lives two minutes.
    private static TableState TableOf(IReadOnlyDictionary<string, long> statistics) =>
        new(statistics["entries"], statistics["entries"] + statistics["early_drop"]);

    private static long NumberIn(string path) => long.Parse(File.ReadAllText(path), CultureInfo.InvariantCulture);

    /// <summary>Packets of the named counters.</summary>
    private Dictionary<string, long> Counters()
    {
        string output = _router.Run(Command.DefaultTimeout, "nft", "-j", "list", "counters", "table", "ip", "lab").OrThrow().Output;
        Dictionary<string, long> packets = [];
        try
        {
            using JsonDocument document = JsonDocument.Parse(output);
            foreach (JsonElement item in document.RootElement.GetProperty("nftables").EnumerateArray())
            {
                if (item.TryGetProperty("counter", out JsonElement counter))
                {
                    packets[counter.GetProperty("name").GetString()!] = counter.GetProperty("packets").GetInt64();
                }
            }

            return packets;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new LabException($"nft does not list counters as JSON: {e.Message}\n{output}", e);
        }
    }
}
