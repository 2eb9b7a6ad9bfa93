using Dataplane.Packet;

namespace Dataplane.Conntrack.Interleaving.Tests;

/// <summary>The table's operations as they are; what derives from this makes one of them wrong.</summary>
internal unsafe class TableOperations
{
    public virtual EntryReference Find(ConntrackTable<Ipv4Tuple>* table, Ipv4Tuple* tuple, ulong hash, WorkerSlot* worker) =>
        table->Find(tuple, hash, SmallTable.Now, worker);

    public virtual InsertResult Insert(ConntrackTable<Ipv4Tuple>* table, uint index, WorkerSlot* worker, out EntryReference existing) =>
        table->Insert(worker, index, SmallTable.Now, out existing);

    public virtual bool Evict(ConntrackTable<Ipv4Tuple>* table, uint index, StateWord judged, WorkerSlot* worker) =>
        table->TryEvict(worker, index, judged);

    public virtual bool Refresh(EntryHead* head, StateWord judged, StateWord refreshed) =>
        EntryHead.TryMove(head, judged, refreshed);

    /// <summary>What of a segment's judgement is done under its connection's lock.</summary>
    public virtual LockSpan Held => LockSpan.Everything;

    public virtual bool Reopen(
        ConntrackTable<Ipv4Tuple>* table, Ipv4Tuple* tuple, ulong hash, uint index, StateWord judged, WorkerSlot* worker) =>
        table->TryRemove(worker, index, judged);

    public virtual bool CopySide(ConntrackTable<Ipv4Tuple>* table, uint index, byte* copy, out SideRecord record) =>
        table->TryCopySide(index, copy, SideKind.Label, out record);

    public virtual void Move(ConntrackTable<Ipv4Tuple>* table) => table->MoveStep();

    public virtual void Reclaim(ConntrackTable<Ipv4Tuple>* table, WorkerSlot* worker) => table->Reclaim(worker);

    public virtual bool MayFree(ConntrackTable<Ipv4Tuple>* table) => table->HasForgottenPrevious();
}

/// <summary>What of a segment's judgement is done under its connection's lock.</summary>
internal enum LockSpan
{
    /// <summary>All of it, as it must be.</summary>
    Everything,

    /// <summary>The swap of the state word is not.</summary>
    AllButSwap,

    /// <summary>The counting is not.</summary>
    AllButCount,
}
