using System.Runtime.CompilerServices;

namespace Dataplane.Conntrack;

public unsafe partial struct ConntrackTable<TTuple>
{
    /// <summary>Takes a free entry for building; it is invisible until
    /// <see cref="Insert(WorkerSlot*, uint, uint, out EntryReference)"/>.</summary>
    /// <param name="worker">The calling worker's slot.</param>
    /// <param name="zone">Of the connection's original tuple, which the caller writes next.</param>
    /// <param name="index">The entry; 0 when a limit refused it.</param>
    public readonly AllocateResult Allocate(WorkerSlot* worker, ushort zone, out uint index)
    {
        AllocateResult result = _pool->Take(worker, zone, out index);
        if (result == AllocateResult.Allocated)
        {
            byte* entry = EntryAt(index);
            EntryHead* head = Entry<TTuple>.Head(entry);
            Shared.Point();
            head->NextHopOriginal = 0;
            head->NextHopReply = 0;
            head->Rewrite = 0;
            head->Mark = 0;
            head->Side = 0;
            *Entry<TTuple>.Tail(entry) = default;
        }

        return result;
    }

    /// <summary>Gives an entry back that was never inserted.</summary>
    public readonly void Abandon(WorkerSlot* worker, uint index)
    {
        byte* entry = EntryAt(index);
        EntryHead* head = Entry<TTuple>.Head(entry);
        Shared.Point();
        head->State = 0;
        ReleaseSides(worker, head);
        worker->Unconfirmed--;
        _pool->GiveCredits(worker, Entry<TTuple>.Zone(entry));
        _pool->Indexes.Return(&worker->Entries, index);
    }

    /// <summary>Frees what was retired and has passed its grace period; once per poll, at the quiescent point.</summary>
    /// <remarks>Inlined: polls without removals, nearly all, end here.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Reclaim(WorkerSlot* worker)
    {
        if (worker->Retired.Count != 0)
        {
            ReclaimRetired(worker);
        }
    }

    // Not inlined: only polls after removals.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private readonly void ReclaimRetired(WorkerSlot* worker)
    {
        worker->Retired.Seal(Quiescence);
        ulong passed = Quiescence->OldestSeen();
        while (worker->Retired.TryTake(passed, out uint index))
        {
            EntryHead* head = Entry<TTuple>.Head(EntryAt(index));
            Shared.Release(ref head->Generation, head->Generation + 1);
            Shared.Point();
            head->State = 0;
            ReleaseSides(worker, head);
            _pool->Indexes.Return(&worker->Entries, index);
        }
    }
}
