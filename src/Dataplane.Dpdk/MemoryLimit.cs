using System;

namespace Dataplane.Dpdk;

/// <summary>What backs a region of memory.</summary>
public enum MemoryPages
{
    /// <summary>4 KiB.</summary>
    Small,

    /// <summary>Transparent hugepages were asked for and accepted; the kernel decides.</summary>
    Transparent,

    /// <summary>Reserved hugepages.</summary>
    Reserved,
}

/// <summary>How many random cache lines a second one core can fetch from a region: the machine's own limit for table
/// lookups.</summary>
public sealed unsafe class MemoryLimit : IDisposable
{
    /// <summary>Largest number of prefetches in flight.</summary>
    public const int DepthMax = 256;

    private void* _region;

    private MemoryLimit(void* region, MemoryPages pages)
    {
        _region = region;
        Pages = pages;
    }

    /// <summary>What the region became.</summary>
    public MemoryPages Pages { get; }

    /// <summary>Maps and touches a region.</summary>
    /// <param name="bytes">At least 64.</param>
    /// <param name="wanted">Falls back to transparent hugepages when no reserved ones are free.</param>
    /// <exception cref="DpdkException">No memory.</exception>
    public static MemoryLimit Open(long bytes, MemoryPages wanted)
    {
        uint hugepages = wanted switch { MemoryPages.Small => 0, MemoryPages.Reserved => 1, _ => 2 };
        void* region;
        uint pages;
        int result = Native.dp_memory_limit_open((ulong)bytes, hugepages, &region, &pages);
        DpdkException.ThrowIfFailed(result, $"a region of {bytes} bytes", ulong.MaxValue);
        return new MemoryLimit(region, (MemoryPages)pages);
    }

    /// <summary>Lines a second over that many random reads on the calling thread.</summary>
    /// <param name="depth">Prefetches in flight before a read, 0 for none: sweep it and take the best.</param>
    /// <param name="accesses">Reads to time, at least 1; some millions for a steady figure.</param>
    /// <exception cref="DpdkException">An argument is out of range.</exception>
    public double Run(int depth, long accesses)
    {
        ObjectDisposedException.ThrowIf(_region is null, this);
        double linesPerSecond;
        int result = Native.dp_memory_limit_run(_region, (uint)depth, (ulong)accesses, &linesPerSecond);
        DpdkException.ThrowIfFailed(result, $"{accesses} reads at depth {depth}", ulong.MaxValue);
        return linesPerSecond;
    }

    public void Dispose()
    {
        Native.dp_memory_limit_close(_region);
        _region = null;
    }
}
