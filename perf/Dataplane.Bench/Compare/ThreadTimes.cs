using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;

namespace Dataplane.Bench.Compare;

/// <summary>How long each thread of a process has been on a processor, in nanoseconds.</summary>
/// <remarks>A thread that polls is always ready to run, so what others on the machine take from it is not its cost: rates are
/// per second of the polling thread's own time. /proc/PID/task/TID/schedstat, as exact as the kernel's tick.</remarks>
/// <param name="Nanoseconds">By thread id.</param>
/// <param name="Kernel">Of the thread to which a processor's kernel leaves network work when there is too much of it.</param>
internal sealed record ThreadTimes(IReadOnlyDictionary<int, long> Nanoseconds, long Kernel)
{
    private const double NoiseShare = 0.03;       // of the time: threads are accounted at ticks
    private const long NoiseNanoseconds = 20_000_000; // two columns of /proc/stat

    /// <summary>How long each thread was ready without a processor, in nanoseconds by thread id.</summary>
    public IReadOnlyDictionary<int, long> Waiting { get; init; } = new Dictionary<int, long>();

    /// <summary>When it was read, in nanoseconds from any beginning.</summary>
    public long Moment { get; init; }

    /// <summary>What the processor's interrupts and its host have taken; null where that is not asked for or not known.</summary>
    public ProcessorTimes? Processor { get; init; }

    /// <summary>The times now; threads that end meanwhile are left out.</summary>
    /// <param name="processId">The program.</param>
    /// <param name="kernelThread">From <see cref="KernelThreadOf"/>.</param>
    /// <param name="interruptedCpu">The processor of <see cref="Processor"/>; null for none.</param>
    /// <exception cref="PeerException">The process has ended.</exception>
    public static ThreadTimes Read(int processId, int kernelThread, int? interruptedCpu = null)
    {
        _ = TryRead($"/proc/{kernelThread}/schedstat", out long kernel, out _);
        Dictionary<int, long> times = [], waiting = [];
        try
        {
            foreach (string task in Directory.EnumerateDirectories($"/proc/{processId}/task"))
            {
                if (TryRead(Path.Combine(task, "schedstat"), out long nanoseconds, out long waited))
                {
                    int id = int.Parse(Path.GetFileName(task), CultureInfo.InvariantCulture);
                    times[id] = nanoseconds;
                    waiting[id] = waited;
                }
            }
        }
        catch (DirectoryNotFoundException)
        {
            throw new PeerException($"process {processId} has ended");
        }

        return new ThreadTimes(times, kernel)
        {
            Waiting = waiting,
            Moment = (long)(Stopwatch.GetTimestamp() * (1e9 / Stopwatch.Frequency)),
            Processor = interruptedCpu is { } cpu ? ProcessorTimes.Read(cpu) : null,
        };
    }

    /// <summary>The id of ksoftirqd of a processor; 0 where it cannot be found.</summary>
    public static int KernelThreadOf(int cpu)
    {
        foreach (string process in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(process), CultureInfo.InvariantCulture, out int id) && NameOf(process) == $"ksoftirqd/{cpu}")
            {
                return id;
            }
        }

        return 0;
    }

    /// <summary>What the busiest threads have had since then in the mean, and the kernel's with it.</summary>
    /// <param name="before">An earlier moment of the same process.</param>
    /// <param name="threads">How many of them; threads that poll are the busiest.</param>
    public long BusiestSince(ThreadTimes before, int threads = 1)
    {
        long sum = Nanoseconds
            .Select(thread => thread.Value - before.Nanoseconds.GetValueOrDefault(thread.Key))
            .OrderDescending().Take(threads).Sum();
        return sum / threads + Kernel - before.Kernel;
    }

    /// <summary>What interrupts have done since then in the context of the busiest thread without being counted as its time.</summary>
    /// <remarks>
    /// A kernel with CONFIG_IRQ_TIME_ACCOUNTING takes such time, most of it softirqs, off the thread's; others leave it there. A
    /// thread that polls is always ready, so what is missing of the clock's time, when its own, its waiting and its host's are taken
    /// off, is that. The time for which its processor was busy would not do: it has others' threads in it.
    /// </remarks>
    /// <param name="before">An earlier moment of the same process.</param>
    /// <returns>Nanoseconds; 0 where nothing is missing, or nothing that the processor's interrupts account for.</returns>
    public long InterruptedSince(ThreadTimes before)
    {
        if (Processor is not { } now || before.Processor is not { } then || Nanoseconds.Count == 0)
        {
            return 0;
        }

        (int busiest, long own) = Nanoseconds
            .Select(thread => (thread.Key, Gained: thread.Value - before.Nanoseconds.GetValueOrDefault(thread.Key)))
            .MaxBy(thread => thread.Gained);
        long waited = Waiting.GetValueOrDefault(busiest) - before.Waiting.GetValueOrDefault(busiest);
        long elapsed = Moment - before.Moment;
        long missing = elapsed - own - waited - (now.Stolen - then.Stolen);
        return missing > elapsed * NoiseShare + NoiseNanoseconds ? Math.Min(missing, now.Interrupts - then.Interrupts) : 0;
    }

    /// <summary>The first numbers of a schedstat.</summary>
    /// <param name="text">Time on a processor, time ready without one, turns.</param>
    /// <param name="nanoseconds">On a processor.</param>
    /// <param name="waited">Nanoseconds without one.</param>
    public static bool TryParse(ReadOnlySpan<char> text, out long nanoseconds, out long waited)
    {
        nanoseconds = waited = 0;
        Span<Range> words = stackalloc Range[4];
        return text.Split(words, ' ') == 3
            && long.TryParse(text[words[0]], NumberStyles.None, CultureInfo.InvariantCulture, out nanoseconds)
            && long.TryParse(text[words[1]], NumberStyles.None, CultureInfo.InvariantCulture, out waited);
    }

    private static string? NameOf(string process)
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, "comm")).TrimEnd();
        }
        catch (IOException)
        {
            return null; // it has ended
        }
    }

    private static bool TryRead(string file, out long nanoseconds, out long waited)
    {
        nanoseconds = waited = 0;
        try
        {
            return TryParse(File.ReadAllText(file), out nanoseconds, out waited);
        }
        catch (IOException)
        {
            return false; // the thread ended between listing and reading
        }
    }
}
