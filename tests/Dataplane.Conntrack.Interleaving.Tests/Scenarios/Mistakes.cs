using System.Threading;
using Dataplane.Packet;

namespace Dataplane.Conntrack.Interleaving.Tests;

/// <summary>A move that clears the old place before it fills the new one.</summary>
internal sealed unsafe class MoveThatClearsFirst : TableOperations
{
    public override void Move(ConntrackTable<Ipv4Tuple>* table) => table->MoveClearingFirst();
}

/// <summary>A lookup that searches Current before Previous and believes a miss.</summary>
internal sealed unsafe class LookupInCurrentFirst : TableOperations
{
    public override EntryReference Find(ConntrackTable<Ipv4Tuple>* table, Ipv4Tuple* tuple, ulong hash, WorkerSlot* worker) =>
        table->FindCurrentFirst(tuple, hash, SmallTable.Now);
}

/// <summary>A lookup that does not ask whether the view has changed.</summary>
internal sealed unsafe class LookupWithoutSecondLook : TableOperations
{
    public override EntryReference Find(ConntrackTable<Ipv4Tuple>* table, Ipv4Tuple* tuple, ulong hash, WorkerSlot* worker) =>
        table->FindOnce(tuple, hash, SmallTable.Now);
}

/// <summary>An insertion that lets go of one tuple's lock before it takes the other's.</summary>
internal sealed unsafe class InsertTupleByTuple : TableOperations
{
    public override InsertResult Insert(ConntrackTable<Ipv4Tuple>* table, uint index, WorkerSlot* worker, out EntryReference existing) =>
        table->InsertTupleByTuple(worker, index, out existing);
}

/// <summary>An insertion that takes a connection with the same reply tuple for its own.</summary>
internal sealed unsafe class InsertThatAdoptsByReply : TableOperations
{
    public override InsertResult Insert(ConntrackTable<Ipv4Tuple>* table, uint index, WorkerSlot* worker, out EntryReference existing)
    {
        InsertResult result = table->Insert(worker, index, SmallTable.Now, out existing);
        return result == InsertResult.ReplyExists ? InsertResult.OriginalExists : result;
    }
}

/// <summary>An insertion with one of the mistakes in its locked part.</summary>
internal sealed unsafe class InsertMistaken(InsertMistake mistake) : TableOperations
{
    public override InsertResult Insert(ConntrackTable<Ipv4Tuple>* table, uint index, WorkerSlot* worker, out EntryReference existing) =>
        table->InsertMistaken(worker, index, mistake, out existing);
}

/// <summary>Entries are reused without a grace period.</summary>
internal sealed unsafe class ReuseWithoutGrace : TableOperations
{
    public override void Reclaim(ConntrackTable<Ipv4Tuple>* table, WorkerSlot* worker) => table->ReclaimHastily(worker);
}

/// <summary>The emptied array is given back as soon as the resize has ended.</summary>
internal sealed unsafe class FreeWithoutGrace : TableOperations
{
    public override bool MayFree(ConntrackTable<Ipv4Tuple>* table) => !table->IsResizing;
}

/// <summary>A refresh writes the word without comparing, and so undoes a removal.</summary>
internal sealed unsafe class RefreshRegardless : TableOperations
{
    public override bool Refresh(EntryHead* head, StateWord judged, StateWord refreshed)
    {
        Shared.Point();
        Volatile.Write(ref head->State, refreshed.Value);
        return true;
    }
}

/// <summary>An eviction does not ask whether a packet has assured the entry since it was chosen.</summary>
internal sealed unsafe class EvictRegardless : TableOperations
{
    public override bool Evict(ConntrackTable<Ipv4Tuple>* table, uint index, StateWord judged, WorkerSlot* worker) =>
        table->EvictRegardless(worker, index, judged);
}

/// <summary>A segment is judged under its connection's lock, but something of what follows is done without.</summary>
internal sealed class LockGivenBack(LockSpan held) : TableOperations
{
    public override LockSpan Held => held;
}

/// <summary>A SYN that opens a connection again removes what its tuple leads to by then, not what it was judged by.</summary>
internal sealed unsafe class ReopenWhatever : TableOperations
{
    public override bool Reopen(
        ConntrackTable<Ipv4Tuple>* table, Ipv4Tuple* tuple, ulong hash, uint index, StateWord judged, WorkerSlot* worker)
    {
        EntryReference present = table->Find(tuple, hash, SmallTable.Now, worker);
        StateWord word = new(Shared.Acquire(ref Entry<Ipv4Tuple>.Head(table->EntryAt(present.Index))->State));
        return !present.IsNone && table->TryRemove(worker, present.Index, word);
    }
}

/// <summary>A listing does not ask whether the entry has gone since it was copied.</summary>
internal sealed unsafe class CopySideUnasked : TableOperations
{
    public override bool CopySide(ConntrackTable<Ipv4Tuple>* table, uint index, byte* copy, out SideRecord record) =>
        table->TryCopySideUnasked(copy, SideKind.Label, out record);
}
