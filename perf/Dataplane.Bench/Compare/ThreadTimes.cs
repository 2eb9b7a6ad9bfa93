using System;
using System.Collections.Generic;
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
    /// <summary>The times now; threads that end meanwhile are left out.</summary>
    /// <param name="processId">The program.</param>
    /// <param name="kernelThread">From <see cref="KernelThreadOf"/>.</param>
    /// <exception cref="PeerException">The process has ended.</exception>
    public static ThreadTimes Read(int processId, int kernelThread)
    {
        _ = TryRead($"/proc/{kernelThread}/schedstat", out long kernel);
        Dictionary<int, long> times = [];
        try
        {
            foreach (string task in Directory.EnumerateDirectories($"/proc/{processId}/task"))
            {
                if (TryRead(Path.Combine(task, "schedstat"), out long nanoseconds))
                {
                    times[int.Parse(Path.GetFileName(task), CultureInfo.InvariantCulture)] = nanoseconds;
                }
            }
        }
        catch (DirectoryNotFoundException)
        {
            throw new PeerException($"process {processId} has ended");
        }

        return new ThreadTimes(times, kernel);
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

    /// <summary>The first number of a schedstat: nanoseconds on a processor.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out long nanoseconds)
    {
        nanoseconds = 0;
        int blank = text.IndexOf(' ');
        return blank > 0 && long.TryParse(text[..blank], NumberStyles.None, CultureInfo.InvariantCulture, out nanoseconds);
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

    private static bool TryRead(string file, out long nanoseconds)
    {
        nanoseconds = 0;
        try
        {
            return TryParse(File.ReadAllText(file), out nanoseconds);
        }
        catch (IOException)
        {
            return false; // the thread ended between listing and reading
        }
    }
}
