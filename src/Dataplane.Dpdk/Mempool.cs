using System;
using Dataplane.Packet;

namespace Dataplane.Dpdk;

/// <summary>A pool of mbufs in EAL memory.</summary>
public sealed unsafe class Mempool : IDisposable
{
    /// <summary>RTE_MEMPOOL_CACHE_MAX_SIZE.</summary>
    public const int CacheMax = 512;

    /// <summary>Data room that holds an Ethernet frame of MTU 1500: 2 KiB behind the headroom.</summary>
    public const int DefaultDataRoomBytes = 2048 + Mbuf.HeadroomBytes;

    private void* _pool;

    private Mempool(void* pool, string name, int count, int dataRoomBytes)
    {
        _pool = pool;
        Name = name;
        Count = count;
        DataRoomBytes = dataRoomBytes;
    }

    public string Name { get; }

    /// <summary>Mbufs in the pool, free or not.</summary>
    public int Count { get; }

    /// <summary>Bytes of one data buffer, headroom included.</summary>
    public int DataRoomBytes { get; }

    /// <summary>struct rte_mempool*, for <see cref="Burst"/>.</summary>
    public void* Handle => _pool;

    /// <summary>Mbufs nobody holds. Walks the caches; exact only while nobody allocates.</summary>
    public int Available => (int)Native.dp_mempool_available(Live());

    /// <summary>Mbufs somebody holds, drivers' receive rings included. Exact only while nobody allocates.</summary>
    public int InUse => (int)Native.dp_mempool_in_use(Live());

    /// <summary>Bytes an mbuf takes with its headers and data room.</summary>
    public int ObjectBytes => (int)Native.dp_mempool_object_bytes(Live());

    /// <summary>Pieces of memory the pool lies in; AF_XDP needs it to be 1.</summary>
    public int Chunks => (int)Native.dp_mempool_chunks(Live());

    /// <summary>Makes a pool.</summary>
    /// <param name="name">Unique in the process, up to 25 characters.</param>
    /// <param name="count">Mbufs; a power of two minus one wastes no memory.</param>
    /// <param name="cache">Mbufs that each lcore keeps aside, 0 to 512 and at most count / 1.5.</param>
    /// <param name="dataRoomBytes">Bytes of a data buffer with its headroom of 128.</param>
    /// <param name="node">NUMA node, -1 for any.</param>
    /// <exception cref="DpdkException">No memory, the name is taken, or a number is out of range.</exception>
    public static Mempool Create(string name, int count, int cache = 256, int dataRoomBytes = DefaultDataRoomBytes, int node = -1)
    {
        string what = $"mempool {name} of {count} mbufs";
        if (count < 1 || cache < 0 || cache > CacheMax || cache * 3L > count * 2L)
        {
            throw new DpdkException($"{what}: a cache of {cache} must be 0 to {CacheMax} and at most {count * 2L / 3}");
        }

        if (dataRoomBytes is < Mbuf.HeadroomBytes or > ushort.MaxValue)
        {
            throw new DpdkException(
                $"{what}: a data room of {dataRoomBytes} must be {Mbuf.HeadroomBytes} to {ushort.MaxValue} bytes");
        }

        int error;
        ulong position = EalLog.Position;
        void* pool = Native.dp_mempool_create(name, (uint)count, (uint)cache, (uint)dataRoomBytes, node, &error);
        if (pool is null)
        {
            long mebibytes = (long)count * (dataRoomBytes + Mbuf.SizeBytes + 64) >> 20;
            string? remedy = error == -Errno.NoMemory ? $"raise the packet memory: the pool takes about {mebibytes} MiB" : null;
            throw DpdkException.From(error, what, position, remedy);
        }

        return new Mempool(pool, name, count, dataRoomBytes);
    }

    /// <summary>Takes all of <paramref name="mbufs"/> from the pool, reset; false, and none, when it has too few.</summary>
    public bool TryAllocate(Mbuf** mbufs, int count) => Burst.Allocate(Live(), mbufs, (uint)count) == 0;

    /// <summary>Frees the pool; ports that use it must be closed before.</summary>
    public void Dispose()
    {
        Native.dp_mempool_free(_pool);
        _pool = null;
    }

    private void* Live()
    {
        ObjectDisposedException.ThrowIf(_pool is null, this);
        return _pool;
    }
}
