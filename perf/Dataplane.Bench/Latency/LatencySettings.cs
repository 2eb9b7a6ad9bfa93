using System.Collections.Generic;
using Dataplane.Bench.Compare;

namespace Dataplane.Bench.Latency;

/// <summary>What a measurement of latency runs.</summary>
/// <param name="Common">Programs, their places, processors, repeats; its seconds are of each load.</param>
/// <param name="Traffic">Established connections.</param>
internal sealed record LatencySettings(CompareSettings Common, Traffic Traffic)
{
    /// <summary>Shares of a program's own maximum.</summary>
    public static IReadOnlyList<double> Loads { get; } = [0.01, 0.5, 0.9];
}
