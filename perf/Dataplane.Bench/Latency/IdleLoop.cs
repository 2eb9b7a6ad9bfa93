using System;
using System.Diagnostics;
using System.Threading;
using Dataplane.Bench.Tables;
using Dataplane.Os;

namespace Dataplane.Bench.Latency;

/// <summary>A loop that does nothing on a worker's processor: how long the machine itself keeps a thread away.</summary>
internal static class IdleLoop
{
    /// <summary>The longest time between two turns, in nanoseconds.</summary>
    /// <param name="cpu">The processor.</param>
    /// <param name="seconds">For how long.</param>
    /// <exception cref="OsException">The thread cannot have that processor.</exception>
    public static long LongestGap(int cpu, double seconds)
    {
        PollHistogram turns = new();
        OsException? failure = null;
        Thread thread = new(() =>
        {
            try
            {
                CpuAffinity.SetCurrentThread([cpu]);
                Turn(turns, seconds);
            }
            catch (OsException error)
            {
                failure = error;
            }
        });
        thread.Start();
        thread.Join();
        return failure is null ? turns.Longest : throw failure;
    }

    private static void Turn(PollHistogram turns, double seconds)
    {
        double nanosecondsPerTick = 1e9 / Stopwatch.Frequency;
        long begin = Stopwatch.GetTimestamp();
        long end = begin + (long)(seconds * Stopwatch.Frequency);
        for (long last = begin; last < end;)
        {
            long now = Stopwatch.GetTimestamp();
            turns.Add((long)((now - last) * nanosecondsPerTick));
            last = now;
        }
    }
}
