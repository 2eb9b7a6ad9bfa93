using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Dataplane.Dpdk;

namespace Dataplane.Bench;

/// <summary>The machine's own limit: random cache lines a second that one core fetches, in C, at several prefetch
/// depths.</summary>
internal static class MemoryLimitSweep
{
    private const long Accesses = 20_000_000;

    /// <summary>Prefetches in flight that are tried; the best one is the limit.</summary>
    private static readonly int[] s_depths = [8, 16, 32, 64, 128, MemoryLimit.DepthMax];

    /// <summary>Millions of lines per second, by prefetch depth.</summary>
    /// <exception cref="DpdkException">The memory cannot be had.</exception>
    public static (IReadOnlyList<(int Depth, Measurement MLines)> ByDepth, string Pages) Run(long bytes, int repeats)
    {
        using MemoryLimit limit = MemoryLimit.Open(bytes, MemoryPages.Reserved);
        List<(int, Measurement)> results = [];
        foreach (int depth in s_depths)
        {
            double[] runs = new double[repeats];
            for (int repeat = 0; repeat < repeats; repeat++)
            {
                runs[repeat] = limit.Run(depth, Accesses) / 1e6;
            }

            results.Add((depth, new Measurement(runs)));
        }

        string pages = limit.Pages switch
        {
            MemoryPages.Reserved => "2 MiB",
            MemoryPages.Transparent => "transparent 2 MiB",
            _ => "4 KiB",
        };
        return (results, pages);
    }

    /// <summary>Measures, prints, and gives the JSON object of the scenario.</summary>
    /// <param name="flows">Connections that a table of this size is for.</param>
    /// <param name="bytes">Length of the region.</param>
    /// <param name="repeats">Runs of each depth.</param>
    /// <exception cref="DpdkException">The memory cannot be had.</exception>
    public static Dictionary<string, object> Report(long flows, long bytes, int repeats)
    {
        (IReadOnlyList<(int Depth, Measurement MLines)> byDepth, string pages) = Run(bytes, repeats);
        Console.WriteLine($"memory-limit: {bytes / 1048576.0:F0} MiB ({flows:N0} flows), {pages} pages");
        Console.WriteLine($"  {"prefetches in flight",20}  million lines/s, median (range)");
        foreach ((int depth, Measurement lines) in byDepth)
        {
            Console.WriteLine($"  {depth,20}  {lines}");
        }

        (int bestDepth, Measurement best) = byDepth.MaxBy(row => row.MLines.Median);
        return new Dictionary<string, object>
        {
            ["scenario"] = "memory-limit",
            ["flows"] = flows,
            ["workers"] = 1,
            ["bytes"] = bytes,
            ["pages"] = pages,
            ["depth"] = bestDepth,
            ["mops"] = best.Median,
            ["median"] = best.Median,
            ["repeat"] = best.Runs,
            ["by_depth"] = byDepth.ToDictionary(row => row.Depth.ToString(CultureInfo.InvariantCulture), row => row.MLines.Median),
        };
    }
}
