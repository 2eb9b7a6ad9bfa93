using System.Collections.Generic;

namespace Dataplane.Bench.Compare;

/// <summary>What a comparison runs, and where its parts are.</summary>
internal sealed record CompareSettings
{
    /// <summary>The checkout.</summary>
    public required string Root { get; init; }

    /// <summary>The generator's driver library.</summary>
    public required string Generator { get; init; }

    /// <summary>dataplane.dll.</summary>
    public required string Router { get; init; }

    /// <summary>The traffic source of netfilter.</summary>
    public required string Feed { get; init; }

    /// <summary>Where the results go.</summary>
    public required string Output { get; init; }

    public required IReadOnlyList<Peer> Peers { get; init; }

    public required IReadOnlyList<Traffic> Traffic { get; init; }

    public required int Repeats { get; init; }

    /// <summary>Length of a measurement of established traffic.</summary>
    public required double Seconds { get; init; }

    /// <summary>The processor of the thread under test.</summary>
    public required int WorkerCpu { get; init; }

    /// <summary>The processor of everything else.</summary>
    public required int ControlCpu { get; init; }
}
