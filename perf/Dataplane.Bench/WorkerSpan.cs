using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;

namespace Dataplane.Bench;

/// <summary>What one worker did, and when by the clock that all share.</summary>
/// <param name="Packets">Done between the two instants.</param>
/// <param name="Begin">Of <see cref="Stopwatch.GetTimestamp"/>.</param>
/// <param name="End">Of the same.</param>
/// <param name="AllocatedBytes">Managed bytes that its thread allocated meanwhile.</param>
internal readonly record struct WorkerSpan(long Packets, long Begin, long End, long AllocatedBytes)
{
    /// <summary>Runs <paramref name="body"/> on every worker at once, each on a processor of its own.</summary>
    public static WorkerSpan[] Run(int workers, Func<int, WorkerSpan> body)
    {
        WorkerSpan[] spans = new WorkerSpan[workers];
        PinnedWorkers.Run(workers, worker =>
        {
            spans[worker] = body(worker);
            return default;
        });
        return spans;
    }

    /// <summary>Millions of packets a second, of all together: from the first one's begin to the last one's end.</summary>
    /// <remarks>The sum of what each does in its own time would be more than the machine does: the one that is still at it when the
    /// others have ended, or is already while they have not begun, has the memory for itself.</remarks>
    /// <param name="spans">At least one, of workers that were started together.</param>
    public static double Mpps(IReadOnlyList<WorkerSpan> spans)
    {
        TimeSpan time = Stopwatch.GetElapsedTime(spans.Min(span => span.Begin), spans.Max(span => span.End));
        return spans.Sum(span => span.Packets) / time.TotalSeconds / 1e6;
    }
}
