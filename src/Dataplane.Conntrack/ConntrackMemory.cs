using System;
using Dataplane.Os;

namespace Dataplane.Conntrack;

/// <summary>How large a table is; everything is allocated from this before the first packet.</summary>
/// <param name="EntriesMax">Connections at most, 1 to 2^30.</param>
/// <param name="Workers">Workers that will use the table, 1 to <see cref="Quiescence.WorkersMax"/>.</param>
/// <param name="Hugepages">Ask for 2 MiB pages.</param>
/// <param name="BucketsMin">A lower bound for the number of buckets, up to 2^31; 0 lets the load decide.</param>
public sealed record ConntrackSize(uint EntriesMax, int Workers, bool Hugepages, uint BucketsMin = 0);

/// <summary>Owns the memory of a table: arena and buckets in mappings of their own, workers' slots beside them.</summary>
public sealed unsafe class ConntrackMemory<TTuple> : IDisposable
    where TTuple : unmanaged
{
    private readonly MappedMemory _arena;
    private readonly MappedMemory _buckets;
    private readonly MappedMemory _shared;
    private readonly MappedMemory _slots;
    private readonly int _slotStride;

    /// <exception cref="ArgumentOutOfRangeException">A size outside its range.</exception>
    /// <exception cref="OsException">The memory cannot be had.</exception>
    public ConntrackMemory(ConntrackSize size)
    {
        ArgumentNullException.ThrowIfNull(size);
        ArgumentOutOfRangeException.ThrowIfLessThan(size.EntriesMax, 1u);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size.EntriesMax, 1u << 30);
        ArgumentOutOfRangeException.ThrowIfLessThan(size.Workers, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size.Workers, Quiescence.WorkersMax);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size.BucketsMin, 1u << 31);

        Size = size;
        EntryCount = 1 + size.EntriesMax + (uint)size.Workers * EntryPool.ReservePerWorker;
        BucketCount = BucketsFor(size.EntriesMax, size.BucketsMin);
        _arena = MappedMemory.Allocate((long)EntryCount * Entry<TTuple>.SizeBytes, size.Hugepages);
        _buckets = MappedMemory.Allocate((long)BucketCount * Bucket.SizeBytes, size.Hugepages);
        long freeBytes = (long)EntryCount * sizeof(uint);
        int fixedBytes = 256 + HashKey.SizeBytes + 16 + Quiescence.SizeBytes + StripeLocks.SizeBytes + sizeof(EntryPool);
        _shared = MappedMemory.Allocate(fixedBytes + 256 + freeBytes, false);
        _slotStride = Align(sizeof(WorkerSlot)) + Align(EntryPool.CacheMax * 4)
            + Align(EntryPool.RetiredMax * 4) + Align(EntryPool.RetiredMax * 8);
        _slots = MappedMemory.Allocate((long)_slotStride * size.Workers, false);
        LayOut(size);
    }

    public ConntrackSize Size { get; }

    /// <summary>Entries in the arena: the maximum, the workers' reserve and the unused index 0.</summary>
    public uint EntryCount { get; }

    public uint BucketCount { get; }

    /// <summary>The table itself; valid until <see cref="Dispose"/>.</summary>
    public ConntrackTable<TTuple>* Table { get; private set; }

    /// <summary>The shared pool of free entries.</summary>
    public EntryPool* Pool { get; private set; }

    /// <summary>All bytes mapped for this table.</summary>
    public long TotalBytes => _arena.LengthBytes + _buckets.LengthBytes + _shared.LengthBytes + _slots.LengthBytes;

    public long ArenaBytes => _arena.LengthBytes;

    public long BucketBytes => _buckets.LengthBytes;

    /// <summary>What the arena's pages are.</summary>
    public PageKind ArenaPages => _arena.PageKind;

    /// <summary>The slot of a worker.</summary>
    public WorkerSlot* Slot(int worker)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(worker);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(worker, Size.Workers);
        return (WorkerSlot*)(_slots.Address + (long)worker * _slotStride);
    }

    /// <summary>Live connections: insertions minus removals over all workers.</summary>
    /// <remarks>A sum of counters that move while they are read: exact when the workers rest.</remarks>
    public long Count()
    {
        TableCounters sum = Counters();
        return (long)(sum.Insert - sum.Delete);
    }

    /// <summary>The workers' counters, summed.</summary>
    public TableCounters Counters()
    {
        TableCounters sum = default;
        for (int worker = 0; worker < Size.Workers; worker++)
        {
            TableCounters* part = &Slot(worker)->Counters;
            sum.Insert += part->Insert;
            sum.Delete += part->Delete;
            sum.Expired += part->Expired;
            sum.InsertFailed += part->InsertFailed;
            sum.ChainTooLong += part->ChainTooLong;
            sum.ClashResolve += part->ClashResolve;
            sum.SearchRestart += part->SearchRestart;
        }

        return sum;
    }

    public void Dispose()
    {
        _arena.Dispose();
        _buckets.Dispose();
        _shared.Dispose();
        _slots.Dispose();
    }

    /// <summary>The power of two of buckets that keeps the load at three quarters or below.</summary>
    public static uint BucketsFor(uint entriesMax, uint bucketsMin)
    {
        ulong places = (ulong)entriesMax * 2 * 4 / 3 + 1;

        // Every stripe holds a whole probe sequence: with fewer buckets a small table would refuse long before it is full.
        ulong buckets = (ulong)StripeLocks.Count * (ulong)ConntrackTable<TTuple>.ProbesMax;
        while (buckets * Bucket.Places < places || buckets < bucketsMin)
        {
            buckets *= 2;
        }

        return (uint)buckets;
    }

    private static int Align(int bytes) => bytes + 127 & ~127;

    private void LayOut(ConntrackSize size)
    {
        byte* next = _shared.Address;
        Table = (ConntrackTable<TTuple>*)Carve(ref next, 128);
        Pool = (EntryPool*)Carve(ref next, sizeof(EntryPool));
        HashKey* key = (HashKey*)Carve(ref next, HashKey.SizeBytes + 16);
        Quiescence* quiescence = (Quiescence*)Carve(ref next, Quiescence.SizeBytes);
        int* locks = (int*)Carve(ref next, StripeLocks.SizeBytes);
        HashKey.FillRandom(key);
        quiescence->Initialize(size.Workers);
        Table->Initialize(_arena.Address, EntryCount, (Bucket*)_buckets.Address, BucketCount);
        Table->Share(key, quiescence, locks, Pool);
        Pool->Initialize((uint*)next, EntryCount, size.EntriesMax, size.Workers);
        for (uint index = 0; index < EntryCount; index++)
        {
            Entry<TTuple>.Head(Table->EntryAt(index))->Generation = 1;
        }

        for (int worker = 0; worker < size.Workers; worker++)
        {
            WorkerSlot* slot = Slot(worker);
            slot->WorkerIndex = (uint)worker;
            slot->WorkerCount = (uint)size.Workers;
            byte* part = (byte*)slot + Align(sizeof(WorkerSlot));
            slot->Free = (uint*)part;
            slot->RetiredIndexes = (uint*)(part + Align(EntryPool.CacheMax * 4));
            slot->RetiredEpochs = (ulong*)(part + Align(EntryPool.CacheMax * 4) + Align(EntryPool.RetiredMax * 4));
        }
    }

    private static byte* Carve(ref byte* next, int bytes)
    {
        byte* start = next;
        next += bytes + 63 & ~63;
        return start;
    }
}
