using System.Runtime.InteropServices;
using System.Threading;

namespace Dataplane.Conntrack;

/// <summary>Free entries and the right to use them, shared by all workers and touched by each only once per batch.</summary>
/// <remarks>
/// <para>
/// Two things are handed out. A <i>credit</i> is the right to one more connection; there are exactly as many as the
/// configured maximum.
/// An <i>index</i> names a free entry; there are more, because a removed entry gives its credit back at once and its
/// index only after its
/// grace period. Both move between a worker and the pool in batches; when credits run short they move one by one and
/// idle workers hand theirs in, so the maximum is reached exactly and never passed.
/// </para>
/// <code>
/// line 0: lock, stack of free indexes   under the lock
/// line 1: credits                       atomic
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = 128)]
public unsafe struct EntryPool
{
    /// <summary>Free indexes that a worker keeps at most.</summary>
    public const int CacheMax = 256;

    /// <summary>Entries that one worker may have waiting for their grace period.</summary>
    public const int RetiredMax = 8192;

    private const int Batch = 128;
    private const int CreditBatch = 32;

    [FieldOffset(0)] private int _lock;
    [FieldOffset(4)] private uint _freeCount;
    [FieldOffset(8)] private uint* _free;
    [FieldOffset(64)] private long _credits;
    [FieldOffset(72)] private long _creditsMax;
    [FieldOffset(80)] private long _scarce;

    /// <summary>Spare indexes per worker beyond the maximum: its cache and what may wait for a grace period.</summary>
    public static uint ReservePerWorker => CacheMax + RetiredMax;

    internal void Initialize(uint* free, uint entryCount, long entriesMax, int workers)
    {
        _free = free;
        _creditsMax = entriesMax;
        _credits = entriesMax;
        _scarce = (long)workers * CreditBatch * 4;

        // Highest index first, so that the lowest are used first and a small load stays in few pages.
        for (uint index = entryCount - 1; index >= 1; index--)
        {
            _free[_freeCount++] = index;
        }
    }

    internal bool TryTake(WorkerSlot* worker, out uint index)
    {
        index = 0;
        if (worker->Credits == 0 && !TakeCredits(worker))
        {
            return false;
        }

        if (worker->FreeCount == 0 && !Refill(worker))
        {
            return false;
        }

        worker->Credits--;
        index = worker->Free[--worker->FreeCount];
        return true;
    }

    /// <summary>Returns an entry that no reader ever saw: index and credit at once.</summary>
    internal void Return(WorkerSlot* worker, uint index)
    {
        GiveCredit(worker);
        Release(worker, index);
    }

    /// <summary>Takes an unlinked entry in: its credit is free now, its index after the grace period.
    /// The caller has seen <see cref="RetirementsLeft"/> above 0.</summary>
    internal void Retire(WorkerSlot* worker, uint index)
    {
        GiveCredit(worker);
        uint slot = worker->RetiredTail & (RetiredMax - 1);
        worker->RetiredIndexes[slot] = index;
        worker->RetiredTail++;
    }

    /// <summary>Room for further retirements before the next quiescent point.</summary>
    public static uint RetirementsLeft(WorkerSlot* worker) => RetiredMax - (worker->RetiredTail - worker->RetiredHead);

    /// <summary>Ends the epoch for what was retired since the last call.</summary>
    /// <returns>The ring position up to which epochs are known.</returns>
    internal readonly uint Seal(WorkerSlot* worker, Quiescence* quiescence)
    {
        if (worker->RetiredSealed != worker->RetiredTail)
        {
            ulong epoch = quiescence->Advance();
            for (uint position = worker->RetiredSealed; position != worker->RetiredTail; position++)
            {
                worker->RetiredEpochs[position & (RetiredMax - 1)] = epoch;
            }

            worker->RetiredSealed = worker->RetiredTail;
        }

        return worker->RetiredSealed;
    }

    /// <summary>An index whose grace period is over.</summary>
    internal void Release(WorkerSlot* worker, uint index)
    {
        if (worker->FreeCount == CacheMax)
        {
            Spill(worker);
        }

        worker->Free[worker->FreeCount++] = index;
    }

    /// <summary>Hands in what an idle worker holds when others may need it; once per housekeeping round.</summary>
    public void HandInWhenScarce(WorkerSlot* worker)
    {
        if (worker->Credits > 0 && Volatile.Read(ref _credits) < _scarce)
        {
            Interlocked.Add(ref _credits, worker->Credits);
            worker->Credits = 0;
        }
    }

    private bool TakeCredits(WorkerSlot* worker)
    {
        while (true)
        {
            long left = Volatile.Read(ref _credits);
            if (left <= 0)
            {
                return false;
            }

            long taken = left < _scarce ? 1 : CreditBatch;
            if (Interlocked.CompareExchange(ref _credits, left - taken, left) == left)
            {
                worker->Credits += (int)taken;
                return true;
            }
        }
    }

    private void GiveCredit(WorkerSlot* worker)
    {
        worker->Credits++;
        if (worker->Credits > 2 * CreditBatch || Volatile.Read(ref _credits) < _scarce)
        {
            int given = worker->Credits > CreditBatch ? worker->Credits - CreditBatch : worker->Credits;
            worker->Credits -= given;
            Interlocked.Add(ref _credits, given);
        }
    }

    private bool Refill(WorkerSlot* worker)
    {
        fixed (int* word = &_lock)
        {
            StripeLocks.Enter(word);
            uint taken = _freeCount < Batch ? _freeCount : Batch;
            for (uint position = 0; position < taken; position++)
            {
                worker->Free[worker->FreeCount++] = _free[--_freeCount];
            }

            StripeLocks.Exit(word);
            return taken > 0;
        }
    }

    private void Spill(WorkerSlot* worker)
    {
        fixed (int* word = &_lock)
        {
            StripeLocks.Enter(word);
            for (int position = 0; position < Batch; position++)
            {
                _free[_freeCount++] = worker->Free[--worker->FreeCount];
            }

            StripeLocks.Exit(word);
        }
    }
}
