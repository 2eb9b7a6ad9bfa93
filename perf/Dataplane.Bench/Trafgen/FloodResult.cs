using System.Collections.Generic;

namespace Dataplane.Bench.Trafgen;

/// <summary>What one flood did to one router.</summary>
internal sealed record FloodResult
{
    /// <summary>Threads of others that were ready to run before anything was started, on average: see <see cref="MachineLoad"/>.</summary>
    public required double OthersReady { get; init; }

    /// <summary>How long trafgen was sending.</summary>
    public required double Seconds { get; init; }

    /// <summary>Segments that trafgen sent.</summary>
    public required long Sent { get; init; }

    /// <summary>Segments a second.</summary>
    public double Offered => Sent / Seconds;

    /// <summary>Of those sent, what the router took; the rest found its queue full.</summary>
    public required long Taken { get; init; }

    /// <summary>How fast connections opened.</summary>
    public required OpeningRates Opening { get; init; }

    /// <summary>Connections in the table at the end.</summary>
    public required long Entries { get; init; }

    /// <summary>Connections thrown out of the table to make room.</summary>
    public required long Evicted { get; init; }

    /// <summary>Packets that the router dropped, by its own names.</summary>
    public required IReadOnlyDictionary<string, long> Drops { get; init; }

    public required IperfPhase IperfBefore { get; init; }

    public required IperfPhase IperfDuring { get; init; }

    public required IperfPhase IperfAfter { get; init; }

    /// <summary>Connections that had stood idle and answered after the flood, of <see cref="FloodSettings.IdleConnections"/>.</summary>
    public required int IdleAnswered { get; init; }

    /// <summary>Connections of the client opened during the flood, of <see cref="FloodSettings.HonestAttempts"/>.</summary>
    public required int HonestOpened { get; init; }
}

/// <summary>A flood and a router, once: what came out, or why nothing did.</summary>
internal sealed record FloodOutcome(FloodedPeer Peer, Flood Flood, FloodResult? Measured, string? Problem, bool IsSkipped)
{
    /// <summary>Which repeat it was, from 1.</summary>
    public int Repeat { get; init; } = 1;
}
