using System.Runtime.InteropServices;

namespace Dataplane.Bench.Stages;

/// <summary>How long the calling thread has been on a processor: what others on the machine take from it is not its cost.</summary>
internal static unsafe partial class ThreadClock
{
    /// <summary>CLOCK_THREAD_CPUTIME_ID of clock_gettime(2).</summary>
    private const int ThreadProcessorTime = 3;

    /// <summary>Nanoseconds since the thread began, exact to the call.</summary>
    public static long Nanoseconds()
    {
        Timespec time;

        // Fails only for a clock that the kernel does not have, which Linux has had since 2.6.12.
        _ = GetTime(ThreadProcessorTime, &time);
        return time.Seconds * 1_000_000_000 + time.Nanoseconds;
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int GetTime(int clock, Timespec* time);

    /// <summary>struct timespec of 64-bit Linux.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Timespec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
