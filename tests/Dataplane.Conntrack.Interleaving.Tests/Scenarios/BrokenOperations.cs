using System;
using Dataplane.Packet;

namespace Dataplane.Conntrack.Interleaving.Tests;

/// <summary>A lookup that never returns.</summary>
internal sealed unsafe class EndlessLookup : TableOperations
{
    public override EntryReference Find(ConntrackTable<Ipv4Tuple>* table, Ipv4Tuple* tuple, ulong hash, WorkerSlot* worker)
    {
        while (true)
        {
            Shared.Point();
        }
    }
}

/// <summary>A lookup that throws.</summary>
internal sealed unsafe class ThrowingLookup : TableOperations
{
    public override EntryReference Find(ConntrackTable<Ipv4Tuple>* table, Ipv4Tuple* tuple, ulong hash, WorkerSlot* worker) =>
        throw new InvalidOperationException("thrown by a lookup");
}

/// <summary>A lookup that takes a lock, if it is free, and keeps it.</summary>
internal sealed unsafe class LeakedLock : TableOperations
{
    public override EntryReference Find(ConntrackTable<Ipv4Tuple>* table, Ipv4Tuple* tuple, ulong hash, WorkerSlot* worker)
    {
        Shared.Swap(ref *table->LockWords, 1, 0);
        return default;
    }
}
