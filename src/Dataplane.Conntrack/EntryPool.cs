using System.Runtime.InteropServices;

namespace Dataplane.Conntrack;

/// <summary>How <see cref="EntryPool.Take"/> ended.</summary>
public enum AllocateResult : byte
{
    Allocated,

    /// <summary>The table is at its limit.</summary>
    TableFull,

    /// <summary>The zone is at its limit.</summary>
    ZoneFull,
}

/// <summary>Free entries and the right to use them.</summary>
/// <remarks>
/// Two things are handed out. A <i>credit</i> (<see cref="CreditPool"/>) is the right to one more connection. An <i>index</i>
/// (<see cref="IndexPool"/>) names a free entry; there are more of them, because a removed entry gives its credits back at once and its
/// index only after its grace period. Both move between a worker and the pool in batches, so that opening a connection touches
/// no shared line.
/// </remarks>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct EntryPool
{
    private const int ZonesPerHandIn = 64;

    internal IndexPool Indexes;
    private LimitTable* _limits;

    /// <summary>Spare indexes per worker beyond the maximum: its cache and what may wait for a grace period.</summary>
    public static uint ReservePerWorker => IndexCache.Capacity + RetireRing.Capacity;

    public readonly LimitTable* Limits => _limits;

    internal void Initialize(uint* stack, uint entryCount, LimitTable* limits)
    {
        Indexes.Initialize(stack, entryCount);
        _limits = limits;
    }

    /// <summary>Whether the table and a zone are below their limits at the moment; only <see cref="Take"/> decides.</summary>
    internal readonly bool HasRoom(WorkerSlot* worker, ushort zone)
    {
        int number = _limits->Numbers[zone];
        return (worker->Credits > 0 || _limits->Global.Left > 0)
            && (worker->Zones[number].Credits > 0 || _limits->Zones[number].Left > 0);
    }

    /// <summary>Takes a free entry for a connection of a zone.</summary>
    internal AllocateResult Take(WorkerSlot* worker, ushort zone, out uint index)
    {
        index = 0;
        int number = _limits->Numbers[zone];
        ZoneShare* share = worker->Zones + number;
        if (worker->Credits == 0 && !_limits->Global.TryDraw(ref worker->Credits))
        {
            worker->Counters.TableFull++;
            return AllocateResult.TableFull;
        }

        if (share->Credits == 0 && !_limits->Zones[number].TryDraw(ref share->Credits))
        {
            share->Refused++;
            return AllocateResult.ZoneFull;
        }

        if (!Indexes.TryTake(&worker->Entries, out index))
        {
            worker->Counters.TableFull++;
            return AllocateResult.TableFull;
        }

        worker->Credits--;
        share->Credits--;
        worker->Unconfirmed++;
        return AllocateResult.Allocated;
    }

    /// <summary>Ends a connection's hold on its limits.</summary>
    internal readonly void GiveCredits(WorkerSlot* worker, ushort zone)
    {
        int number = _limits->Numbers[zone];
        _limits->Global.Give(ref worker->Credits);
        _limits->Zones[number].Give(ref worker->Zones[number].Credits);
    }

    /// <summary>Hands in what a worker holds where others may need it; once per housekeeping round.</summary>
    public readonly void HandIn(WorkerSlot* worker)
    {
        _limits->Global.HandIn(ref worker->Credits);
        for (int step = 0; step < ZonesPerHandIn && step < _limits->ZoneCount; step++)
        {
            int number = worker->HandInCursor;
            worker->HandInCursor = number + 1 < _limits->ZoneCount ? number + 1 : 0;
            _limits->Zones[number].HandIn(ref worker->Zones[number].Credits);
        }
    }
}
