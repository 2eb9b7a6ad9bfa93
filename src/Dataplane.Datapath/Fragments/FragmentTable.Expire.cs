using System.Numerics;
using System.Threading;
using Dataplane.Conntrack;
using Dataplane.Packet;

namespace Dataplane.Datapath.Fragments;

/// <content>Datagrams end before they are complete: by age, by their source's limit, for lack of room.</content>
public unsafe partial struct FragmentTable<TTuple>
{
    /// <summary>Enters a new datagram with its source.</summary>
    /// <param name="arrival">With <see cref="FragmentArrival.IsNew"/>.</param>
    /// <returns>For <see cref="End(ulong, FragmentBatch*, DropReason)"/>: the datagram that the source has to give up, or 0.</returns>
    public readonly ulong Register(FragmentArrival* arrival)
    {
        FragmentSource* source = _sources + SourceOf(arrival->SourceHash);
        StripeLocks.Enter(&source->Lock);
        ulong oldest = source->Exchange(FragmentShared.Reference(arrival->Index, arrival->Generation, IsIpv6), _shared->Limits.PerSource);
        StripeLocks.Exit(&source->Lock);
        return oldest;
    }

    /// <summary>Ends a datagram, if it is still the one that is meant, incomplete, and no worker is busy with it.</summary>
    /// <param name="reference">From <see cref="FragmentShared.Reference"/>; of this table.</param>
    /// <param name="victims">Packets that the caller drops.</param>
    /// <param name="reason">Why.</param>
    public void End(ulong reference, FragmentBatch* victims, DropReason reason)
    {
        victims->Count = 0;
        uint index = FragmentShared.IndexOf(reference);
        uint set = index / FragmentSet.Ways;
        StripeLocks.Enter(&_sets[set].Lock);
        FragmentRecord* record = _records + index;
        bool isLive = (_sets[set].Live >> (int)(index % FragmentSet.Ways) & 1) != 0;
        bool isMeant = record->Generation == (uint)(reference >> 32);

        // Who gives up a place among those that wait must be waiting: a refused datagram is remembered.
        if (isLive && isMeant && !record->IsReleasing && (reason != DropReason.FragmentTableFull || record->HeldCount > 0))
        {
            End(index, victims, reason);
        }

        StripeLocks.Exit(&_sets[set].Lock);
    }

    /// <summary>The sets that come next in the sweep; workers share the cursor.</summary>
    /// <param name="count">At most all.</param>
    /// <returns>The first; the others follow, around the end.</returns>
    public uint NextSets(ref uint count)
    {
        count = count <= _setMask ? count : _setMask + 1;
        return Interlocked.Add(ref _sweepCursor, count) - count;
    }

    /// <summary>Ends one datagram of a set whose time is over.</summary>
    /// <param name="set">Any number: taken modulo the sets.</param>
    /// <param name="nowNanoseconds"><see cref="long.MaxValue"/> ends every datagram.</param>
    /// <param name="victims">Packets that the caller drops.</param>
    /// <returns>Whether there was one; then there may be another.</returns>
    public bool TryExpire(uint set, long nowNanoseconds, FragmentBatch* victims)
    {
        victims->Count = 0;
        set &= _setMask;
        if (Volatile.Read(ref _sets[set].Live) == 0)
        {
            return false;
        }

        bool isAny = false;
        StripeLocks.Enter(&_sets[set].Lock);
        for (uint live = _sets[set].Live; live != 0 && !isAny; live &= live - 1)
        {
            int way = BitOperations.TrailingZeroCount(live);
            if (IsOver(Record(set, way), nowNanoseconds))
            {
                End(set * FragmentSet.Ways + (uint)way, victims, DropReason.FragmentTimeout);
                isAny = true;
            }
        }

        StripeLocks.Exit(&_sets[set].Lock);
        return isAny;
    }

    private static bool IsOver(FragmentRecord* record, long nowNanoseconds) =>
        record->DeadlineNanoseconds <= nowNanoseconds && !record->IsReleasing;

    /// <summary>Empties a place of a full set; only under its lock.</summary>
    /// <returns>The place, or -1 when a worker is busy with every datagram of the set.</returns>
    private int Evict(uint set, long nowNanoseconds, FragmentBatch* victims)
    {
        int chosen = -1;
        for (int way = 0; way < FragmentSet.Ways; way++)
        {
            if (!Record(set, way)->IsReleasing && (chosen < 0 || GoesBefore(Record(set, way), Record(set, chosen))))
            {
                chosen = way;
            }
        }

        if (chosen >= 0)
        {
            bool isOver = IsOver(Record(set, chosen), nowNanoseconds);
            End(set * FragmentSet.Ways + (uint)chosen, victims, isOver ? DropReason.FragmentTimeout : DropReason.FragmentTableFull);
        }

        return chosen;
    }

    /// <summary>Without a first fragment before with one, older before younger.</summary>
    private static bool GoesBefore(FragmentRecord* one, FragmentRecord* other)
    {
        bool oneHas = (one->Flags & FragmentFlags.HasFirst) != 0;
        bool otherHas = (other->Flags & FragmentFlags.HasFirst) != 0;
        return oneHas != otherHas ? otherHas : one->DeadlineNanoseconds < other->DeadlineNanoseconds;
    }
}
