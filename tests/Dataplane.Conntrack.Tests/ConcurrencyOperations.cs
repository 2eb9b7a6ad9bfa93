namespace Dataplane.Conntrack.Tests;

/// <summary>How a run's workers change the table: as the table does it. Variants that are known to be wrong override one of these.</summary>
internal unsafe class ConcurrencyOperations<TTuple, TFamily>
    where TTuple : unmanaged
    where TFamily : ITupleFamily<TTuple>
{
    /// <inheritdoc cref="ConntrackTable{TTuple}.Insert(WorkerSlot*, uint, uint, out EntryReference)"/>
    public virtual InsertResult Insert(
        TestTable<TTuple, TFamily> test, WorkerSlot* worker, uint index, uint nowSeconds, out EntryReference existing) =>
        test.Table->Insert(worker, index, nowSeconds, out existing);

    /// <summary>Writes a later deadline into a state word, if the word is still the one that the caller judged.</summary>
    public virtual bool TryRefresh(EntryHead* head, StateWord judged, StateWord next) =>
        EntryHead.TryMove(head, judged, next);

    /// <inheritdoc cref="ConntrackTable{TTuple}.Reclaim"/>
    public virtual void Reclaim(TestTable<TTuple, TFamily> test, WorkerSlot* worker) => test.Table->Reclaim(worker);

    /// <inheritdoc cref="ConntrackTable{TTuple}.MoveStep"/>
    public virtual void MoveStep(TestTable<TTuple, TFamily> test) => test.Table->MoveStep();
}
