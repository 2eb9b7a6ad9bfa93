using System.Collections.Generic;
using System.Linq;

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

    /// <summary>Keep what an earlier run wrote to the same folder.</summary>
    public bool Append { get; init; }

    /// <summary>With <see cref="Append"/>: measure also what was measured before.</summary>
    public bool Again { get; init; }

    public required int Repeats { get; init; }

    /// <summary>Length of a measurement of established traffic.</summary>
    public required double Seconds { get; init; }

    /// <summary>The processor of the thread under test, where there is one.</summary>
    public required int WorkerCpu { get; init; }

    /// <summary>The processor of everything else.</summary>
    public required int ControlCpu { get; init; }

    /// <summary>Those of several threads under test; a single one has the last, <see cref="WorkerCpu"/>.</summary>
    public IReadOnlyList<int> Cpus { get; init; } = [];

    /// <summary>The processors, in one line; <see cref="Processors.Line"/>.</summary>
    public string ProcessorLine { get; init; } = CompareBuilds.Unknown;

    /// <summary>What is to be said of them; <see cref="Processors.Notes"/>.</summary>
    public IReadOnlyList<string> ProcessorNotes { get; init; } = [];

    /// <summary>The processors of the threads under test: the last ones. Two workers on two processors share one with the rest.</summary>
    public IReadOnlyList<int> WorkerCpus(int workers) => workers == 1 ? [WorkerCpu] : [.. Cpus.TakeLast(workers)];
}
