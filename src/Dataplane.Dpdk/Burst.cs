using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Dataplane.Packet;

namespace Dataplane.Dpdk;

/// <summary>The calls of a worker's loop: bursts, buffers, clocks. Raw imports; the caller owns the arithmetic.</summary>
/// <remarks>
/// Receive and transmit are ordinary P/Invokes on purpose: their GC transition is where a collection can suspend a
/// worker, it costs about 10 ns for a burst of up to 32 packets, and a driver may make a system call. The transition
/// is suppressed where the callee is straight-line code under 1 µs that neither blocks nor calls back; each says so.
/// </remarks>
[SuppressMessage("Interoperability", "CA1401", Justification =
    "Made to be called by a worker's loop; a wrapper would only add a frame to each burst.")]
public static unsafe partial class Burst
{
    private const string Library = NativeLoader.Library;

    /// <summary>Receives up to <paramref name="count"/> packets; the caller owns those returned.</summary>
    /// <remarks><paramref name="mbufs"/> has room for <paramref name="count"/> pointers.</remarks>
    [LibraryImport(Library, EntryPoint = "dp_burst_rx")]
    public static partial ushort Rx(ushort port, ushort queue, Mbuf** mbufs, ushort count);

    /// <summary>Hands packets to the driver; returns how many it took, from the front. The caller keeps the rest.</summary>
    [LibraryImport(Library, EntryPoint = "dp_burst_tx")]
    public static partial ushort Tx(ushort port, ushort queue, Mbuf** mbufs, ushort count);

    /// <summary>Takes exactly <paramref name="count"/> reset mbufs from a pool, or none and a negative errno.</summary>
    /// <remarks>
    /// Suppressed transition: a copy from the lcore's cache, at worst a bulk dequeue from the pool's ring, which is
    /// bounded by the burst and does not wait. For bursts (64 at most); use the pool's own methods for more.
    /// </remarks>
    [SuppressGCTransition]
    [LibraryImport(Library, EntryPoint = "dp_mbuf_alloc_bulk")]
    public static partial int Allocate(void* pool, Mbuf** mbufs, uint count);

    /// <summary>Gives whole packets (chains included) back to their pools; null entries are skipped.</summary>
    /// <remarks>Suppressed transition: the reverse of <see cref="Allocate"/>, with the same bound on the count.</remarks>
    [SuppressGCTransition]
    [LibraryImport(Library, EntryPoint = "dp_mbuf_free_bulk")]
    public static partial void Free(Mbuf** mbufs, uint count);

    /// <summary>CLOCK_MONOTONIC in nanoseconds.</summary>
    /// <remarks>Suppressed transition: the vDSO reads the clock without a system call, about 25 ns.</remarks>
    [SuppressGCTransition]
    [LibraryImport(Library, EntryPoint = "dp_clock_ns")]
    public static partial ulong ClockNs();

    /// <summary>The processor's time stamp counter, in ticks of <see cref="TscHz"/>.</summary>
    /// <remarks>Suppressed transition: one instruction.</remarks>
    [SuppressGCTransition]
    [LibraryImport(Library, EntryPoint = "dp_clock_tsc")]
    public static partial ulong Tsc();

    /// <summary>Ticks a second of <see cref="Tsc"/>; 0 before the EAL started.</summary>
    /// <remarks>Suppressed transition: reads a variable.</remarks>
    [SuppressGCTransition]
    [LibraryImport(Library, EntryPoint = "dp_clock_tsc_hz")]
    public static partial ulong TscHz();

    /// <summary>Tells the processor that the caller spins.</summary>
    /// <remarks>Suppressed transition: one instruction, up to 140 cycles on some processors.</remarks>
    [SuppressGCTransition]
    [LibraryImport(Library, EntryPoint = "dp_clock_pause")]
    public static partial void Pause();

    /// <summary>Sleeps for that long or until a signal; for workers that idle adaptively.</summary>
    [LibraryImport(Library, EntryPoint = "dp_clock_sleep_ns")]
    public static partial void SleepNs(ulong nanoseconds);

    /// <summary>Next hops of <paramref name="count"/> addresses in host order; 0, or a negative errno on bad arguments.</summary>
    /// <remarks>Suppressed transition: at most two memory accesses an address. For bursts (64 at most).</remarks>
    [SuppressGCTransition]
    [LibraryImport(Library, EntryPoint = "dp_fib_lookup_bulk")]
    public static partial int FibLookup(void* fib, uint* addresses, ulong* nextHops, uint count);

    /// <summary>Next hops of <paramref name="count"/> IPv6 addresses; 0, or a negative errno on bad arguments.</summary>
    /// <remarks>
    /// Suppressed transition: at most 14 dependent memory accesses an address, 6 for a /64. Only a host route of which not one
    /// step lies in a cache comes near 1 µs. For one address at a time, which is how first packets come.
    /// </remarks>
    [SuppressGCTransition]
    [LibraryImport(Library, EntryPoint = "dp_fib6_lookup_bulk")]
    public static partial int Fib6Lookup(void* fib, Ipv6Address* addresses, ulong* nextHops, uint count);
}
