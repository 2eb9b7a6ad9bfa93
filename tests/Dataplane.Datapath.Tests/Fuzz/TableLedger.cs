using System.Collections.Generic;
using Dataplane.Conntrack;

namespace Dataplane.Datapath.Tests.Fuzz;

/// <summary>A table counted three ways: its buckets, its arena and its counters must agree.</summary>
internal static unsafe class TableLedger
{
    /// <summary>Says what does not agree; workers rest.</summary>
    /// <param name="memory">The table's.</param>
    /// <param name="nowSeconds">Entries whose deadline has passed stand in the buckets, but are not found.</param>
    /// <param name="states">The states met are added.</param>
    /// <returns>Null if everything does.</returns>
    public static string? Breach<TTuple>(ConntrackMemory<TTuple> memory, uint nowSeconds, ISet<ConnectionState> states)
        where TTuple : unmanaged
    {
        ConntrackTable<TTuple>* table = memory.Table;
        Dictionary<uint, int> places = [];
        BucketArray buckets = table->View->Current;
        for (uint number = 0; number < buckets.Count; number++)
        {
            Bucket* bucket = buckets.Buckets + number;
            for (int place = 0; place < Bucket.Places; place++)
            {
                EntryReference reference = new(bucket->References[place]);
                if (bucket->Tags[place] != 0 && !places.TryAdd(reference.Value, place))
                {
                    return $"reference {reference.Value} stands in two places";
                }
            }
        }

        int entries = 0;
        for (uint index = 1; index < table->EntryCount; index++)
        {
            byte* entry = table->EntryAt(index);
            StateWord word = new(Entry<TTuple>.Head(entry)->State);
            if (!word.IsLive)
            {
                continue;
            }

            entries++;
            states.Add(word.State);
            foreach (Direction direction in (System.ReadOnlySpan<Direction>)[Direction.Original, Direction.Reply])
            {
                EntryReference reference = new(index, direction);
                if (!places.ContainsKey(reference.Value))
                {
                    return $"entry {index} has no place for its {direction} tuple";
                }

                TTuple* tuple = Entry<TTuple>.Tuple(entry, direction);
                if (!word.IsExpired(nowSeconds)
                    && table->Find(tuple, table->Hash(tuple), nowSeconds, memory.Slot(0)).Value != reference.Value)
                {
                    return $"entry {index} is not found by its {direction} tuple";
                }
            }
        }

        return places.Count != 2 * entries ? $"{entries} entries have {places.Count} places"
            : memory.Count() != entries ? $"{entries} entries, {memory.Count()} counted"
            : memory.UnconfirmedCount() != 0 ? $"{memory.UnconfirmedCount()} entries are neither open nor free" : null;
    }

    /// <summary>Says whether the limit's credits, at hand or not, and the open connections make up the limit.</summary>
    public static string? BreachOfLimit(Router router)
    {
        LimitTable* limits = router.Conntrack.Limits;
        long held = 0;
        long open = router.Conntrack.Count() + (router.Conntrack6?.Count() ?? 0);
        for (int worker = 0; worker < router.Workers; worker++)
        {
            held += router.Conntrack.Slot(worker)->Credits + (router.Conntrack6 is null ? 0 : router.Conntrack6.Slot(worker)->Credits);
        }

        long taken = limits->Global.Max - limits->Global.Left - held;
        return taken == open ? null : $"{open} connections are open and {taken} credits taken";
    }
}
