using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Dataplane.Conntrack;

namespace Dataplane.Bench.Tables;

/// <summary>What the passes of one burst leave to each other.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct LookupBurst
{
    public const int Max = 256;

    public fixed ulong Hashes[Max];
    public fixed uint References[Max];
}

/// <summary>The router's lookup without the rest of the router: its passes, over tuples instead of packets.</summary>
internal static unsafe class LookupPasses<TTuple>
    where TTuple : unmanaged
{
    private struct Source : ILookupBurst<TTuple>
    {
        public LookupBurst* Burst;
        public TTuple* Tuples;

        public readonly bool NeedsTails => false;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly ulong Hash(int position) => Burst->Hashes[position];

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly TTuple* Tuple(int position) => Tuples + position;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly uint* Reference(int position) => Burst->References + position;
    }

    /// <summary>Looks up a burst of tuples.</summary>
    /// <param name="table">The table.</param>
    /// <param name="worker">The calling worker's slot.</param>
    /// <param name="tuples">As packets would carry them.</param>
    /// <param name="count">At most <see cref="LookupBurst.Max"/>.</param>
    /// <param name="burst">Scratch; afterwards its references are what was found, 0 for nothing.</param>
    /// <returns>Tuples that have a live entry.</returns>
    public static int Run(ConntrackTable<TTuple>* table, WorkerSlot* worker, TTuple* tuples, int count, LookupBurst* burst)
    {
        Hash(table, tuples, count, burst);
        Source source = new() { Burst = burst, Tuples = tuples };
        return table->FindBurst(source, count, InsertPasses<TTuple>.NowSeconds, worker);
    }

    /// <summary>As <see cref="Run"/>, but each tuple is searched to its end before the next one, its bucket asked for beforehand.</summary>
    public static int RunPrefetched(ConntrackTable<TTuple>* table, WorkerSlot* worker, TTuple* tuples, int count, LookupBurst* burst)
    {
        Hash(table, tuples, count, burst);
        int found = 0;
        for (int position = 0; position < count; position++)
        {
            EntryReference entry = table->Find(tuples + position, burst->Hashes[position], InsertPasses<TTuple>.NowSeconds, worker);
            found += entry.IsNone ? 0 : 1;
        }

        return found;
    }

    /// <summary>As <see cref="Run"/>, but each tuple is hashed and searched by itself.</summary>
    public static int RunSingle(ConntrackTable<TTuple>* table, WorkerSlot* worker, TTuple* tuples, int count)
    {
        int found = 0;
        for (int position = 0; position < count; position++)
        {
            ulong hash = TupleHash.Compute(tuples + position, table->Key);
            found += table->Find(tuples + position, hash, InsertPasses<TTuple>.NowSeconds, worker).IsNone ? 0 : 1;
        }

        return found;
    }

    /// <summary>Hashes, and asks for the buckets.</summary>
    private static void Hash(ConntrackTable<TTuple>* table, TTuple* tuples, int count, LookupBurst* burst)
    {
        BucketArray current = table->View->Current;
        HashKey* key = table->Key;
        for (int position = 0; position < count; position++)
        {
            ulong hash = TupleHash.Compute(tuples + position, key);
            burst->Hashes[position] = hash;
            ConntrackTable<TTuple>.Prefetch(current.First(hash));
        }
    }
}
