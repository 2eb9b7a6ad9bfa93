using System.Numerics;
using System.Runtime.CompilerServices;
using System.Threading;

namespace Dataplane.Conntrack;

public unsafe partial struct ConntrackTable<TTuple>
{
    /// <summary>Second pass of a burst lookup: the reference of the first place whose tag fits, or none.</summary>
    /// <param name="hash">The tuple's hash; its bucket should have been prefetched.</param>
    /// <param name="more">The answer may be elsewhere: another place has the tag too, or the bucket overflowed.</param>
    /// <remarks>Inlined into the pass over the burst, so that the bucket loads of neighbouring packets overlap.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly EntryReference Candidate(ulong hash, out bool more)
    {
        Bucket* bucket = BucketOf(hash);
        uint match = Bucket.Match(bucket, TupleHash.Tag(hash));
        more = bucket->Overflowed != 0 || (match & (match - 1)) != 0;
        if (match == 0)
        {
            return default;
        }

        // Acquire: the reference was stored before the tag that matched.
        return new EntryReference(Volatile.Read(ref bucket->References[BitOperations.TrailingZeroCount(match)]));
    }

    /// <summary>Finds the live entry of a tuple by walking every place it may stand in.</summary>
    /// <param name="tuple">The tuple of a packet.</param>
    /// <param name="hash">Its hash.</param>
    /// <param name="nowSeconds">The burst's time; entries whose deadline has passed are not found.</param>
    /// <param name="worker">Counts the restarts.</param>
    /// <returns>The entry and the direction that the tuple is of, or none.</returns>
    /// <remarks>
    /// A miss is only believed when no bucket on the way was being written while it was read: otherwise the walk starts again.
    /// Not inlined: the burst lookup answers nearly every packet without it.
    /// </remarks>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public readonly EntryReference Find(TTuple* tuple, ulong hash, uint nowSeconds, WorkerSlot* worker)
    {
        ushort tag = TupleHash.Tag(hash);
        while (true)
        {
            bool moved = false;
            Bucket* bucket = BucketOf(hash);
            for (uint probe = 0; probe < _probes; probe++)
            {
                uint version = Volatile.Read(ref bucket->Version);
                uint match = Bucket.Match(bucket, tag);
                while (match != 0)
                {
                    EntryReference reference = new(Volatile.Read(ref bucket->References[BitOperations.TrailingZeroCount(match)]));
                    match &= match - 1;
                    if (IsLiveMatch(reference, tuple, nowSeconds))
                    {
                        return reference;
                    }
                }

                bool overflowed = bucket->Overflowed != 0;
                Thread.MemoryBarrier();
                moved |= (version & 1) != 0 || Volatile.Read(ref bucket->Version) != version;
                if (!overflowed)
                {
                    break;
                }

                bucket = NextBucket(bucket, hash);
            }

            if (!moved)
            {
                return default;
            }

            worker->Counters.SearchRestart++;
        }
    }

    /// <summary>Whether a place's entry is of this tuple, in this direction, and lives.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool IsLiveMatch(EntryReference reference, TTuple* tuple, uint nowSeconds)
    {
        byte* entry = EntryAt(reference.Index);
        if (!SameTuple(Entry<TTuple>.Tuple(entry, reference.Direction), tuple))
        {
            return false;
        }

        StateWord word = new(Volatile.Read(ref Entry<TTuple>.Head(entry)->State));
        return word.IsLive && !word.IsExpired(nowSeconds);
    }
}
