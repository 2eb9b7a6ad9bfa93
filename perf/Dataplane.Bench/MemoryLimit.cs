using System;
using System.Collections.Generic;
using System.IO;
using System.Runtime.InteropServices;

namespace Dataplane.Bench;

/// <summary>The machine's own limit: random cache lines a second that one core fetches, in C, with prefetch.</summary>
internal static unsafe partial class MemoryLimit
{
    /// <summary>Prefetches in flight that are tried; the best one is the limit.</summary>
    private static readonly uint[] s_depths = [8, 16, 32, 64, 128, 256];

    private const ulong Accesses = 20_000_000;

    static MemoryLimit() => NativeLibrary.SetDllImportResolver(typeof(MemoryLimit).Assembly, (name, assembly, path) =>
    {
        string beside = Path.Combine(AppContext.BaseDirectory, $"lib{name}.so");
        return NativeLibrary.Load(File.Exists(beside) ? beside : name, assembly, path);
    });

    /// <summary>Lines per second in millions, by prefetch depth.</summary>
    /// <exception cref="InvalidOperationException">The memory cannot be had.</exception>
    public static (IReadOnlyList<(uint Depth, Measurement MLines)> ByDepth, string Pages) Run(long bytes, int repeats)
    {
        int error = dp_memory_limit_open((ulong)bytes, 1, out nint region, out uint pages);
        if (error != 0)
        {
            throw new InvalidOperationException($"memory-limit: {bytes} bytes: error {-error}");
        }

        try
        {
            List<(uint, Measurement)> results = [];
            foreach (uint depth in s_depths)
            {
                List<double> runs = [];
                for (int repeat = 0; repeat < repeats; repeat++)
                {
                    double lines = 0;
                    error = dp_memory_limit_run(region, depth, Accesses, &lines);
                    if (error != 0)
                    {
                        throw new InvalidOperationException($"memory-limit: depth {depth}: error {-error}");
                    }

                    runs.Add(lines / 1e6);
                }

                results.Add((depth, new Measurement(runs)));
            }

            return (results, pages switch { 2 => "2 MiB", 1 => "transparent 2 MiB", _ => "4 KiB" });
        }
        finally
        {
            dp_memory_limit_close(region);
        }
    }

    [LibraryImport("dataplane_dpdk")]
    private static partial int dp_memory_limit_open(ulong bytes, uint hugepages, out nint region, out uint pages);

    [LibraryImport("dataplane_dpdk")]
    private static partial int dp_memory_limit_run(nint region, uint depth, ulong accesses, double* linesPerSecond);

    [LibraryImport("dataplane_dpdk")]
    private static partial void dp_memory_limit_close(nint region);
}
