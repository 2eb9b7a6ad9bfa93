using System.Runtime.CompilerServices;
using System.Threading;

namespace Dataplane.Conntrack;

public unsafe partial struct ConntrackTable<TTuple>
{
    /// <summary>Copies the next live entry at or after a cursor, for listings.</summary>
    /// <param name="cursor">Arena index to look at first; left behind the entry found. Start at 0.</param>
    /// <param name="nowSeconds">Expired entries are left out.</param>
    /// <param name="scanMax">Entries to look at before giving up for this call.</param>
    /// <param name="copy"><see cref="Entry{TTuple}.SizeBytes"/> bytes.</param>
    /// <returns>The entry's index, or 0 when there was none among those looked at; the walk is at its end when
    /// <paramref name="cursor"/> has reached <see cref="EntryCount"/>.</returns>
    /// <remarks>
    /// Takes no lock and needs no quiescent slot: the copy is kept only if the generation was even and the same before and after,
    /// so it never mixes two connections. Walking the arena, not the buckets, shows every entry at most once.
    /// </remarks>
    public readonly uint CopyNext(ref uint cursor, uint nowSeconds, uint scanMax, byte* copy)
    {
        for (; cursor < EntryCount && scanMax > 0; scanMax--)
        {
            uint index = cursor++;
            byte* entry = EntryAt(index);
            EntryHead* head = Entry<TTuple>.Head(entry);
            uint generation = Shared.Acquire(ref head->Generation);
            if ((generation & 1) == 0 && new StateWord(Shared.Acquire(ref head->State)).IsLive)
            {
                Shared.Point();
                Unsafe.CopyBlock(copy, entry, (uint)Entry<TTuple>.SizeBytes);
                Thread.MemoryBarrier();
                StateWord word = new(Entry<TTuple>.Head(copy)->State);
                if (Shared.Acquire(ref head->Generation) == generation && word.IsLive && !word.IsExpired(nowSeconds))
                {
                    return index;
                }
            }
        }

        return 0;
    }

    /// <summary>Copies a side record of an entry that <see cref="CopyNext"/> has copied.</summary>
    /// <param name="index">What it returned.</param>
    /// <param name="copy">What it copied.</param>
    /// <param name="kind">Of the record.</param>
    /// <param name="record">The copy of it.</param>
    /// <returns>False when the entry has none, or has gone meanwhile.</returns>
    /// <remarks>Records are freed behind their entry's generation: what was read while that stood still was the entry's.</remarks>
    public readonly bool TryCopySide(uint index, byte* copy, SideKind kind, out SideRecord record)
    {
        EntryHead* head = Entry<TTuple>.Head(copy);
        SideRecord* found = FindSide(head->Side, kind);
        record = found == null ? default : *found;
        Thread.MemoryBarrier();
        return found != null && Shared.Acquire(ref Entry<TTuple>.Head(EntryAt(index))->Generation) == head->Generation;
    }
}
