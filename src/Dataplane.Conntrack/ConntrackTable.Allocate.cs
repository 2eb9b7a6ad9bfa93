using System.Runtime.CompilerServices;
using System.Threading;

namespace Dataplane.Conntrack;

public unsafe partial struct ConntrackTable<TTuple>
{
    /// <summary>Takes a free entry for building; it is invisible until <see cref="Insert"/>.</summary>
    /// <returns>False when the limit or the arena is exhausted.</returns>
    public readonly bool TryAllocate(WorkerSlot* worker, out uint index)
    {
        if (!_pool->TryTake(worker, out index))
        {
            return false;
        }

        byte* entry = EntryAt(index);
        EntryHead* head = Entry<TTuple>.Head(entry);
        head->NextHopOriginal = 0;
        head->NextHopReply = 0;
        head->Rewrite = 0;
        head->Side = 0;
        *Entry<TTuple>.Tail(entry) = default;
        return true;
    }

    /// <summary>Gives an entry back that was never inserted.</summary>
    public readonly void Abandon(WorkerSlot* worker, uint index)
    {
        Entry<TTuple>.Head(EntryAt(index))->State = 0;
        _pool->Return(worker, index);
    }

    /// <summary>Frees what was retired and has passed its grace period; once per poll, at the quiescent point.</summary>
    public readonly void Reclaim(WorkerSlot* worker)
    {
        if (worker->RetiredHead == worker->RetiredTail)
        {
            return;
        }

        ReclaimRetired(worker);
    }

    // Not inlined: polls without removals, nearly all, skip it.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private readonly void ReclaimRetired(WorkerSlot* worker)
    {
        uint sealedUpTo = _pool->Seal(worker, Quiescence);
        ulong passed = Quiescence->OldestSeen();
        while (worker->RetiredHead != sealedUpTo)
        {
            uint slot = worker->RetiredHead & (EntryPool.RetiredMax - 1);
            if (worker->RetiredEpochs[slot] > passed)
            {
                return;
            }

            uint index = worker->RetiredIndexes[slot];
            EntryHead* head = Entry<TTuple>.Head(EntryAt(index));
            Volatile.Write(ref head->Generation, head->Generation + 1);
            head->State = 0;
            worker->RetiredHead++;
            _pool->Release(worker, index);
        }
    }
}
