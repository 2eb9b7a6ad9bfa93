using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Dataplane.Conntrack;

/// <summary>The connection table of one address family, shared by all workers.</summary>
/// <remarks>
/// <para><b>Shape.</b> Entries stand in an arena and are named by index; a hash table of 64-byte buckets holds each entry twice,
/// under its original and its reply tuple. There is no pointer in the arena or in a bucket. A hit costs one
/// bucket line and one entry line.</para>
/// <para><b>Overflow.</b> A bucket has eight places. A tuple whose bucket is full goes to the next bucket of its probe
/// sequence, b + k * step * locks with an odd step from the hash: the low bits stay, so the whole sequence is
/// under one stripe lock. Every full bucket passed on the way counts the passage in <see cref="Bucket.Overflowed"/> and
/// uncounts it on removal, so a lookup
/// goes on only where somebody really went on, and places never move. With buckets filled at random to a load a the number
/// in a bucket is near Poisson with mean 8a; a bucket is full with probability 5 % at a = 0.50, 26 % at 0.75
/// and 41 % at 0.90 counting only first choices. A probe sequence of 16 finds no place with probability about p^16:
/// 10^-21, 10^-9 and,
/// with the overflow itself filling buckets to p = 0.6 at the highest load, 10^-4. The table is therefore sized to at
/// most three quarters; the
/// bound is a refusal (<see cref="InsertResult.ChainTooLong"/>) and a counter, never a longer walk.</para>
/// <para><b>Readers</b> take no lock and write nothing. A place is published by the release store of its tag after its
/// reference, and that after the entry is complete; a reader loads tags, then reference, then key (loads
/// stay in order on x86-64, the only architecture that this is built for). A tag match proves nothing: the key is
/// compared, then the state word
/// says whether the entry lives. An expired entry is skipped and the search goes on, so it cannot hide a live one.</para>
/// <para><b>Writers</b> hold the stripe locks of both tuples (<see cref="StripeLocks"/>). Insertion first finds both
/// places, then publishes
/// reply before original; removal clears in reverse. Duplicates are looked for under the same locks, so two
/// workers that see the first packets of one connection at once cannot both insert it.</para>
/// <para><b>Reuse.</b> A removed entry keeps its contents until every worker has passed a quiescent point
/// (<see cref="Quiescence"/>); what a reader found stays readable for its burst.</para>
/// </remarks>
/// <typeparam name="TTuple"><see cref="Packet.Ipv4Tuple"/> or <see cref="Packet.Ipv6Tuple"/>.</typeparam>
[StructLayout(LayoutKind.Sequential)]
public unsafe partial struct ConntrackTable<TTuple>
    where TTuple : unmanaged
{
    /// <summary>First byte of the arena; 64-byte aligned.</summary>
    public byte* Entries;

    /// <summary>Entries in the arena; index 0 is its header.</summary>
    public uint EntryCount;

    private BucketView* _view;
    private int* _locks;
    private EntryPool* _pool;
    private ResizeState* _resize;
    private SideRecord* _sides;
    private IndexPool* _sidePool;

    public HashKey* Key;
    public Quiescence* Quiescence;

    internal void Initialize(byte* entries, uint entryCount, EntryPool* pool, SideRecord* sides, IndexPool* sidePool)
    {
        Entries = entries;
        EntryCount = entryCount;
        _pool = pool;
        _sides = sides;
        _sidePool = sidePool;
    }

    internal void Share(HashKey* key, Quiescence* quiescence, int* locks, ResizeState* resize, BucketArray buckets)
    {
        Key = key;
        Quiescence = quiescence;
        _locks = locks;
        _resize = resize;
        _resize->EndEpoch = 1;
        Publish(buckets, default);
    }

    /// <summary>Where to look for connections; a burst reads it once.</summary>
    public readonly BucketView* View
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            fixed (BucketView** view = &_view)
            {
                return (BucketView*)Shared.Acquire((void**)view);
            }
        }
    }

    /// <summary>The entry of an index.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly byte* EntryAt(uint index) => Entries + (nuint)index * (nuint)Entry<TTuple>.SizeBytes;

    /// <summary>Asks for a cache line ahead of its use; a hint without architectural effect.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(void* address)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(address);
        }
    }

    /// <summary>The hash of a tuple under this table's key.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly ulong Hash(TTuple* tuple) => TupleHash.Compute(tuple, Key);

    /// <summary>Whether two tuples are the same, zone and protocol included.</summary>
    /// <remarks>Inlined: for IPv4 it is one vector comparison.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool SameTuple(TTuple* left, TTuple* right)
    {
        if (sizeof(TTuple) == 16)
        {
            return System.Runtime.Intrinsics.Vector128.Load((byte*)left) == System.Runtime.Intrinsics.Vector128.Load((byte*)right);
        }

        ulong* a = (ulong*)left;
        ulong* b = (ulong*)right;
        ulong difference = 0;
        for (int word = 0; word < sizeof(TTuple) / 8; word++)
        {
            difference |= a[word] ^ b[word];
        }

        return difference == 0;
    }
}
