using System.Numerics;
using System.Runtime.CompilerServices;
using System.Threading;

namespace Dataplane.Conntrack;

public unsafe partial struct ConntrackTable<TTuple>
{
    /// <summary>Finds the live entry of a tuple by walking every place it may stand in.</summary>
    /// <param name="tuple">The tuple of a packet.</param>
    /// <param name="hash">Its hash.</param>
    /// <param name="nowSeconds">The burst's time; entries whose deadline has passed are not found.</param>
    /// <param name="worker">Counts the restarts.</param>
    /// <returns>The entry and the direction that the tuple is of, or none.</returns>
    /// <remarks>
    /// Places do not move within an array, so a connection that lives throughout the search is found unless it moved to another
    /// array; then the view has changed, and the search starts again.
    /// Not inlined: the burst lookup answers nearly every packet without it.
    /// </remarks>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public EntryReference Find(TTuple* tuple, ulong hash, uint nowSeconds, WorkerSlot* worker)
    {
        while (true)
        {
            BucketView* view = View;
            EntryReference found = default;

            // Previous first: a move fills its new place before it clears the old one.
            if (view->Previous.Buckets != null)
            {
                found = FindIn(view->Previous, tuple, hash, nowSeconds);
            }

            if (found.IsNone)
            {
                found = FindIn(view->Current, tuple, hash, nowSeconds);
            }

            // No load of the search may be made later than this one.
            Volatile.ReadBarrier();
            if (!found.IsNone || View == view)
            {
                return found;
            }

            worker->Counters.SearchRestart++;
        }
    }

    /// <summary>Whether a place's entry is of this tuple, in this direction, and lives.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool IsLiveMatch(EntryReference reference, TTuple* tuple, uint nowSeconds)
    {
        byte* entry = EntryAt(reference.Index);
        Shared.Point();
        if (!SameTuple(Entry<TTuple>.Tuple(entry, reference.Direction), tuple))
        {
            return false;
        }

        StateWord word = new(Shared.Acquire(ref Entry<TTuple>.Head(entry)->State));
        return word.IsLive && !word.IsExpired(nowSeconds);
    }

    private readonly EntryReference FindIn(in BucketArray array, TTuple* tuple, ulong hash, uint nowSeconds)
    {
        ushort tag = TupleHash.Tag(hash);
        Bucket* bucket = array.First(hash);
        for (ulong probe = 0; probe < array.Probes; probe++)
        {
            for (uint match = Bucket.Match(bucket, tag); match != 0; match &= match - 1)
            {
                EntryReference reference = new(Shared.Acquire(ref bucket->References[BitOperations.TrailingZeroCount(match)]));
                if (IsLiveMatch(reference, tuple, nowSeconds))
                {
                    return reference;
                }
            }

            if (Shared.Acquire(ref Bucket.PassagesOf(bucket, hash)) == 0)
            {
                break;
            }

            bucket = array.Next(bucket, hash);
        }

        return default;
    }
}
