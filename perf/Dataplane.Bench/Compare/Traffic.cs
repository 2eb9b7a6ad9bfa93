using System;
using System.Collections.Generic;
using System.Globalization;

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
}

/// <summary>Generated traffic, the same for every program under test.</summary>
/// <param name="Name">Short, for the command line and files: "udp-64k".</param>
/// <param name="Kind">What is measured.</param>
/// <param name="Protocol">"udp" or "tcp".</param>
/// <param name="Flows">Connections; those that are opened while it is measured, or that fit the table which a flood fills.</param>
/// <param name="SizeBytes">Of the frame with its check sequence.</param>
internal sealed record Traffic(string Name, TrafficKind Kind, string Protocol, int Flows, int SizeBytes = 64)
{
    public const string InsideDevice = "net_generator0";
    public const string OutsideDevice = "net_generator1";

    /// <summary>Bytes that a connection may take in any of the programs, generously: four hundred and some, plus the generator's.</summary>
    private const long BytesPerConnection = 640;

    private const int EntriesMin = 65536;

    /// <summary>Everything that is compared, in the order of the report.</summary>
    public static IReadOnlyList<Traffic> All { get; } =
    [
        new("udp-1k", TrafficKind.Established, "udp", 1_000),
        new("udp-64k", TrafficKind.Established, "udp", 65_536),
        new("udp-1m", TrafficKind.Established, "udp", 1_000_000),
        new("udp-10m", TrafficKind.Established, "udp", 10_000_000),
        new("tcp-1k", TrafficKind.Established, "tcp", 1_000),
        new("tcp-64k", TrafficKind.Established, "tcp", 65_536),
        new("tcp-1m", TrafficKind.Established, "tcp", 1_000_000),
        new("udp-64k-512", TrafficKind.Established, "udp", 65_536, 512),
        new("udp-64k-1500", TrafficKind.Established, "udp", 65_536, 1500),
        new("new-udp", TrafficKind.Opening, "udp", 4_000_000),
        new("new-tcp", TrafficKind.Opening, "tcp", 4_000_000),
        new("synflood", TrafficKind.Flood, "tcp", 1_000_000),
    ];

    /// <summary>What fits into three minutes.</summary>
    public static IReadOnlyList<string> Quick { get; } = ["udp-64k", "udp-1m", "tcp-1m", "new-udp"];

    /// <summary>A few flows whose every packet is checked by the generator.</summary>
    public static Traffic Checked(string protocol) => new($"check-{protocol}", TrafficKind.Established, protocol, 4096);

    /// <summary>In words, for tables.</summary>
    public string Title => Kind switch
    {
        TrafficKind.Opening => $"new {Protocol.ToUpperInvariant()} connections, to {Thousands(Flows)}",
        TrafficKind.Flood => $"SYN flood, table of {Thousands(Flows)}",
        _ => $"{Protocol.ToUpperInvariant()}, {Thousands(Flows)} connections, {SizeBytes} bytes",
    };

    /// <summary>What a rate counts, in millions.</summary>
    public string Unit => Kind == TrafficKind.Opening ? "M connections/s" : "Mpps";

    /// <summary>Connections that the program under test is told to have room for.</summary>
    public int Entries => Kind == TrafficKind.Flood ? Flows : Math.Max(EntriesMin, Flows + Flows / 4);

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

    private static string Thousands(int count) => count switch
    {
        >= 1_000_000 when count % 1_000_000 == 0 => $"{count / 1_000_000} M",
        65_536 => "64 k",
        _ when count % 1_000 == 0 => $"{count / 1_000} k",
        _ => count.ToString("N0", CultureInfo.InvariantCulture),
    };
}
