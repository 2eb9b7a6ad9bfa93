using System.Runtime.CompilerServices;
using System.Threading;

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

    /// <summary>Whether an allocation would succeed now: what is prepared for a full table or zone is in vain.</summary>
    public readonly bool HasRoom(WorkerSlot* worker, ushort zone) => _pool->HasRoom(worker, zone);

    /// <summary>Asks for the lines of the entries that the next allocations will take.</summary>
    /// <param name="worker">The calling worker's slot.</param>
    /// <param name="count">Allocations that are about to come; at most a batch of the pool is asked for.</param>
    public readonly void PrefetchFree(WorkerSlot* worker, int count)
    {
        _pool->Indexes.Provide(&worker->Entries, count);
        int known = worker->Entries.Count;
        int last = known > count ? known - count : 0;
        for (int position = known - 1; position >= last; position--)
        {
            byte* entry = EntryAt(worker->Entries.Indexes[position]);
            Prefetch(entry);
            Prefetch(Entry<TTuple>.Head(entry));
            Prefetch(Entry<TTuple>.Tail(entry));
        }
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

    /// <summary>Entries that a worker frees at most per poll: more than it retires, and a few microseconds.</summary>
    public const int ReclaimBatch = 128;

    /// <summary>Frees what was retired and has passed its grace period; once per poll, at the quiescent point.</summary>
    /// <param name="worker">The calling worker's slot.</param>
    /// <param name="entriesMax">The bound of the step: what a worker that was away has held up is freed over several polls.</param>
    /// <remarks>Inlined: polls without removals, nearly all, end here.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Reclaim(WorkerSlot* worker, int entriesMax = int.MaxValue)
    {
        if (worker->Retired.Count != 0)
        {
            ReclaimRetired(worker, entriesMax);
        }
    }

    // Not inlined: only polls after removals.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private readonly void ReclaimRetired(WorkerSlot* worker, int entriesMax)
    {
        worker->Retired.Seal(Quiescence);
        ulong passed = Quiescence->OldestSeen();
        for (int freed = 0; freed < entriesMax && worker->Retired.TryTake(passed, out uint index); freed++)
        {
            // The ring's order is that of retirement: the entry some steps on is asked for now.
            Prefetch(Entry<TTuple>.Head(EntryAt(worker->Retired.Ahead(8))));
            EntryHead* head = Entry<TTuple>.Head(EntryAt(index));
            Shared.Release(ref head->Generation, head->Generation + 1);

            // A dump that sees any of what comes next sees the odd generation, too; on x86-64 this is no instruction.
            Volatile.WriteBarrier();
            Shared.Point();
            head->State = 0;
            ReleaseSides(worker, head);
            _pool->Indexes.Return(&worker->Entries, index);
        }
    }
}
