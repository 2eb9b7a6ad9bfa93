using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;

namespace Dataplane.Os;

/// <summary>Which processors the calling thread may run on, and the text form of such a set.</summary>
public static unsafe class CpuAffinity
{
    /// <summary>Processors are numbered 0 to this, exclusive: the kernel's largest NR_CPUS.</summary>
    public const int CpusMax = 8192;

    private const int MaskWords = CpusMax / 64;

    /// <summary>The processors that the calling thread may run on, ascending.</summary>
    /// <exception cref="OsException">The kernel refused.</exception>
    public static int[] GetCurrentThread()
    {
        ulong* mask = stackalloc ulong[MaskWords];
        new Span<ulong>(mask, MaskWords).Clear();
        if (Libc.GetAffinity(0, MaskWords * sizeof(ulong), mask) != 0)
        {
            throw OsException.Last("get the thread's processors");
        }

        List<int> cpus = [];
        for (int cpu = 0; cpu < CpusMax; cpu++)
        {
            if ((mask[cpu / 64] >> (cpu % 64) & 1) != 0)
            {
                cpus.Add(cpu);
            }
        }

        return [.. cpus];
    }

    /// <summary>Keeps the calling thread, and threads it starts later, on the given processors.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A number outside 0..<see cref="CpusMax"/>-1.</exception>
    /// <exception cref="OsException">None of them exists or is allowed to this process.</exception>
    public static void SetCurrentThread(ReadOnlySpan<int> cpus) => Set(0, cpus);

    /// <summary>Keeps every thread that this process has now, and those that they start, on the given processors.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A number outside 0..<see cref="CpusMax"/>-1.</exception>
    /// <exception cref="OsException">None of them exists or is allowed to this process.</exception>
    public static void SetAllThreads(ReadOnlySpan<int> cpus)
    {
        foreach (string task in Directory.GetDirectories("/proc/self/task"))
        {
            try
            {
                Set(int.Parse(Path.GetFileName(task), CultureInfo.InvariantCulture), cpus);
            }
            catch (OsException e) when (e.ErrorNumber == Errno.NoSuchProcess)
            {
                // It ended between the listing and the call.
            }
        }
    }

    private static void Set(int thread, ReadOnlySpan<int> cpus)
    {
        ulong* mask = stackalloc ulong[MaskWords];
        new Span<ulong>(mask, MaskWords).Clear();
        foreach (int cpu in cpus)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(cpu, nameof(cpus));
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(cpu, CpusMax, nameof(cpus));
            mask[cpu / 64] |= 1UL << (cpu % 64);
        }

        if (Libc.SetAffinity(thread, MaskWords * sizeof(ulong), mask) != 0)
        {
            throw OsException.Last($"run on processors {Format(cpus)}");
        }
    }

    /// <summary>Parses a list such as <c>1-2,4</c> into ascending numbers.</summary>
    /// <param name="text">Numbers and ranges separated by commas; blanks around them are allowed.</param>
    /// <param name="cpus">The processors; empty on failure.</param>
    /// <param name="error">On failure, what is wrong, without the text itself.</param>
    public static bool TryParse(ReadOnlySpan<char> text, out int[] cpus, out string error)
    {
        cpus = [];
        error = "";
        SortedSet<int> found = [];
        foreach (Range part in text.Split(','))
        {
            if (!TryParsePart(text[part].Trim(), found, out error))
            {
                return false;
            }
        }

        cpus = [.. found];
        return true;
    }

    /// <summary>The shortest text that <see cref="TryParse"/> reads back to the same set.</summary>
    public static string Format(ReadOnlySpan<int> cpus)
    {
        int[] sorted = cpus.ToArray().Distinct().Order().ToArray();
        List<string> parts = [];
        for (int first = 0; first < sorted.Length;)
        {
            int last = first;
            while (last + 1 < sorted.Length && sorted[last + 1] == sorted[last] + 1)
            {
                last++;
            }

            parts.Add(first == last
                ? sorted[first].ToString(CultureInfo.InvariantCulture)
                : string.Create(CultureInfo.InvariantCulture, $"{sorted[first]}-{sorted[last]}"));
            first = last + 1;
        }

        return string.Join(',', parts);
    }

    private static bool TryParsePart(ReadOnlySpan<char> part, SortedSet<int> found, out string error)
    {
        int dash = part.IndexOf('-');
        ReadOnlySpan<char> firstText = dash < 0 ? part : part[..dash].TrimEnd();
        ReadOnlySpan<char> lastText = dash < 0 ? part : part[(dash + 1)..].TrimStart();
        if (!TryParseCpu(firstText, out int first) || !TryParseCpu(lastText, out int last))
        {
            error = $"'{part}' is not a processor number below {CpusMax} or a range of them";
            return false;
        }

        if (last < first)
        {
            error = $"the range '{part}' runs backwards";
            return false;
        }

        for (int cpu = first; cpu <= last; cpu++)
        {
            if (!found.Add(cpu))
            {
                error = $"processor {cpu} is named twice";
                return false;
            }
        }

        error = "";
        return true;
    }

    private static bool TryParseCpu(ReadOnlySpan<char> text, out int cpu) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out cpu) && cpu < CpusMax;
}
