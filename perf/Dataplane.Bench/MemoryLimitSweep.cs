using System.Collections.Generic;
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
}
