using System.Numerics;
using System.Threading;
using Dataplane.Conntrack;
using Dataplane.Packet;

namespace Dataplane.Datapath.Fragments;

/// <content>A fragment comes in, and the ones that waited for it go out.</content>
public unsafe partial struct FragmentTable<TTuple>
{
    /// <summary>Enters a fragment into its datagram.</summary>
    /// <param name="key">Source, destination, identification, protocol, zone; no part of it changes.</param>
    /// <param name="arrival">Question and answer.</param>
    /// <param name="victims">Packets that the caller drops, with their reason: of this datagram, or of one that had to go.</param>
    /// <returns>What becomes of the packet.</returns>
    public FragmentVerdict Accept(TTuple* key, FragmentArrival* arrival, FragmentBatch* victims)
    {
        victims->Count = 0;
        arrival->IsNew = false;
        uint set = (uint)arrival->Hash & _setMask;
        StripeLocks.Enter(&_sets[set].Lock);
        uint index = Find(set, key);
        if (index != None && IsOver(_records + index, arrival->NowNanoseconds))
        {
            // Frees a place, so that the one begun below takes no other's and the batch serves once.
            End(index, victims, DropReason.FragmentTimeout);
            index = None;
        }

        FragmentVerdict verdict = FragmentVerdict.Drop;
        if (index == None)
        {
            index = Begin(set, key, arrival, victims);
        }

        if (index == None)
        {
            arrival->Reason = DropReason.FragmentTableFull;
        }
        else
        {
            verdict = Place(index, arrival, victims);
        }

        StripeLocks.Exit(&_sets[set].Lock);
        return verdict;
    }

    /// <summary>Takes what waits behind a first fragment that has gone through.</summary>
    /// <param name="index">From <see cref="FragmentArrival.Index"/>; the record is the caller's to release and of nobody else.</param>
    /// <param name="batch">Filled, in the order of arrival.</param>
    /// <returns>
    /// Whether to ask again after these packets; false, with an empty batch, when nothing waits any more, and from then on
    /// the datagram's fragments go on as they come.
    /// </returns>
    public bool Take(uint index, FragmentBatch* batch)
    {
        FragmentRecord* record = _records + index;
        int* word = &_sets[index / FragmentSet.Ways].Lock;
        StripeLocks.Enter(word);
        TakeHeld(record, batch);
        batch->Reason = DropReason.None;
        bool isAny = batch->Count > 0;
        if (!isAny)
        {
            record->Flags &= ~FragmentFlags.Releasing;
            if (record->IsComplete && !record->IsRefused)
            {
                Free(index);
            }
        }

        StripeLocks.Exit(word);
        return isAny;
    }

    /// <summary>Refuses the datagram of a first fragment that did not go through.</summary>
    /// <param name="index">From <see cref="FragmentArrival.Index"/>, as with <see cref="Take"/>, which is not called any more.</param>
    /// <param name="reason">Of those that wait and those that will come.</param>
    /// <param name="victims">What waits.</param>
    public void Refuse(uint index, DropReason reason, FragmentBatch* victims)
    {
        FragmentRecord* record = _records + index;
        int* word = &_sets[index / FragmentSet.Ways].Lock;
        StripeLocks.Enter(word);
        record->Flags = (record->Flags | FragmentFlags.Refused) & ~FragmentFlags.Releasing;
        record->Reason = reason;
        TakeHeld(record, victims);
        victims->Reason = reason;
        StripeLocks.Exit(word);
    }

    /// <summary>Begins a datagram's record, if need be in another's place; only under the set's lock.</summary>
    private uint Begin(uint set, TTuple* key, FragmentArrival* arrival, FragmentBatch* victims)
    {
        uint free = (byte)~_sets[set].Live;
        int way = free != 0 ? BitOperations.TrailingZeroCount(free) : Evict(set, arrival->NowNanoseconds, victims);
        if (way < 0)
        {
            return None;
        }

        uint index = set * FragmentSet.Ways + (uint)way;
        _keys[index] = *key;
        _records[index].Begin(arrival->NowNanoseconds + _shared->Limits.TimeoutNanoseconds, SourceOf(arrival->SourceHash));
        _sets[set].Live |= (byte)(1 << way);
        Interlocked.Increment(ref _used);
        arrival->IsNew = true;
        arrival->Generation = _records[index].Generation;
        arrival->Index = index;
        return index;
    }

    /// <summary>Puts the fragment into its record; only under the set's lock.</summary>
    private FragmentVerdict Place(uint index, FragmentArrival* arrival, FragmentBatch* victims)
    {
        FragmentRecord* record = _records + index;
        if (record->IsRefused)
        {
            arrival->Reason = record->Reason;
            return FragmentVerdict.Drop;
        }

        bool isFirst = arrival->Part == FragmentPart.First;
        bool waits = !isFirst && !record->IsKnown;
        if (waits)
        {
            arrival->Reason = TryHold(record->Source);
            if (arrival->Reason != DropReason.None)
            {
                return NotHeld(index, arrival);
            }
        }

        FragmentFit fit = record->Add(
            arrival->OffsetBytes, arrival->LengthBytes, arrival->Part == FragmentPart.Last, _shared->Limits.PerDatagram);
        if (fit != FragmentFit.Added)
        {
            Unhold(record->Source, waits ? 1 : 0);
            return Refuse(record, fit, arrival, victims);
        }

        if (waits)
        {
            record->Hold(arrival->Packet, arrival->Port);
            arrival->Index = index;
            arrival->Generation = record->Generation;
            return FragmentVerdict.Held;
        }

        if (isFirst)
        {
            record->Transport = arrival->Transport;
            record->Flags |= FragmentFlags.HasFirst | FragmentFlags.Releasing;
            arrival->Index = index;
            return FragmentVerdict.First;
        }

        arrival->Transport = record->Transport;
        if (record->IsComplete)
        {
            Free(index);
        }

        return FragmentVerdict.Forward;
    }

    /// <summary>A fragment that may not wait leaves no trace: it may be sent again.</summary>
    private FragmentVerdict NotHeld(uint index, FragmentArrival* arrival)
    {
        if (arrival->IsNew)
        {
            Free(index);
            arrival->IsNew = false;
        }

        return FragmentVerdict.Drop;
    }

    /// <summary>A fragment that does not fit; unless it is a duplicate its datagram is refused from now on.</summary>
    private readonly FragmentVerdict Refuse(FragmentRecord* record, FragmentFit fit, FragmentArrival* arrival, FragmentBatch* victims)
    {
        arrival->Reason = fit switch
        {
            FragmentFit.Duplicate => DropReason.FragmentDuplicate,
            FragmentFit.TooMany => DropReason.FragmentTooMany,
            _ => DropReason.FragmentOverlap,
        };
        if (fit != FragmentFit.Duplicate)
        {
            record->Flags |= FragmentFlags.Refused;
            record->Reason = arrival->Reason;
            TakeHeld(record, victims);
            victims->Reason = arrival->Reason;
        }

        return FragmentVerdict.Drop;
    }
}
