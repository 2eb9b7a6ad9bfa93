using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace Dataplane.Bench.Compare;

/// <summary>What a kind of traffic measures.</summary>
internal enum TrafficKind
{
    /// <summary>Connections that are open, both directions.</summary>
    Established,

    /// <summary>Every packet opens a connection, into a growing table.</summary>
    Opening,

    /// <summary>SYN segments from random sources, into a table that is full of them.</summary>
    Flood,

    /// <summary>Connections that are open, while a flood from a port of its own fills the table.</summary>
    BesideFlood,
}

/// <summary>Generated traffic, the same for every program under test.</summary>
/// <param name="Name">Short, for the command line and files: "udp-64k".</param>
/// <param name="Kind">What is measured.</param>
/// <param name="Protocol">"udp" or "tcp"; of a flood's own segments always TCP.</param>
/// <param name="Flows">Connections; those that are opened while it is measured, or that fit the table which a flood fills.</param>
/// <param name="SizeBytes">Of the frame with its check sequence.</param>
internal sealed record Traffic(string Name, TrafficKind Kind, string Protocol, int Flows, int SizeBytes = 64)
{
    public const string InsideDevice = "net_generator0";
    public const string OutsideDevice = "net_generator1";

    /// <summary>Where a flood beside other traffic comes from; what is let through leaves by a fourth port.</summary>
    public const string FloodDevice = "net_generator2";

    public const string FloodedDevice = "net_generator3";

    /// <summary>Bytes that a connection may take in any of the programs, generously: four hundred and some, plus the generator's.</summary>
    private const long BytesPerConnection = 640;

    private const int EntriesMin = 65536;
    private const int FloodedEntries = 1_000_000;

    /// <summary>Threads that poll, each a queue of every port.</summary>
    public int Workers { get; init; } = 1;

    /// <summary>Of two workers: both directions of a connection come to the same one. False: each to another.</summary>
    public bool IsSameWorker { get; init; }

    /// <summary>Exponent of Zipf's law by which flows are chosen; 0: uniformly.</summary>
    public double Zipf { get; init; }

    /// <summary>The name of the same traffic with one worker.</summary>
    public string OneWorker { get; init; } = Name;

    /// <summary>Everything that is compared, in the order of the report.</summary>
    public static IReadOnlyList<Traffic> All { get; } =
    [
        new("udp-1k", TrafficKind.Established, "udp", 1_000),
        new("udp-64k", TrafficKind.Established, "udp", 65_536),
        new("udp-1m", TrafficKind.Established, "udp", 1_000_000),
        new("udp-1m-zipf", TrafficKind.Established, "udp", 1_000_000) { Zipf = 1.1 },
        new("udp-10m", TrafficKind.Established, "udp", 10_000_000),
        new("tcp-1k", TrafficKind.Established, "tcp", 1_000),
        new("tcp-64k", TrafficKind.Established, "tcp", 65_536),
        new("tcp-1m", TrafficKind.Established, "tcp", 1_000_000),
        new("tcp-10m", TrafficKind.Established, "tcp", 10_000_000),
        new("udp-64k-512", TrafficKind.Established, "udp", 65_536, 512),
        new("udp-64k-1500", TrafficKind.Established, "udp", 65_536, 1500),
        new("new-udp", TrafficKind.Opening, "udp", 4_000_000),
        new("new-tcp", TrafficKind.Opening, "tcp", 4_000_000),
        new("synflood", TrafficKind.Flood, "tcp", FloodedEntries),
        new("udp-64k-flooded", TrafficKind.BesideFlood, "udp", 65_536),
        new("tcp-64k-flooded", TrafficKind.BesideFlood, "tcp", 65_536),
        .. TwoWorkers("udp-1m", TrafficKind.Established, "udp", 1_000_000),
        .. TwoWorkers("tcp-1m", TrafficKind.Established, "tcp", 1_000_000),
        .. TwoWorkers("new-udp", TrafficKind.Opening, "udp", 4_000_000),
        .. TwoWorkers("new-tcp", TrafficKind.Opening, "tcp", 4_000_000),
        .. TwoWorkers("synflood", TrafficKind.Flood, "tcp", FloodedEntries),
    ];

    /// <summary>What fits into three minutes.</summary>
    public static IReadOnlyList<string> Quick { get; } = ["udp-64k", "udp-1m", "tcp-1m", "new-udp"];

    /// <summary>The traffic of a name, or null.</summary>
    public static Traffic? Find(string name) => All.Append(Checked("udp")).Append(Checked("tcp")).FirstOrDefault(one => one.Name == name);

    /// <summary>A few flows whose every packet is checked by the generator.</summary>
    public static Traffic Checked(string protocol) => new($"check-{protocol}", TrafficKind.Established, protocol, 4096);

    /// <summary>In words, for tables.</summary>
    public string Title => Kind switch
    {
        TrafficKind.Opening => $"new {Protocol.ToUpperInvariant()} connections, to {Thousands(Flows)}",
        TrafficKind.Flood => $"SYN flood, table of {Thousands(Flows)}",
        TrafficKind.BesideFlood => $"{Protocol.ToUpperInvariant()}, {Thousands(Flows)} connections, table of {Thousands(Entries)}",
        _ => $"{Protocol.ToUpperInvariant()}, {Thousands(Flows)} connections{(Zipf > 0 ? " by Zipf's law" : "")}, {SizeBytes} bytes",
    };

    /// <summary>What a rate counts, in millions.</summary>
    public string Unit => Kind == TrafficKind.Opening ? "M connections/s" : "Mpps";

    /// <summary>Connections that the program under test is told to have room for.</summary>
    public int Entries => Kind switch
    {
        TrafficKind.Flood => Flows,
        TrafficKind.BesideFlood => FloodedEntries,
        _ => Math.Max(EntriesMin, Flows + Flows / 4),
    };

    /// <summary>Memory that should be free before it starts.</summary>
    public long MemoryBytes => Entries * BytesPerConnection + (2L << 30);

    /// <summary>The driver arguments of the inside port.</summary>
    /// <param name="peer">Who gets the traffic: what is checked differs.</param>
    /// <param name="verify">Check every packet that comes back.</param>
    public string InsideArguments(Peer peer, bool verify)
    {
        List<string> arguments = ["src=10.0.0.0/16", "dst=198.18.0.0/16"];
        arguments.Add(Kind switch
        {
            TrafficKind.Opening => $"mode=new,protocol={Protocol},flows=1000000000",
            TrafficKind.Flood => "mode=synflood",
            _ => string.Create(CultureInfo.InvariantCulture, $"mode={Protocol},flows={Flows}"),
        });
        if (Zipf > 0)
        {
            arguments.Add(string.Create(CultureInfo.InvariantCulture, $"zipf={Zipf}"));
        }

        if (SizeBytes != 64)
        {
            arguments.Add(string.Create(CultureInfo.InvariantCulture, $"size={SizeBytes}"));
        }

        if (verify)
        {
            arguments.Add($"verify=1,nat=203.0.113.1-203.0.113.254,routed={(peer.Routes ? 1 : 0)}");
        }

        return string.Join(',', arguments);
    }

    /// <summary>Those of the outside port; may be empty.</summary>
    public string OutsideArguments => Workers > 1 && !IsSameWorker && Kind == TrafficKind.Established ? "cross=1" : string.Empty;

    /// <summary>Those of the port that floods, which waits to be told to; empty without one.</summary>
    public string FloodArguments =>
        Kind == TrafficKind.BesideFlood ? "mode=synflood,src=10.1.0.0/16,dst=198.19.0.0/16,rate=paused" : string.Empty;

    /// <summary>Traffic for two workers. New connections and floods have one direction only, so nothing of them can cross.</summary>
    private static IEnumerable<Traffic> TwoWorkers(string name, TrafficKind kind, string protocol, int flows)
    {
        yield return new Traffic($"{name}-2w", kind, protocol, flows) { Workers = 2, OneWorker = name };
        if (kind == TrafficKind.Established)
        {
            yield return new Traffic($"{name}-2w-same", kind, protocol, flows) { Workers = 2, IsSameWorker = true, OneWorker = name };
        }
    }

    private static string Thousands(int count) => count switch
    {
        >= 1_000_000 when count % 1_000_000 == 0 => $"{count / 1_000_000} M",
        65_536 => "64 k",
        _ when count % 1_000 == 0 => $"{count / 1_000} k",
        _ => count.ToString("N0", CultureInfo.InvariantCulture),
    };
}
