using System.Runtime.InteropServices;
using Dataplane.Conntrack;
using Dataplane.Datapath.Fragments;
using Dataplane.Datapath.SlowPath;
using Dataplane.Datapath.SlowPath.Ipv6;
using Dataplane.Nat;
using Dataplane.Packet;

namespace Dataplane.Datapath;

/// <summary>Packets that wait for the end of the poll to leave by one port.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct TransmitBuffer
{
    public Mbuf** Packets;
    public int Count;

    /// <summary>This worker's queue, or -1: another worker's, reached by <see cref="Ring"/>.</summary>
    public int Queue;
    public HandoverRing* Ring;
}

/// <summary>A (port, queue) pair that a worker receives from.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ReceiveQueue
{
    public byte Port;
    public ushort Queue;
}

/// <summary>All that a worker's stages work with: one native block per worker, touched by that worker only.</summary>
/// <remarks>
/// Pointers to what is shared (plan, table, neighbours) and the worker's own scratch (the burst, its meta data, transmit
/// buffers, counters). Native, because nothing on the packet path may move or be collected.
/// </remarks>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct WorkerContext
{
    /// <summary>Packets of one burst at most; measured, see perf/README.md.</summary>
    public const int BurstMax = 128;

    /// <summary>First packets that are judged before the first of them is acted on; measured, see ARCHITECTURE.md.</summary>
    public const int AdmissionsMax = 32;

    /// <summary>Packets that may wait for one port during a poll.</summary>
    public const int TransmitMax = 256;

    /// <summary>Packets that may wait to be freed.</summary>
    public const int FreeMax = 64;

    // Read-mostly.
    public Plan* Plan;
    public ConntrackTable<Ipv4Tuple>* Table;
    public WorkerSlot* Slot;
    public EntryPool* Pool;

    /// <summary>IPv6's table, or null when the router has no IPv6; then the next three are meaningless.</summary>
    public ConntrackTable<Ipv6Tuple>* Table6;
    public WorkerSlot* Slot6;
    public EntryPool* Pool6;
    public LinkState* Links;
    public NeighbourTable* Neighbours;
    public FragmentTables* Fragments;

    /// <summary><see cref="Trackers.CopyEffects"/> at a fixed address.</summary>
    public uint* Effects;
    public RateLimiter* IcmpLimiter;
    public PortRandom* Random;
    public WorkerCounters* Counters;
    public ReceiveQueue* ReceiveQueues;
    public int ReceiveQueueCount;
    public TransmitBuffer* Transmit;
    public int PortCount;

    /// <summary>Rings that end at this worker: of every port whose queue it owns, from every other worker.</summary>
    public OwnedRing* OwnedRings;
    public int OwnedRingCount;

    /// <summary>More than one worker runs: counters in entries need atomic adds.</summary>
    public bool IsShared;
    public int WorkerIndex;
    public int WorkerCount;

    // The burst.
    public long NowNanoseconds;
    public uint NowSeconds;
    public Mbuf** Burst;
    public PacketMeta* Metas;
    public Ipv6Tuple* Tuples6;

    /// <summary>Positions in the burst that are on the IPv4 fast path.</summary>
    public PositionList Tracked;

    /// <summary>Positions in the burst that are on the IPv6 fast path.</summary>
    public PositionList Tracked6;

    /// <summary>Positions in the burst that need the slow path.</summary>
    public int* Slow;
    public int SlowCount;

    /// <summary>What was judged of a group of slow packets, by place in the group.</summary>
    public Admission* Admissions;
    public Admission6* Admissions6;

    public Mbuf** FreeList;
    public int FreeCount;

    // Housekeeping.
    public uint NeighbourCursor;
    public long HousekeepingNanoseconds;
}

/// <summary>A hand-over ring and the port that its packets leave by.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct OwnedRing
{
    public HandoverRing* Ring;
    public byte Port;
}
