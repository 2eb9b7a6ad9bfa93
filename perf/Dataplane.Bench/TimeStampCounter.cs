using System;
using System.Diagnostics;
using System.Threading;
using Dataplane.Dpdk;

namespace Dataplane.Bench;

/// <summary>The unit in which cycles are reported: ticks of the processor's time stamp counter.</summary>
/// <remarks>
/// It ticks at a rate of its own, whatever the core's clock does: /proc/cpuinfo tells the latter, which turbo and
/// power saving move. So it is measured against the monotonic clock.
/// </remarks>
internal static class TimeStampCounter
{
    /// <summary>Pairs of readings of which the closest one counts: between the others the thread was away.</summary>
    private const int Readings = 64;

    /// <summary>Two readings are each within some 20 ns of their instant: a millionth of this.</summary>
    private static readonly TimeSpan s_length = TimeSpan.FromMilliseconds(50);
    private static readonly Lazy<double> s_gigahertz = new(() => Measure(s_length));

    /// <summary>Cycles per nanosecond; measured the first time, which takes a twentieth of a second.</summary>
    public static double Gigahertz => s_gigahertz.Value;

    /// <summary>The counter now, without a fence.</summary>
    public static long Now() => (long)Burst.Tsc();

    /// <summary>Cycles per nanosecond of the monotonic clock.</summary>
    /// <param name="length">Between the two instants that are compared; the calling thread sleeps.</param>
    public static double Measure(TimeSpan length)
    {
        Instant first = Instant.Now();
        Thread.Sleep(length);
        Instant last = Instant.Now();
        return (last.Cycles - first.Cycles) / Stopwatch.GetElapsedTime(first.Clock, last.Clock).TotalNanoseconds;
    }

    /// <summary>One instant by both clocks.</summary>
    private readonly record struct Instant(double Cycles, long Clock)
    {
        public static Instant Now()
        {
            Instant best = default;
            long closest = long.MaxValue;
            for (int reading = 0; reading < Readings; reading++)
            {
                long before = TimeStampCounter.Now();
                long clock = Stopwatch.GetTimestamp();
                long apart = TimeStampCounter.Now() - before;
                if (apart < closest)
                {
                    closest = apart;
                    best = new Instant(before + apart / 2.0, clock);
                }
            }

            return best;
        }
    }
}
