using System.Numerics;
using Dataplane.Packet;

namespace Dataplane.Conntrack.Interleaving.Tests;

/// <summary>The inspection after a run, by code of its own: nothing of it calls the table.</summary>
internal sealed unsafe partial class SmallTable
{
    private const int BucketsMax = 16;

    /// <summary>Whether the first array has been given to <see cref="FreeFirstArray"/>.</summary>
    public bool IsFirstArrayFree => Head(DecoyIndex)->State != 0;

    /// <summary>Looks at every place, lock, entry and counter when both workers rest.</summary>
    /// <returns>What is wrong; null if nothing is: each live entry stands in one place for each direction, under its tag, in its probe
    /// sequence, and nothing else stands anywhere; overflow counts are what the places imply; an array that is out of use is empty; no
    /// lock is held, an entry's neither; no entry is free twice or free and live or lost, and no side record; counters agree.</returns>
    public string? Inspect()
    {
        BucketView* view = Table->View;
        ulong placed = 0;
        string? wrong = Walk(view->Current, ref placed);
        if (view->Previous.Buckets != null)
        {
            wrong ??= Walk(view->Previous, ref placed);
        }
        else
        {
            wrong ??= MustBeEmpty(view->Current.Buckets == First.Buckets ? Spare : First);
        }

        for (int word = 0; word < StripeLocks.Count; word++)
        {
            wrong ??= Table->LockWords[word] != 0 ? $"lock {word} is held" : null;
        }

        return wrong ?? Account(placed) ?? AccountSides();
    }

    /// <summary>Live entries, a bit for each mark.</summary>
    /// <param name="assured">Of those, the assured ones.</param>
    public ushort LiveMarks(out ushort assured)
    {
        int live = 0;
        int kept = 0;
        for (uint index = 1; index < EntriesMax; index++)
        {
            StateWord word = new(Head(index)->State);
            if (word.IsLive)
            {
                int bit = 1 << (int)Head(index)->Rewrite;
                live |= bit;
                kept |= (word.Flags & EntryFlags.Assured) != 0 ? bit : 0;
            }
        }

        assured = (ushort)kept;
        return (ushort)live;
    }

    /// <summary>Live entries in a state, a bit for each mark.</summary>
    public ushort LiveMarks(ConnectionState state)
    {
        int marks = 0;
        for (uint index = 1; index < EntriesMax; index++)
        {
            StateWord word = new(Head(index)->State);
            marks |= word.IsLive && word.State == state ? 1 << (int)Head(index)->Rewrite : 0;
        }

        return (ushort)marks;
    }

    private string? Walk(in BucketArray array, ref ulong placed)
    {
        int* overflowed = stackalloc int[BucketsMax];
        new System.Span<int>(overflowed, BucketsMax).Clear();
        for (uint number = 0; number < array.Count; number++)
        {
            Bucket* bucket = array.Buckets + number;
            for (int place = 0; place < Bucket.Places; place++)
            {
                if (bucket->Tags[place] == 0)
                {
                    continue;
                }

                EntryReference reference = new(bucket->References[place]);
                if (reference.Index is 0 or >= EntriesMax)
                {
                    return $"bucket {number} names entry {reference.Index}";
                }

                if ((placed >> (int)reference.Value & 1) != 0)
                {
                    return $"entry {reference.Index} stands in two places for its {reference.Direction} tuple";
                }

                placed |= 1ul << (int)reference.Value;
                Ipv4Tuple tuple = Tuple(reference.Index, reference.Direction);
                ulong hash = Table->Hash(&tuple);
                if (TupleHash.Tag(hash) != bucket->Tags[place] || !CountPassages(array, hash, number, overflowed))
                {
                    return $"entry {reference.Index} stands in bucket {number} under tag {bucket->Tags[place]:x4}, which are not its tuple's";
                }
            }
        }

        for (uint number = 0; number < array.Count; number++)
        {
            if (array.Buckets[number].Overflowed != overflowed[number])
            {
                return $"bucket {number} counts {array.Buckets[number].Overflowed} passages, there are {overflowed[number]}";
            }
        }

        return null;
    }

    /// <summary>Counts the buckets that a probe sequence passes until <paramref name="number"/>.</summary>
    /// <returns>False when the sequence does not lead there.</returns>
    private static bool CountPassages(in BucketArray array, ulong hash, uint number, int* overflowed)
    {
        uint step = ((uint)(hash >> 32) & 0xFFFF | 1) * StripeLocks.Count;
        uint bucket = (uint)hash % array.Count;
        for (uint probe = 0; probe < array.Count / StripeLocks.Count; probe++)
        {
            if (bucket == number)
            {
                return true;
            }

            overflowed[bucket]++;
            bucket = (bucket + step) % array.Count;
        }

        return false;
    }

    private string? MustBeEmpty(in BucketArray array)
    {
        if (IsFirstArrayFree && array.Buckets == First.Buckets)
        {
            return null;
        }

        for (uint number = 0; number < array.Count; number++)
        {
            Bucket* bucket = array.Buckets + number;
            uint tags = 0;
            for (int place = 0; place < Bucket.Places; place++)
            {
                tags |= bucket->Tags[place];
            }

            if (tags != 0 || bucket->Overflowed != 0)
            {
                return $"something was left in bucket {number} of the array that is out of use";
            }
        }

        return null;
    }

    /// <summary>Every entry is free once, or waits, or lives with both its places; the counters say the same.</summary>
    private string? Account(ulong placed)
    {
        ulong free = 0;
        int freeCount = 0;
        long waiting = 0;
        for (int worker = 0; worker < 2; worker++)
        {
            WorkerSlot* slot = Slot(worker);
            for (int place = 0; place < slot->Entries.Count; place++)
            {
                free |= 1ul << (int)slot->Entries.Indexes[place];
                freeCount++;
            }

            waiting += slot->Retired.Count + slot->Unconfirmed;
        }

        ulong live = 0;
        for (uint index = 1; index < EntriesMax; index++)
        {
            bool isLive = new StateWord(Head(index)->State).IsLive;
            live |= isLive ? 1ul << (int)index : 0;
            if ((placed >> (int)(2 * index) & 3) != (isLive ? 3u : 0u))
            {
                return $"entry {index} is {(isLive ? "live" : "dead")} and stands in {BitOperations.PopCount(placed >> (int)(2 * index) & 3)} places";
            }
        }

        TableCounters counters = Counters();
        int liveCount = BitOperations.PopCount(live);
        if ((long)(counters.Insert - counters.Delete) != liveCount)
        {
            return $"{counters.Insert} inserted, {counters.Delete} removed, {liveCount} there";
        }

        return BitOperations.PopCount(free) != freeCount || (free & live) != 0 || freeCount + liveCount + waiting != 2 * EntriesPerWorker
            ? $"free entries {free:x}, {freeCount} times; live {live:x}; {waiting} waiting"
            : null;
    }

    /// <summary>Every side record is free once or of one entry; no entry's lock is held.</summary>
    private string? AccountSides()
    {
        int* seen = stackalloc int[1 + 2 * (int)SidesPerWorker];
        new System.Span<int>(seen, 1 + 2 * (int)SidesPerWorker).Clear();
        for (int worker = 0; worker < 2; worker++)
        {
            for (int place = 0; place < Slot(worker)->Sides.Count; place++)
            {
                seen[Slot(worker)->Sides.Indexes[place]]++;
            }
        }

        for (uint index = 1; index < EntriesMax; index++)
        {
            if ((Tail(index)->Windows.Bits & TcpWindows.Locked) != 0)
            {
                return $"the lock of entry {index} is held";
            }

            // A chain that has become a ring is cut: its records are counted twice.
            int steps = 0;
            for (uint side = Head(index)->Side; side != 0 && steps <= 2 * SidesPerWorker; side = Table->SideAt(side)->Next)
            {
                seen[side]++;
                steps++;
            }
        }

        for (int side = 1; side <= 2 * SidesPerWorker; side++)
        {
            if (seen[side] != 1)
            {
                return $"side record {side} is in {seen[side]} places";
            }
        }

        return null;
    }
}
