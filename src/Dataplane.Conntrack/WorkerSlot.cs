using System.Runtime.InteropServices;

namespace Dataplane.Conntrack;

/// <summary>A worker's own part of the table: free and dying entries, credits, counters, sweep cursor.</summary>
/// <remarks>
/// Native, on cache lines of its own. Written by its worker only; other threads read the counters.
/// </remarks>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct WorkerSlot
{
    /// <summary>0 to <see cref="WorkerCount"/> - 1.</summary>
    public uint WorkerIndex;

    public uint WorkerCount;

    /// <summary>Free entries at hand.</summary>
    public IndexCache Entries;

    /// <summary>Free side records at hand.</summary>
    public IndexCache Sides;

    /// <summary>Connections that this worker may open before it asks the table's limit.</summary>
    public int Credits;

    /// <summary>Taken and neither inserted nor abandoned.</summary>
    public uint Unconfirmed;

    /// <summary>The worker's part of every zone's limit, by the zone's number in <see cref="LimitTable"/>.</summary>
    public ZoneShare* Zones;

    public int HandInCursor;

    /// <summary>Next entry of the share that the sweep looks at.</summary>
    public uint SweepCursor;

    /// <summary>Time of the last step of the sweep.</summary>
    public long SweepNanoseconds;

    /// <summary>Removed entries that wait for their grace period.</summary>
    public RetireRing Retired;

    public TableCounters Counters;
}
