using System;

namespace Dataplane.Bench.Latency;

/// <summary>How one program fared at one load, in one repeat.</summary>
/// <param name="Load">Of the program's own maximum.</param>
/// <param name="AskedMpps">Packets due, both ports together, in millions a second.</param>
/// <param name="ReturnedMpps">Packets that came back, by the clock.</param>
/// <param name="P50Ns">Half of the packets came back within this many nanoseconds of being due, as in the slower direction.</param>
/// <param name="P99Ns">99 % of them.</param>
/// <param name="P999Ns">99.9 % of them.</param>
/// <param name="MaxNs">All of them.</param>
/// <param name="PollGapNs">The longest time from one poll of a port to the next, seen by the port.</param>
/// <param name="Missed">Packets that were due while a port's ring was full.</param>
/// <param name="Lost">Packets that were taken and did not come back, from the begin of the load to its end.</param>
/// <param name="Samples">Packets whose latency was measured.</param>
/// <param name="ProcessorShare">Of the measured time that the polling thread had its processor for.</param>
internal sealed record LatencyFigure(
    double Load, double AskedMpps, double ReturnedMpps, long P50Ns, long P99Ns, long P999Ns, long MaxNs, long PollGapNs,
    long Missed, long Lost,
    long Samples, double ProcessorShare)
{
    /// <summary>What the program's managed memory did meanwhile; only this router has some.</summary>
    public ManagedUse? Managed { get; init; }
}

/// <summary>Garbage of a measured time.</summary>
/// <param name="Collections">Of the process.</param>
/// <param name="ProcessBytes">Allocated by all of the process's threads, the answer that tells so among it.</param>
/// <param name="WorkerBytes">Allocated by the workers.</param>
internal sealed record ManagedUse(long Collections, long ProcessBytes, long WorkerBytes)
{
    public static ManagedUse operator -(ManagedUse after, ManagedUse before) => new(
        after.Collections - before.Collections, after.ProcessBytes - before.ProcessBytes, after.WorkerBytes - before.WorkerBytes);

    /// <summary>The largest of each, which is what a promise of nothing has to hold for.</summary>
    public static ManagedUse Most(ManagedUse one, ManagedUse other) => new(
        Math.Max(one.Collections, other.Collections), Math.Max(one.ProcessBytes, other.ProcessBytes),
        Math.Max(one.WorkerBytes, other.WorkerBytes));
}
