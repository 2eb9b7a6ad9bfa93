using System.Numerics;
using System.Runtime.CompilerServices;
using System.Threading;

namespace Dataplane.Conntrack;

/// <remarks>
/// <b>A burst at a time.</b> Every pass asks for the lines of the next: tags and the candidates' entries; then, for those whose bucket
/// somebody of their kind has passed, the further buckets of the probe sequence, while the keys are compared. What is found is as valid
/// as what <see cref="Find"/> finds; what is not found is settled once for the burst, by looking whether the view is still the same.
/// </remarks>
public unsafe partial struct ConntrackTable<TTuple>
{
    /// <summary>Positions in a burst at most.</summary>
    public const int BurstMax = 256;

    /// <summary>Looks up a burst whose first buckets (<see cref="BucketArray.First"/>) have been asked for.</summary>
    /// <param name="burst">Keys and results.</param>
    /// <param name="count">Positions, at most <see cref="BurstMax"/>.</param>
    /// <param name="nowSeconds">The burst's time; entries whose deadline has passed are not found.</param>
    /// <param name="worker">Counts the restarts.</param>
    /// <returns>Positions with a live entry; the others' references are 0.</returns>
    [SkipLocalsInit] // What is read has been written; clearing it would cost as much as a pass.
    public int FindBurst<TBurst>(TBurst burst, int count, uint nowSeconds, WorkerSlot* worker)
        where TBurst : struct, ILookupBurst<TTuple>
    {
        ushort* waiting = stackalloc ushort[BurstMax];
        Bucket** next = stackalloc Bucket*[BurstMax];
        BucketView* view = View;
        int left = MatchTags(burst, count, view->Current, waiting);

        // The second buckets arrive while the first ones' keys are compared.
        PrefetchNext(burst, left, view->Current, waiting, next);
        int found = CompareKeys(burst, count, nowSeconds, worker);
        if (left > 0)
        {
            found += MatchFurther(burst, left, view->Current, waiting, next, nowSeconds, worker);
        }

        // Nothing above may be read later than this; and a miss holds only if the table was one array throughout.
        Volatile.ReadBarrier();
        if (found < count && (view->Previous.Buckets != null || View != view))
        {
            worker->Counters.SearchRestart += View != view ? (uint)(count - found) : 0;
            found += SettleMisses(burst, count, nowSeconds, worker);
        }

        return found;
    }

    private readonly int MatchTags<TBurst>(TBurst burst, int count, BucketArray buckets, ushort* waiting)
        where TBurst : struct, ILookupBurst<TTuple>
    {
        byte* entries = Entries;
        bool needsTails = burst.NeedsTails;
        uint left = 0;
        for (int position = 0; position < count; position++)
        {
            ulong hash = burst.Hash(position);
            Bucket* bucket = buckets.First(hash);
            uint match = Bucket.Match(bucket, TupleHash.Tag(hash));
            uint reference = ReferenceOf(bucket, match);
            *burst.Reference(position) = reference;
            PrefetchEntry(entries, reference, needsTails);
            waiting[left] = (ushort)position;
            left += GoesOn(bucket, match, hash);
        }

        return (int)left;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PrefetchNext<TBurst>(TBurst burst, int left, BucketArray buckets, ushort* waiting, Bucket** next)
        where TBurst : struct, ILookupBurst<TTuple>
    {
        for (int index = 0; index < left; index++)
        {
            ulong hash = burst.Hash(waiting[index]);
            next[index] = buckets.Next(buckets.First(hash), hash);
            Prefetch(next[index]);
        }
    }

    private int CompareKeys<TBurst>(TBurst burst, int count, uint nowSeconds, WorkerSlot* worker)
        where TBurst : struct, ILookupBurst<TTuple>
    {
        int found = 0;
        for (int position = 0; position < count; position++)
        {
            EntryReference reference = new(*burst.Reference(position));
            if (!reference.IsNone)
            {
                found += IsLiveMatch(reference, burst.Tuple(position), nowSeconds)
                    ? 1
                    : FindAgain(burst, position, nowSeconds, worker);
            }
        }

        return found;
    }

    /// <summary>Goes on behind the first buckets, one bucket of every sequence a pass.</summary>
    // Not inlined: the burst whose tuples are all in their first bucket does without it.
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.NoInlining)]
    private int MatchFurther<TBurst>(
        TBurst burst, int left, BucketArray buckets, ushort* waiting, Bucket** next, uint nowSeconds, WorkerSlot* worker)
        where TBurst : struct, ILookupBurst<TTuple>
    {
        ushort* matched = stackalloc ushort[BurstMax];
        byte* entries = Entries;
        bool needsTails = burst.NeedsTails;
        uint count = 0;
        for (ulong probe = 1; probe < buckets.Probes && left > 0; probe++)
        {
            uint kept = 0;
            for (int index = 0; index < left; index++)
            {
                int position = waiting[index];
                Bucket* bucket = next[index];
                ulong hash = burst.Hash(position);
                uint match = Bucket.Match(bucket, TupleHash.Tag(hash));
                uint reference = ReferenceOf(bucket, match);
                *burst.Reference(position) = reference;
                PrefetchEntry(entries, reference, needsTails);
                matched[count] = (ushort)position;
                count += match == 0 ? 0u : 1u;
                if (GoesOn(bucket, match, hash) != 0)
                {
                    waiting[kept] = (ushort)position;
                    next[kept] = buckets.Next(bucket, hash);
                    Prefetch(next[kept++]);
                }
            }

            left = (int)kept;
        }

        int found = 0;
        for (uint index = 0; index < count; index++)
        {
            int position = matched[index];
            found += IsLiveMatch(new EntryReference(*burst.Reference(position)), burst.Tuple(position), nowSeconds)
                ? 1
                : FindAgain(burst, position, nowSeconds, worker);
        }

        return found;
    }

    /// <summary>The complete search for a position whose candidate was another tuple's, or has ended.</summary>
    // Not inlined: once in thousands of look-ups.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private int FindAgain<TBurst>(TBurst burst, int position, uint nowSeconds, WorkerSlot* worker)
        where TBurst : struct, ILookupBurst<TTuple>
    {
        EntryReference reference = Find(burst.Tuple(position), burst.Hash(position), nowSeconds, worker);
        *burst.Reference(position) = reference.Value;
        return reference.IsNone ? 0 : 1;
    }

    /// <summary>The complete search for every position without an entry, while the table is or was being resized.</summary>
    // Not inlined: tables are at rest nearly always.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private int SettleMisses<TBurst>(TBurst burst, int count, uint nowSeconds, WorkerSlot* worker)
        where TBurst : struct, ILookupBurst<TTuple>
    {
        BucketArray previous = View->Previous;
        for (int position = 0; position < count && previous.Buckets != null; position++)
        {
            if (*burst.Reference(position) == 0)
            {
                Prefetch(previous.First(burst.Hash(position)));
            }
        }

        int found = 0;
        for (int position = 0; position < count; position++)
        {
            if (*burst.Reference(position) == 0)
            {
                found += FindAgain(burst, position, nowSeconds, worker);
            }
        }

        return found;
    }

    /// <summary>1 when nothing matched and somebody of the hash's kind went on behind this bucket, else 0; without a branch, because
    /// it is as random as the traffic.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint GoesOn(Bucket* bucket, uint match, ulong hash) =>
        match - 1 >> 31 & 0u - Shared.Acquire(ref Bucket.PassagesOf(bucket, hash)) >> 31;

    /// <summary>The reference of the first matching place, 0 for none.</summary>
    /// <remarks>Without a branch, for the same reason. Without a match the load is of the word behind the references, in the same
    /// line. Acquire: the reference was stored before the tag that matched.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint ReferenceOf(Bucket* bucket, uint match)
    {
        int place = BitOperations.TrailingZeroCount(match | 1u << Bucket.Places);
        return Shared.Acquire(ref bucket->References[place]) & (uint)(-(int)match >> 31);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PrefetchEntry(byte* entries, uint reference, bool needsTails)
    {
        byte* entry = entries + (nuint)(reference >> 1) * (nuint)Entry<TTuple>.SizeBytes;
        Prefetch(entry);
        if (Entry<TTuple>.HeadOffset >= 64)
        {
            // The longer tuples' head is on the second line.
            Prefetch(Entry<TTuple>.Head(entry));
        }

        if (needsTails)
        {
            Prefetch(Entry<TTuple>.Tail(entry));
        }
    }
}
