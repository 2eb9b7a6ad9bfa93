using System.Numerics;
using System.Runtime.CompilerServices;

namespace Dataplane.Conntrack;

public unsafe partial struct ConntrackTable<TTuple>
{
    private const int AttemptsMax = 64;

    /// <summary>Publishes a completely built entry under both its tuples, or under neither.</summary>
    /// <param name="worker">The calling worker's slot.</param>
    /// <param name="index">From <see cref="Allocate"/>; its tuples, rewrite and state word (without
    /// <see cref="EntryFlags.Confirmed"/>) are final.</param>
    /// <param name="nowSeconds">The burst's time.</param>
    /// <param name="existing">The live entry in the way with <see cref="InsertResult.OriginalExists"/> or
    /// <see cref="InsertResult.ReplyExists"/>.</param>
    /// <remarks>On any result but <see cref="InsertResult.Inserted"/> the entry still belongs to the caller.</remarks>
    public InsertResult Insert(WorkerSlot* worker, uint index, uint nowSeconds, out EntryReference existing)
    {
        byte* entry = EntryAt(index);
        ulong originalHash = Hash(Entry<TTuple>.Tuple(entry, Direction.Original));
        ulong replyHash = Hash(Entry<TTuple>.Tuple(entry, Direction.Reply));
        return Insert(worker, index, originalHash, replyHash, nowSeconds, out existing);
    }

    /// <summary>As <see cref="Insert(WorkerSlot*, uint, uint, out EntryReference)"/>, for callers that have hashed the tuples already to
    /// ask for their buckets.</summary>
    public InsertResult Insert(
        WorkerSlot* worker, uint index, ulong originalHash, ulong replyHash, uint nowSeconds, out EntryReference existing)
    {
        for (int attempt = 0; attempt < AttemptsMax; attempt++)
        {
            StripeLocks.EnterBoth(_locks, originalHash, replyHash);
            InsertResult result = InsertLocked(index, originalHash, replyHash, out existing);
            StripeLocks.ExitBoth(_locks, originalHash, replyHash);
            if (result == InsertResult.Inserted)
            {
                worker->Counters.Insert++;
                worker->Unconfirmed--;
                return result;
            }

            if (existing.IsNone || !TryClearAway(worker, existing.Index, nowSeconds))
            {
                Count(ref worker->Counters, result);
                return result;
            }
        }

        existing = default;
        worker->Counters.InsertFailed++;
        return InsertResult.Busy;
    }

    /// <summary>Removes what is in the way of an insertion if it has ended.</summary>
    /// <returns>False when it lives; otherwise the insertion is worth another try.</returns>
    // No lock is held here, because the other tuple of what is removed has another lock. Not inlined: clashes only.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TryClearAway(WorkerSlot* worker, uint index, uint nowSeconds)
    {
        StateWord word = new(Shared.Acquire(ref Entry<TTuple>.Head(EntryAt(index))->State));
        if (word.IsLive && !word.IsExpired(nowSeconds))
        {
            return false;
        }

        if (word.IsLive && TryRemove(worker, index, word))
        {
            worker->Counters.Expired++;
        }
        else
        {
            Shared.Wait();
        }

        return true;
    }

    private InsertResult InsertLocked(uint index, ulong originalHash, ulong replyHash, out EntryReference existing)
    {
        byte* entry = EntryAt(index);
        BucketView* view = View;
        existing = FindAny(view, Entry<TTuple>.Tuple(entry, Direction.Original), originalHash);
        if (!existing.IsNone)
        {
            return InsertResult.OriginalExists;
        }

        existing = FindAny(view, Entry<TTuple>.Tuple(entry, Direction.Reply), replyHash);
        if (!existing.IsNone)
        {
            return InsertResult.ReplyExists;
        }

        ref BucketArray current = ref view->Current;
        if (!current.FindPlace(replyHash, null, -1, out Bucket* replyBucket, out int replyPlace)
            || !current.FindPlace(originalHash, replyBucket, replyPlace, out Bucket* originalBucket, out int originalPlace))
        {
            return InsertResult.ChainTooLong;
        }

        // Nothing can fail from here on. The entry is confirmed before its first reference is visible; an even generation
        // tells a dump that its contents hold still.
        EntryHead* head = Entry<TTuple>.Head(entry);
        Shared.Point();
        head->State |= (uint)EntryFlags.Confirmed;
        Shared.Release(ref head->Generation, head->Generation + 1);
        current.Publish(replyHash, replyBucket, replyPlace, new EntryReference(index, Direction.Reply));
        current.Publish(originalHash, originalBucket, originalPlace, new EntryReference(index, Direction.Original));
        return InsertResult.Inserted;
    }

    /// <summary>Any entry of the tuple, alive or not; only under the tuple's lock.</summary>
    private readonly EntryReference FindAny(BucketView* view, TTuple* tuple, ulong hash)
    {
        EntryReference found = FindAnyIn(view->Current, tuple, hash);
        return found.IsNone && view->Previous.Buckets != null ? FindAnyIn(view->Previous, tuple, hash) : found;
    }

    private readonly EntryReference FindAnyIn(in BucketArray array, TTuple* tuple, ulong hash)
    {
        ushort tag = TupleHash.Tag(hash);
        Bucket* bucket = array.First(hash);
        for (ulong probe = 0; probe < array.Probes; probe++)
        {
            for (uint match = Bucket.Match(bucket, tag); match != 0; match &= match - 1)
            {
                Shared.Point();
                EntryReference reference = new(bucket->References[BitOperations.TrailingZeroCount(match)]);
                if (SameTuple(Entry<TTuple>.Tuple(EntryAt(reference.Index), reference.Direction), tuple))
                {
                    return reference;
                }
            }

            Shared.Point();
            if (Bucket.PassagesOf(bucket, hash) == 0)
            {
                break;
            }

            bucket = array.Next(bucket, hash);
        }

        return default;
    }

    private static void Count(ref TableCounters counters, InsertResult result)
    {
        if (result == InsertResult.OriginalExists)
        {
            counters.ClashResolve++;
            return;
        }

        counters.InsertFailed++;
        counters.ChainTooLong += result == InsertResult.ChainTooLong ? 1u : 0u;
    }
}
