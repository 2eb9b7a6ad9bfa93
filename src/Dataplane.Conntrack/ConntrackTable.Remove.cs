using System.Diagnostics;
using System.Numerics;
using System.Threading;

namespace Dataplane.Conntrack;

public unsafe partial struct ConntrackTable<TTuple>
{
    /// <summary>Removes an entry if its state word is still the one that the caller judged.</summary>
    /// <returns>False when another worker changed the word first (the entry was refreshed, or somebody else removes
    /// it), or when too many
    /// entries of this worker wait for their grace period: some other worker has been away for long.</returns>
    /// <remarks>Takes both stripe locks; the caller holds none.</remarks>
    public readonly bool TryRemove(WorkerSlot* worker, uint index, StateWord judged)
    {
        byte* entry = EntryAt(index);
        EntryHead* head = Entry<TTuple>.Head(entry);
        if (!judged.IsLive
            || EntryPool.RetirementsLeft(worker) == 0
            || Interlocked.CompareExchange(ref head->State, judged.With(EntryFlags.Dying).Value, judged.Value) != judged.Value)
        {
            return false;
        }

        ulong originalHash = Hash(Entry<TTuple>.Tuple(entry, Direction.Original));
        ulong replyHash = Hash(Entry<TTuple>.Tuple(entry, Direction.Reply));
        StripeLocks.EnterBoth(_locks, originalHash, replyHash);
        Clear(originalHash, new EntryReference(index, Direction.Original));
        Clear(replyHash, new EntryReference(index, Direction.Reply));
        StripeLocks.ExitBoth(_locks, originalHash, replyHash);
        worker->Counters.Delete++;
        _pool->Retire(worker, index);
        return true;
    }

    private readonly void Clear(ulong hash, EntryReference reference)
    {
        ushort tag = TupleHash.Tag(hash);
        Bucket* bucket = BucketOf(hash);
        for (uint probe = 0; probe < _probes; probe++)
        {
            for (uint match = Bucket.Match(bucket, tag); match != 0; match &= match - 1)
            {
                int place = BitOperations.TrailingZeroCount(match);
                if (bucket->References[place] == reference.Value)
                {
                    Volatile.Write(ref bucket->Version, bucket->Version + 1);
                    Volatile.Write(ref bucket->Tags[place], 0);
                    Volatile.Write(ref bucket->Version, bucket->Version + 1);
                    for (Bucket* passed = BucketOf(hash); passed != bucket; passed = NextBucket(passed, hash))
                    {
                        passed->Overflowed--;
                    }

                    return;
                }
            }

            bucket = NextBucket(bucket, hash);
        }

        // The remover owns the entry and holds its locks: a missing place means that the table is corrupt.
        System.Environment.FailFast($"connection table: entry {reference.Index} has no {reference.Direction} place");
        throw new UnreachableException();
    }
}
