using System;
using System.Numerics;
using Dataplane.Os;

namespace Dataplane.Conntrack;

/// <summary>How a change of the number of buckets began.</summary>
public enum ResizeStart : byte
{
    /// <summary>Workers are moving connections; <see cref="ConntrackMemory{TTuple}.FinishResize"/> will end it.</summary>
    Begun,

    /// <summary>The table has this number already.</summary>
    Unchanged,

    /// <summary>Fewer than <see cref="ConntrackMemory{TTuple}.BucketsFor"/> gives for the limit, or for what is open now.</summary>
    TooFew,

    /// <summary>More than 2^31, or more than sixteen times what the capacity needs: memory for nothing.</summary>
    TooMany,

    /// <summary>The last resize has not ended yet.</summary>
    Running,

    /// <summary>No memory for another array.</summary>
    OutOfMemory,
}

/// <remarks>Settings and figures of a running table. Workers need not stop for any of it; one thread, not a worker, calls.</remarks>
public sealed unsafe partial class ConntrackMemory<TTuple>
{
    private MappedMemory? _emptied;

    /// <summary>The limit on connections.</summary>
    public long EntriesMax => _limits->Global.Max;

    /// <summary>Whether buckets are being moved, or the memory of the last resize is still there.</summary>
    public bool IsResizing => _emptied != null;

    /// <summary>Buckets that are being emptied; 0 at rest.</summary>
    public uint PreviousBucketCount => Table->View->Previous.Count;

    /// <summary>Of those, how many workers have moved in this pass.</summary>
    public uint MovedBucketCount => PreviousBucketCount == 0 ? 0 : _resize->Done;

    /// <summary>Places of this pass that found no room in the new array and wait for the next pass.</summary>
    public uint LeftoverCount => PreviousBucketCount == 0 ? 0 : _resize->Left;

    /// <summary>Resizes ended since the start.</summary>
    public ulong Resizes => _resize->Resizes;

    /// <summary>Zones with a limit of their own.</summary>
    public int ZoneCount => _limits->ZoneCount - 1;

    /// <summary>Changes the limit; open connections stay.</summary>
    /// <returns>False beyond <see cref="Capacity"/>, or below 1.</returns>
    public bool TrySetEntriesMax(long entriesMax)
    {
        if (entriesMax < 1 || entriesMax > Capacity)
        {
            return false;
        }

        _limits->Global.SetMax(entriesMax);
        return true;
    }

    /// <summary>Changes a zone's limit; open connections stay. The table's limit holds above it.</summary>
    /// <param name="zone">As in tuples.</param>
    /// <param name="entriesMax">At least 1, or null for no limit.</param>
    /// <returns>False for a zone that was not among <see cref="ConntrackSize.Zones"/>, or a limit out of range.</returns>
    public bool TrySetZoneMax(ushort zone, long? entriesMax)
    {
        int number = _limits->Numbers[zone];
        if (number == 0 || entriesMax is < 1 or > CreditPool.Unlimited)
        {
            return false;
        }

        _limits->Zones[number].SetMax(entriesMax ?? CreditPool.Unlimited);
        return true;
    }

    /// <summary>A zone's limit; null for none.</summary>
    public long? ZoneMax(ushort zone)
    {
        long max = _limits->Zones[_limits->Numbers[zone]].Max;
        return max >= CreditPool.Unlimited ? null : max;
    }

    /// <summary>Connections of a zone with a limit of its own, those that are being opened included.</summary>
    /// <param name="zone">As in tuples.</param>
    /// <param name="heldElsewhere"><see cref="ZoneHeld"/> of the tables that share the limits.</param>
    /// <remarks>Read from words that move meanwhile: exact when the workers rest.</remarks>
    public long ZoneEntries(ushort zone, long heldElsewhere = 0)
    {
        CreditPool* pool = _limits->Zones + _limits->Numbers[zone];
        return pool->Max - pool->Left - ZoneHeld(zone) - heldElsewhere;
    }

    /// <summary>Credits of a zone that this table's workers have at hand.</summary>
    public long ZoneHeld(ushort zone)
    {
        long held = 0;
        for (int worker = 0; worker < Size.Workers; worker++)
        {
            held += Slot(worker)->Zones[_limits->Numbers[zone]].Credits;
        }

        return held;
    }

    /// <summary>Connections that a zone's limit refused.</summary>
    public ulong ZoneRefused(ushort zone)
    {
        ulong refused = 0;
        for (int worker = 0; worker < Size.Workers; worker++)
        {
            refused += Slot(worker)->Zones[_limits->Numbers[zone]].Refused;
        }

        return refused;
    }

    /// <summary>Live connections: insertions minus removals over all workers.</summary>
    /// <remarks>A sum of counters that move while they are read: exact when the workers rest.</remarks>
    public long Count()
    {
        TableCounters sum = Counters();
        return Math.Clamp((long)(sum.Insert - sum.Delete), 0, EntryCount);
    }

    /// <summary>Removed entries that wait for their grace period.</summary>
    public long DyingCount()
    {
        long count = 0;
        for (int worker = 0; worker < Size.Workers; worker++)
        {
            count += Slot(worker)->Retired.Count;
        }

        return count;
    }

    /// <summary>Entries taken for connections whose first packet has not been accepted yet.</summary>
    public long UnconfirmedCount()
    {
        long count = 0;
        for (int worker = 0; worker < Size.Workers; worker++)
        {
            count += Slot(worker)->Unconfirmed;
        }

        return count;
    }

    /// <summary>The workers' counters, summed.</summary>
    public TableCounters Counters()
    {
        TableCounters sum = default;
        for (int worker = 0; worker < Size.Workers; worker++)
        {
            sum.Add(&Slot(worker)->Counters);
        }

        return sum;
    }

    /// <summary>Fewest buckets that <see cref="TryResize"/> takes at present.</summary>
    public uint BucketsLeastNow() => BucketsFor((uint)Math.Max(Math.Min(EntriesMax, Capacity), Count()), 0);

    /// <summary>Most buckets that <see cref="TryResize"/> takes.</summary>
    public long BucketsMost => Math.Min(1L << 31, 16L * BucketsFor(Capacity, 0));

    /// <summary>Begins to change the number of buckets.</summary>
    /// <param name="buckets">Rounded up to a power of two, and to the least that a table has.</param>
    /// <remarks>Maps and populates the new array, which takes the calling thread about a millisecond for 4 MiB; workers go on.</remarks>
    public ResizeStart TryResize(long buckets)
    {
        if (IsResizing && !FinishResize())
        {
            return ResizeStart.Running;
        }

        if (buckets > BucketsMost)
        {
            return ResizeStart.TooMany;
        }

        uint count = (uint)BitOperations.RoundUpToPowerOf2((ulong)Math.Max(buckets, (long)BucketsLeast));
        if (count == BucketCount)
        {
            return ResizeStart.Unchanged;
        }

        return count < BucketsLeastNow() ? ResizeStart.TooFew : Begin(count);
    }

    /// <summary>Gives the emptied array back once nobody can look into it any more.</summary>
    /// <returns>False while the resize goes on.</returns>
    public bool FinishResize()
    {
        if (_emptied == null)
        {
            return true;
        }

        if (!Table->HasForgottenPrevious())
        {
            return false;
        }

        _emptied.Dispose();
        _emptied = null;
        return true;
    }

    internal ResizeStart Begin(uint count)
    {
        MappedMemory memory;
        try
        {
            memory = MappedMemory.Allocate((long)count * Bucket.SizeBytes, Size.Hugepages, inspects: false);
        }
        catch (OsException)
        {
            return ResizeStart.OutOfMemory;
        }

        _emptied = _buckets;
        _buckets = memory;
        Table->BeginResize(new BucketArray((Bucket*)memory.Address, count));
        return ResizeStart.Begun;
    }
}
