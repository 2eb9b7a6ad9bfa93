using System;
using System.Diagnostics;
using Dataplane.Datapath;

namespace Dataplane.Bench.Stages;

/// <summary>What the measured packets are.</summary>
internal enum StageTraffic
{
    /// <summary>Of established connections, half of them replies.</summary>
    Established,

    /// <summary>Each one opens a connection.</summary>
    Opening,

    /// <summary>SYN segments from random sources, each refused because the table is full.</summary>
    Flood,
}

/// <summary>Settings of a run of <see cref="StageProfile"/>.</summary>
/// <param name="Traffic">What the packets are.</param>
/// <param name="Flows">Connections.</param>
/// <param name="IsTcp">Segments instead of datagrams; a flood is of segments.</param>
/// <param name="Seconds">Length of a repeat of established traffic or a flood, with and without marks each.</param>
/// <param name="Repeats">Repeats.</param>
internal sealed record StageSettings(StageTraffic Traffic, int Flows, bool IsTcp, double Seconds, int Repeats);

/// <summary>One stretch of polls.</summary>
/// <param name="Packets">Received by the router.</param>
/// <param name="ClockNanoseconds">By the monotonic clock.</param>
/// <param name="ThreadNanoseconds">That the thread was on its processor.</param>
internal readonly record struct StagePass(long Packets, double ClockNanoseconds, double ThreadNanoseconds)
{
    public double NanosecondsPerPacket => ThreadNanoseconds / Packets;

    /// <summary>Polls until the time is over or the port has nothing left to generate.</summary>
    public static StagePass Run<TEnv>(Worker<TEnv> worker, GeneratorPort port, double seconds)
        where TEnv : struct, IEnvironment
    {
        const int pollsBetweenLooks = 64;
        long packets = 0;
        long threadStart = ThreadClock.Nanoseconds();
        long start = Stopwatch.GetTimestamp();
        double end = start + seconds * Stopwatch.Frequency;
        while (port.Left != 0 && Stopwatch.GetTimestamp() < end)
        {
            for (int poll = 0; poll < pollsBetweenLooks && port.Left != 0; poll++)
            {
                packets += worker.Poll();
            }
        }

        double elapsed = Stopwatch.GetElapsedTime(start).TotalNanoseconds;
        return new StagePass(packets, elapsed, ThreadClock.Nanoseconds() - threadStart);
    }
}
