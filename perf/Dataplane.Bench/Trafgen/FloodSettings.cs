using System;
using System.Collections.Generic;

namespace Dataplane.Bench.Trafgen;

/// <summary>What is measured, and with what.</summary>
internal sealed record FloodSettings
{
    /// <summary>TCP connections that stand idle through the flood.</summary>
    public const int IdleConnections = 100;

    /// <summary>Connections that somebody honest tries to open in the middle of the flood.</summary>
    public const int HonestAttempts = 20;

    /// <summary>What iperf3 sends, Mbit/s: little enough that a loss is the router's doing and not the machine's.</summary>
    public const int IperfMegabits = 200;

    /// <summary>How long iperf3 runs before the flood, and after it at least.</summary>
    public static readonly TimeSpan Quiet = TimeSpan.FromSeconds(2);

    /// <summary>Folder of the flood configurations.</summary>
    public required string Configurations { get; init; }

    /// <summary>Folder of the report.</summary>
    public required string Output { get; init; }

    public required IReadOnlyList<FloodedPeer> Peers { get; init; }

    public required IReadOnlyList<Flood> Floods { get; init; }

    /// <summary>Length of each flood.</summary>
    public required int Seconds { get; init; }

    /// <summary>How often each flood meets each router.</summary>
    public int Repeats { get; init; } = 1;

    /// <summary>Segments a second; 0 for as many as trafgen can send.</summary>
    public required int PacketsPerSecond { get; init; }

    /// <summary>Connections that the router's table holds.</summary>
    public required int EntriesMax { get; init; }

    /// <summary>The processor of the router alone; trafgen is on the first one, which it chooses by itself.</summary>
    public required int WorkerCpu { get; init; }

    /// <summary>The processor of everything else.</summary>
    public required int ControlCpu { get; init; }
}
