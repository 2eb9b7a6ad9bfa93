using System;
using System.Runtime.CompilerServices;
using Dataplane.Conntrack;

namespace Dataplane.Bench.Tables;

/// <summary>Opens connections a batch at a time: one pass asks for every line that the other will write.</summary>
internal static unsafe class InsertPasses<TTuple>
    where TTuple : unmanaged
{
    public const int BatchMax = 256;

    /// <summary>The measured tables' time stands still.</summary>
    public const uint NowSeconds = 1000;

    private const uint DeadlineSeconds = 1_000_000;

    /// <summary>Allocates, builds and inserts.</summary>
    /// <param name="table">The table.</param>
    /// <param name="worker">The calling worker's slot.</param>
    /// <param name="pairs">The connections' tuples.</param>
    /// <param name="count">At most <see cref="BatchMax"/>.</param>
    /// <param name="indexes">Receives the entries; 0 where there was no room in the buckets.</param>
    /// <returns>Connections inserted.</returns>
    // 4 KiB of hashes that are written before they are read: clearing them would be measured too.
    [SkipLocalsInit]
    public static int Run(ConntrackTable<TTuple>* table, WorkerSlot* worker, TuplePair<TTuple>* pairs, int count, uint* indexes)
    {
        ulong* originals = stackalloc ulong[BatchMax];
        ulong* replies = stackalloc ulong[BatchMax];
        BucketArray buckets = table->View->Current;
        HashKey* key = table->Key;
        for (int position = 0; position < count; position++)
        {
            ulong original = TupleHash.Compute(&pairs[position].Original, key);
            ulong reply = TupleHash.Compute(&pairs[position].Reply, key);
            originals[position] = original;
            replies[position] = reply;
            ConntrackTable<TTuple>.Prefetch(buckets.First(original));
            ConntrackTable<TTuple>.Prefetch(buckets.First(reply));
        }

        table->PrefetchFree(worker, count);
        int inserted = 0;
        for (int position = 0; position < count; position++)
        {
            uint index = Build(table, worker, pairs + position);
            InsertResult result = table->Insert(
                worker, index, originals[position], replies[position], NowSeconds, out EntryReference existing);
            if (result == InsertResult.Inserted)
            {
                inserted++;
            }
            else
            {
                index = Refused(table, worker, index, result, existing);
            }

            indexes[position] = index;
        }

        return inserted;
    }

    /// <summary>Takes an entry and fills it as a first packet would, with a translated source.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)] // Once for each connection, in the measured loops only.
    public static uint Build(ConntrackTable<TTuple>* table, WorkerSlot* worker, TuplePair<TTuple>* pair)
    {
        if (table->Allocate(worker, 0, out uint index) != AllocateResult.Allocated)
        {
            Exhausted();
        }

        byte* entry = table->EntryAt(index);
        *(TuplePair<TTuple>*)entry = *pair;
        EntryHead* head = Entry<TTuple>.Head(entry);
        head->Rewrite = 1;
        head->State = new StateWord(DeadlineSeconds, ConnectionState.UdpUnreplied, 0, EntryFlags.SourceNat).Value;
        return index;
    }

    // Not inlined: full probe sequences only.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static uint Refused(
        ConntrackTable<TTuple>* table, WorkerSlot* worker, uint index, InsertResult result, EntryReference existing)
    {
        if (result != InsertResult.ChainTooLong)
        {
            throw new InvalidOperationException($"a new connection was refused: {result}, entry {existing.Index}");
        }

        table->Abandon(worker, index);
        return 0;
    }

    private static void Exhausted() => throw new InvalidOperationException("the table has no free entry for a connection within its limit");
}
