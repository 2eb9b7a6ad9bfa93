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
/// under one stripe lock, and an odd step in a stripe of a power of two visits no bucket twice. Every full bucket passed on the way
/// counts the passage in <see cref="Bucket.Passages"/>, by three bits of the tag, and uncounts it on removal, so a lookup
/// goes on only where somebody of its kind really went on, and places never move.</para>
/// <para>With loads of 50, 75 and 90 % of the places the number of tuples that choose a bucket first is near Poisson with mean 4, 6 and
/// 7.2; simulated over 2^22 buckets it comes to:
/// <code>
/// load                                    50 %    75 %    90 %
/// tuples in their first bucket           99.1    94.1    87.2 %
/// buckets read by a hit, mean            1.009   1.073   1.22
/// buckets read by a miss, mean           1.004   1.05    1.20
/// the same without the three bits        1.02    1.25    2.07
/// buckets that are full                  5       32      65 %
/// longest walk                           5       13      16
/// refused by the bound of 16             0       0       2 in 100,000
/// </code>
/// Step by step a walk of k buckets finds all of them full with about the k-th power of the share of full buckets: 10^-8 for 16 at
/// 75 %. Tables are therefore made for at most three quarters, small ones, whose stripes vary more, for half; the bound is a
/// refusal (<see cref="InsertResult.ChainTooLong"/>) and a counter, never a longer walk. Given up for it: a hit in a table at
/// three quarters reads a second bucket one time in seventeen, where cuckoo hashing moves entries to avoid that and then has to
/// tell readers that they moved.</para>
/// <para><b>Readers</b> take no lock and write nothing. A place is published by the release store of its tag after its
/// reference, and that after the entry is complete; a reader loads tags, then reference, then key, each with acquire order
/// (on x86-64 plain loads and stores, which stay in order; the tags are one vector load of which each tag is old or new). A tag
/// match proves nothing: the key is compared, then the state word says whether the entry lives. An expired entry is skipped and the
/// search goes on, so it cannot hide a live one. A place that is cleared and filled again under a reader's eyes names another
/// entry, whose key does not fit. Since places never move, a search that fails saw every place of a live connection before it was
/// filled or after it was cleared, unless the table was being resized: then see <see cref="BeginResize"/>.</para>
/// <para><b>Writers</b> hold the stripe locks of both tuples (<see cref="StripeLocks"/>). Insertion first finds both
/// places, then publishes reply before original; removal clears in reverse. Duplicates are looked for under the same locks, so two
/// workers that see the first packets of one connection at once cannot both insert it. Until the insertion has returned, other
/// workers may find the connection by one tuple and not by the other, and a reader that saw an old tag of the place, which happens to
/// be the same, may find it once and miss it the next time: it is complete in each case, and who misses it meets it in its own
/// insertion.</para>
/// <para><b>Order.</b> What holds the pieces together, and where each store pairs with its load:
/// entry, then generation (release), then reference, then tag (release) | tag, then reference (acquire), then key;
/// passages of an insertion, then tag | tags, then passages: who sees no passage may not see the place, which was not there yet;
/// tag cleared, then passages uncounted | the same;
/// lock taken (a locked instruction) before the view is read, released (release) after the last store;
/// dying flag by compare-and-swap before the places are cleared; places cleared before the epoch is advanced (a locked instruction);
/// epoch read by a worker (acquire) before the loads of its next burst.</para>
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
