using System.Runtime.InteropServices;

namespace Dataplane.Conntrack;

/// <summary>A worker's own part of the table: free entries, retired entries, counters, sweep cursor.</summary>
/// <remarks>
/// Native, on cache lines of its own. Written by its worker only; other threads read <see cref="Counters"/>.
/// </remarks>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct WorkerSlot
{
    /// <summary>0 to <see cref="WorkerCount"/> - 1.</summary>
    public uint WorkerIndex;

    public uint WorkerCount;

    /// <summary>Free entries at hand: <see cref="EntryPool.CacheMax"/> indexes.</summary>
    public uint* Free;

    public int FreeCount;

    /// <summary>Entries that this worker may still take before it asks the shared limit.</summary>
    public int Credits;

    /// <summary>Ring of entries that wait for their grace period, and the epoch that ends it.</summary>
    public uint* RetiredIndexes;
    public ulong* RetiredEpochs;
    public uint RetiredHead;
    public uint RetiredSealed;
    public uint RetiredTail;

    /// <summary>Next entry of the share that the sweep looks at.</summary>
    public uint SweepCursor;

    /// <summary>Time of the last step of the sweep.</summary>
    public long SweepNanoseconds;

    public TableCounters Counters;
}
