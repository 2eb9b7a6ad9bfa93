namespace Dataplane.Conntrack;

public unsafe partial struct ConntrackTable<TTuple>
{
    /// <summary>Kinds that there are: the bound of a walk over an entry's records.</summary>
    private const int SideKinds = 4;

    /// <summary>The side record of an index.</summary>
    public readonly SideRecord* SideAt(uint side) => _sides + side;

    /// <summary>Takes an empty side record to fill and then <see cref="TryAttachSide"/>.</summary>
    /// <returns>False when there is none: the table was made without, or with too few.</returns>
    public readonly bool TryTakeSide(WorkerSlot* worker, SideKind kind, out uint side)
    {
        if (!_sidePool->TryTake(&worker->Sides, out side))
        {
            worker->Counters.SideFull++;
            return false;
        }

        *SideAt(side) = new SideRecord { Kind = kind };
        return true;
    }

    /// <summary>Gives a filled record to an entry that the caller built or found in this burst.</summary>
    /// <returns>False when the entry has one of this kind already: <paramref name="side"/> is still the caller's.</returns>
    public readonly bool TryAttachSide(uint index, uint side)
    {
        SideRecord* record = SideAt(side);
        EntryHead* head = Entry<TTuple>.Head(EntryAt(index));
        while (true)
        {
            uint first = Shared.Acquire(ref head->Side);
            if (FindSide(first, record->Kind) != null)
            {
                return false;
            }

            // Records are only added in front, so a chain searched from this one cannot have grown behind it.
            record->Next = first;
            if (Shared.Swap(ref head->Side, side, first))
            {
                return true;
            }
        }
    }

    /// <summary>Gives back a record that was never attached.</summary>
    public readonly void ReturnSide(WorkerSlot* worker, uint side) => _sidePool->Return(&worker->Sides, side);

    /// <summary>An entry's record of a kind, or null; valid for the burst.</summary>
    public readonly SideRecord* Side(byte* entry, SideKind kind) => FindSide(Shared.Acquire(ref Entry<TTuple>.Head(entry)->Side), kind);

    private readonly SideRecord* FindSide(uint side, SideKind kind)
    {
        for (int step = 0; step < SideKinds && side != 0; step++)
        {
            SideRecord* record = SideAt(side);
            if (record->Kind == kind)
            {
                return record;
            }

            side = record->Next;
        }

        return null;
    }

    private readonly void ReleaseSides(WorkerSlot* worker, EntryHead* head)
    {
        uint side = head->Side;
        head->Side = 0;
        while (side != 0)
        {
            uint next = SideAt(side)->Next;
            _sidePool->Return(&worker->Sides, side);
            side = next;
        }
    }
}
