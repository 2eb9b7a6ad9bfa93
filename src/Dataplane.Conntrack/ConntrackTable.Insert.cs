using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using System.Threading;

namespace Dataplane.Conntrack;

public unsafe partial struct ConntrackTable<TTuple>
{
    private const int AttemptsMax = 64;

    /// <summary>Publishes a completely built entry under both its tuples, or under neither.</summary>
    /// <param name="worker">The calling worker's slot.</param>
    /// <param name="index">From <see cref="TryAllocate"/>; its tuples, rewrite and state word (without
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
        for (int attempt = 0; attempt < AttemptsMax; attempt++)
        {
            StripeLocks.EnterBoth(_locks, originalHash, replyHash);
            InsertResult result = InsertLocked(index, originalHash, replyHash, out existing);
            StripeLocks.ExitBoth(_locks, originalHash, replyHash);
            if (existing.IsNone)
            {
                Count(ref worker->Counters, result);
                return result;
            }

            // What is in the way may be a corpse. It is removed with no lock held, because its other tuple has another lock.
            StateWord word = new(Volatile.Read(ref Entry<TTuple>.Head(EntryAt(existing.Index))->State));
            if (word.IsLive && !word.IsExpired(nowSeconds))
            {
                Count(ref worker->Counters, result);
                return result;
            }

            if (word.IsLive && TryRemove(worker, existing.Index, word))
            {
                worker->Counters.Expired++;
            }
            else
            {
                Pause();
            }
        }

        existing = default;
        worker->Counters.InsertFailed++;
        return InsertResult.Busy;
    }

    private readonly InsertResult InsertLocked(uint index, ulong originalHash, ulong replyHash, out EntryReference existing)
    {
        byte* entry = EntryAt(index);
        existing = FindAny(Entry<TTuple>.Tuple(entry, Direction.Original), originalHash);
        if (!existing.IsNone)
        {
            return InsertResult.OriginalExists;
        }

        existing = FindAny(Entry<TTuple>.Tuple(entry, Direction.Reply), replyHash);
        if (!existing.IsNone)
        {
            return InsertResult.ReplyExists;
        }

        if (!FindPlace(replyHash, null, -1, out Bucket* replyBucket, out int replyPlace)
            || !FindPlace(originalHash, replyBucket, replyPlace, out Bucket* originalBucket, out int originalPlace))
        {
            return InsertResult.ChainTooLong;
        }

        // Nothing can fail from here on. The entry is confirmed before its first reference is visible; an even generation
        // tells a dump that its contents hold still.
        EntryHead* head = Entry<TTuple>.Head(entry);
        head->State |= (uint)EntryFlags.Confirmed;
        Volatile.Write(ref head->Generation, head->Generation + 1);
        Publish(replyHash, replyBucket, replyPlace, new EntryReference(index, Direction.Reply));
        Publish(originalHash, originalBucket, originalPlace, new EntryReference(index, Direction.Original));
        return InsertResult.Inserted;
    }

    /// <summary>Any entry of the tuple, alive or not; only under the tuple's lock.</summary>
    private readonly EntryReference FindAny(TTuple* tuple, ulong hash)
    {
        ushort tag = TupleHash.Tag(hash);
        Bucket* bucket = BucketOf(hash);
        for (uint probe = 0; probe < _probes; probe++)
        {
            for (uint match = Bucket.Match(bucket, tag); match != 0; match &= match - 1)
            {
                EntryReference reference = new(bucket->References[BitOperations.TrailingZeroCount(match)]);
                if (SameTuple(Entry<TTuple>.Tuple(EntryAt(reference.Index), reference.Direction), tuple))
                {
                    return reference;
                }
            }

            if (bucket->Overflowed == 0)
            {
                break;
            }

            bucket = NextBucket(bucket, hash);
        }

        return default;
    }

    /// <summary>The first free place of a probe sequence, passing over one that is spoken for.</summary>
    private readonly bool FindPlace(ulong hash, Bucket* takenBucket, int takenPlace, out Bucket* bucket, out int place)
    {
        bucket = BucketOf(hash);
        for (uint probe = 0; probe < _probes; probe++)
        {
            uint free = Bucket.Match(bucket, 0);
            if (bucket == takenBucket)
            {
                free &= ~(1u << takenPlace);
            }

            if (free != 0)
            {
                place = BitOperations.TrailingZeroCount(free);
                return true;
            }

            bucket = NextBucket(bucket, hash);
        }

        place = -1;
        return false;
    }

    /// <summary>Fills a place; the passages are counted first, so that a reader who needs them sees them.</summary>
    private readonly void Publish(ulong hash, Bucket* bucket, int place, EntryReference reference)
    {
        for (Bucket* passed = BucketOf(hash); passed != bucket; passed = NextBucket(passed, hash))
        {
            passed->Overflowed++;
        }

        Volatile.Write(ref bucket->Version, bucket->Version + 1);
        bucket->References[place] = reference.Value;
        Volatile.Write(ref bucket->Tags[place], TupleHash.Tag(hash));
        Volatile.Write(ref bucket->Version, bucket->Version + 1);
    }

    private static void Count(ref TableCounters counters, InsertResult result)
    {
        switch (result)
        {
            case InsertResult.Inserted:
                counters.Insert++;
                break;
            case InsertResult.OriginalExists:
                counters.ClashResolve++;
                break;
            case InsertResult.ChainTooLong:
                counters.ChainTooLong++;
                counters.InsertFailed++;
                break;
            default:
                counters.InsertFailed++;
                break;
        }
    }

    // Not inlined: only contention comes here.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Pause()
    {
        if (X86Base.IsSupported)
        {
            X86Base.Pause();
        }
    }
}
