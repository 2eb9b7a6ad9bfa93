using System;
using System.Collections.Generic;
using System.Numerics;
using Dataplane.Os;

namespace Dataplane.Conntrack;

/// <summary>Owns the memory of a table: arena, buckets and side records in mappings of their own, what workers share and their
/// slots beside them. Its settings are changed through it, by one thread.</summary>
public sealed unsafe partial class ConntrackMemory<TTuple> : IDisposable
    where TTuple : unmanaged
{
    private readonly List<MappedMemory> _mappings = [];
    private readonly MappedMemory _arena;
    private readonly int _slotStride;
    private readonly MappedMemory _slots;
    private MappedMemory _buckets;
    private LimitTable* _limits;
    private ResizeState* _resize;

    /// <param name="size">How large.</param>
    /// <param name="limits">Another table's <see cref="Limits"/>, of the same zones, to share; null for limits of its own. The other
    /// is disposed last.</param>
    /// <exception cref="ArgumentException">A value outside its range, a zone twice.</exception>
    /// <exception cref="OsException">The memory cannot be had.</exception>
    public ConntrackMemory(ConntrackSize size, LimitTable* limits = null)
    {
        ArgumentNullException.ThrowIfNull(size);
        Check(size);
        _limits = limits;
        Size = size;
        Capacity = Math.Max(size.Capacity, size.EntriesMax);
        EntryCount = 1 + Capacity + (uint)size.Workers * EntryPool.ReservePerWorker;
        uint buckets = size.Buckets > 0 ? size.Buckets : BucketsFor(size.EntriesMax, size.BucketsMin);
        int zoneCount = 1 + size.Zones.Length;
        _slotStride = Align(sizeof(WorkerSlot)) + 2 * Align(IndexCache.Capacity * sizeof(uint))
            + Align(RetireRing.MemoryBytes) + Align(zoneCount * sizeof(ZoneShare));
        try
        {
            long arenaBytes = (long)EntryCount * Entry<TTuple>.SizeBytes;
            _arena = Own(size.ArenaFile is null
                ? MappedMemory.Allocate(arenaBytes, size.Hugepages)
                : MappedMemory.OpenFile(size.ArenaFile, arenaBytes));
            _buckets = MappedMemory.Allocate((long)buckets * Bucket.SizeBytes, size.Hugepages);
            _slots = Own(MappedMemory.Allocate((long)_slotStride * size.Workers, false));
            LayOut(size, buckets, zoneCount);
        }
        catch (OsException)
        {
            Dispose();
            throw;
        }
    }

    public ConntrackSize Size { get; }

    /// <summary>Connections that the arena has room for.</summary>
    public uint Capacity { get; }

    /// <summary>Entries in the arena: the capacity, the workers' reserve and the header.</summary>
    public uint EntryCount { get; }

    /// <summary>The table itself; valid until <see cref="Dispose"/>.</summary>
    public ConntrackTable<TTuple>* Table { get; private set; }

    /// <summary>What a table of another family may share.</summary>
    public LimitTable* Limits => _limits;

    /// <summary>The shared pool of free entries.</summary>
    public EntryPool* Pool { get; private set; }

    /// <summary>Buckets that new connections go to.</summary>
    public uint BucketCount => Table->View->Current.Count;

    /// <summary>All bytes mapped for this table.</summary>
    public long TotalBytes
    {
        get
        {
            long bytes = _buckets.LengthBytes + (_emptied?.LengthBytes ?? 0);
            foreach (MappedMemory mapping in _mappings)
            {
                bytes += mapping.LengthBytes;
            }

            return bytes;
        }
    }

    public long ArenaBytes => _arena.LengthBytes;

    /// <summary>Bytes of the buckets, during a resize of both arrays.</summary>
    public long BucketBytes => _buckets.LengthBytes + (_emptied?.LengthBytes ?? 0);

    /// <summary>Bytes that a connection costs when the table is at its capacity: its entry, two places at the load that this makes, and
    /// its word in the stack of free indexes.</summary>
    public double BytesPerConnection =>
        Entry<TTuple>.SizeBytes + sizeof(uint) + (double)BucketCount * Bucket.SizeBytes / Capacity;

    /// <summary>What the arena's pages are.</summary>
    public PageKind ArenaPages => _arena.PageKind;

    /// <summary>The slot of a worker.</summary>
    public WorkerSlot* Slot(int worker)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(worker);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(worker, Size.Workers);
        return (WorkerSlot*)(_slots.Address + (long)worker * _slotStride);
    }

    public void Dispose()
    {
        _buckets?.Dispose();
        _emptied?.Dispose();
        foreach (MappedMemory mapping in _mappings)
        {
            mapping.Dispose();
        }
    }

    /// <summary>The power of two of buckets that keeps the load at three quarters or below; at half while a stripe has fewer than 64
    /// buckets, because so small a stripe may by chance get all it can hold.</summary>
    public static uint BucketsFor(uint entriesMax, uint bucketsMin)
    {
        ulong needed = BucketsAt((ulong)entriesMax * 4 / 3 + 1);
        if (needed <= 32 * StripeLocks.Count)
        {
            needed = BucketsAt((ulong)entriesMax * 2);
        }

        needed = Math.Max(needed, bucketsMin);

        // Every stripe holds a whole probe sequence: with fewer buckets a small table would refuse long before it is full.
        return (uint)BitOperations.RoundUpToPowerOf2(Math.Max(needed, BucketsLeast));
    }

    /// <summary>Buckets with as many places as that many connections take.</summary>
    private static ulong BucketsAt(ulong entries) => (2 * entries + Bucket.Places - 1) / Bucket.Places;

    private const ulong BucketsLeast = StripeLocks.Count * (ulong)BucketArray.ProbesMax;

    private static void Check(ConntrackSize size)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size.EntriesMax, 1u);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size.EntriesMax, 1u << 30);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size.Capacity, 1u << 30);
        ArgumentOutOfRangeException.ThrowIfLessThan(size.Workers, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size.Workers, Quiescence.WorkersMax);
        ArgumentOutOfRangeException.ThrowIfLessThan(size.LimitSharers, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size.BucketsMin, 1u << 31);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size.SideRecords, 1u << 30);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(size.Zones.Length, LimitTable.ZonesMax);
        HashSet<ushort> zones = [];
        foreach (ZoneLimit limit in size.Zones)
        {
            if (!zones.Add(limit.Zone))
            {
                throw new ArgumentException($"zone {limit.Zone} has two limits", nameof(size));
            }

            if (limit.EntriesMax is < 1 or > CreditPool.Unlimited)
            {
                throw new ArgumentOutOfRangeException(nameof(size), limit.EntriesMax, $"the limit of zone {limit.Zone} is at least 1");
            }
        }

        if (size.Buckets != 0 && (!BitOperations.IsPow2(size.Buckets) || size.Buckets < StripeLocks.Count))
        {
            throw new ArgumentOutOfRangeException(nameof(size), size.Buckets, "buckets are a power of two, at least one for each lock");
        }
    }

    private static int Align(int bytes) => bytes + 127 & ~127;

    private MappedMemory Own(MappedMemory mapping)
    {
        _mappings.Add(mapping);
        return mapping;
    }

    private void LayOut(ConntrackSize size, uint buckets, int zoneCount)
    {
        uint sideCount = size.SideRecords > 0 ? 1 + size.SideRecords + (uint)size.Workers * IndexCache.Capacity : 0;
        long bytes = 64L * 16 + sizeof(ConntrackTable<TTuple>) + sizeof(EntryPool) + HashKey.SizeBytes + Quiescence.SizeBytes
            + StripeLocks.SizeBytes + ResizeState.SizeBytes + LimitTable.SizeBytes + IndexPool.SizeBytes
            + 65536 * sizeof(ushort) + (long)zoneCount * CreditPool.SizeBytes + ((long)EntryCount + sideCount) * sizeof(uint);
        byte* next = Own(MappedMemory.Allocate(bytes, false)).Address;
        Table = (ConntrackTable<TTuple>*)Carve(ref next, sizeof(ConntrackTable<TTuple>));
        Pool = (EntryPool*)Carve(ref next, sizeof(EntryPool));
        HashKey* key = (HashKey*)Carve(ref next, HashKey.SizeBytes);
        Quiescence* quiescence = (Quiescence*)Carve(ref next, Quiescence.SizeBytes);
        int* locks = (int*)Carve(ref next, StripeLocks.SizeBytes);
        _resize = (ResizeState*)Carve(ref next, ResizeState.SizeBytes);
        IndexPool* sidePool = (IndexPool*)Carve(ref next, IndexPool.SizeBytes);
        LimitTable* limits = (LimitTable*)Carve(ref next, LimitTable.SizeBytes);
        limits->Zones = (CreditPool*)Carve(ref next, zoneCount * CreditPool.SizeBytes);
        limits->Numbers = (ushort*)Carve(ref next, 65536 * sizeof(ushort));
        uint* stack = (uint*)next;

        FillKey(key, size.Seed);
        quiescence->Initialize(size.Workers);
        if (_limits == null)
        {
            _limits = limits;
            LayOutLimits(size);
        }

        Pool->Initialize(stack, EntryCount, _limits);
        SideRecord* sides = null;
        if (sideCount > 0)
        {
            sides = (SideRecord*)Own(MappedMemory.Allocate((long)sideCount * SideRecord.SizeBytes, size.Hugepages)).Address;
            sidePool->Initialize(stack + EntryCount, sideCount);
        }

        Table->Initialize(_arena.Address, EntryCount, Pool, sides, sidePool);
        Table->Share(key, quiescence, locks, _resize, new BucketArray((Bucket*)_buckets.Address, buckets));
        LayOutArena();
        LayOutSlots(size);
    }

    private void LayOutLimits(ConntrackSize size)
    {
        int holders = size.Workers * size.LimitSharers;
        _limits->Global.Initialize(size.EntriesMax, holders);
        _limits->Zones[0].Initialize(CreditPool.Unlimited, holders);
        _limits->ZoneCount = 1;
        foreach (ZoneLimit limit in size.Zones)
        {
            _limits->Numbers[limit.Zone] = (ushort)_limits->ZoneCount;
            _limits->Zones[_limits->ZoneCount++].Initialize(limit.EntriesMax ?? CreditPool.Unlimited, holders);
        }
    }

    private void LayOutArena()
    {
        *(ArenaHeader*)_arena.Address = new ArenaHeader
        {
            Magic = ArenaHeader.MagicValue,
            TupleBytes = (uint)sizeof(TTuple),
            EntryBytes = (uint)Entry<TTuple>.SizeBytes,
            EntryCount = EntryCount,
        };

        // Also what a former run left in a file: its connections are not taken up.
        for (uint index = 1; index < EntryCount; index++)
        {
            EntryHead* head = Entry<TTuple>.Head(Table->EntryAt(index));
            *head = new EntryHead { Generation = 1 };
        }
    }

    private void LayOutSlots(ConntrackSize size)
    {
        for (int worker = 0; worker < size.Workers; worker++)
        {
            WorkerSlot* slot = Slot(worker);
            byte* next = (byte*)slot;
            slot->WorkerIndex = (uint)worker;
            slot->WorkerCount = (uint)size.Workers;
            next += Align(sizeof(WorkerSlot));
            slot->Entries.Indexes = (uint*)next;
            next += Align(IndexCache.Capacity * sizeof(uint));
            slot->Sides.Indexes = (uint*)next;
            next += Align(IndexCache.Capacity * sizeof(uint));
            slot->Retired.Initialize(next);
            next += Align(RetireRing.MemoryBytes);
            slot->Zones = (ZoneShare*)next;
        }
    }

    private static void FillKey(HashKey* key, ulong? seed)
    {
        if (seed is ulong value)
        {
            HashKey.FillFrom(key, value);
        }
        else
        {
            HashKey.FillRandom(key);
        }
    }

    private static byte* Carve(ref byte* next, int bytes)
    {
        byte* start = next;
        next += bytes + 63 & ~63;
        return start;
    }
}
