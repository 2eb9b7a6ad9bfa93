using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Dataplane.Conntrack;

/// <summary>A hash table's buckets: where they are, how many, and the walks over them that need no entry.</summary>
/// <remarks>
/// A value that never changes; resizing makes another. 24 bytes, copied into registers by the passes over a burst.
/// The writing members are called under the lock of the hash's stripe only.
/// </remarks>
[StructLayout(LayoutKind.Sequential)]
public readonly unsafe struct BucketArray
{
    /// <summary>Buckets a tuple may use: the bound of every walk.</summary>
    public const uint ProbesMax = 16;

    /// <summary>Passages that a bucket may have counted before another insertion, both of whose tuples may pass it.</summary>
    private const ushort PassagesMax = ushort.MaxValue - 2;

    /// <summary>First bucket, 64-byte aligned; null for no array.</summary>
    public readonly Bucket* Buckets;

    /// <summary>Number of buckets, a power of two, minus one.</summary>
    public readonly ulong Mask;

    /// <summary>Buckets in one stripe, at most <see cref="ProbesMax"/>.</summary>
    public readonly ulong Probes;

    /// <param name="buckets">Zeroed memory, 64-byte aligned.</param>
    /// <param name="count">A power of two, at least <see cref="StripeLocks.Count"/>.</param>
    public BucketArray(Bucket* buckets, uint count)
    {
        Debug.Assert(BitOperations.IsPow2(count) && count >= StripeLocks.Count, "a stripe is the buckets with equal low bits");
        Buckets = buckets;
        Mask = count - 1;
        Probes = System.Math.Min(count / StripeLocks.Count, ProbesMax);
    }

    /// <summary>Number of buckets; 0 for no array.</summary>
    public uint Count => Buckets == null ? 0 : (uint)Mask + 1;

    /// <summary>The first bucket of a hash's probe sequence.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Bucket* First(ulong hash) => Buckets + (hash & Mask);

    /// <summary>The bucket after <paramref name="bucket"/> in a hash's probe sequence.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Bucket* Next(Bucket* bucket, ulong hash)
    {
        ulong step = (hash >> 32 & 0xFFFF | 1) * StripeLocks.Count;
        return Buckets + ((ulong)(bucket - Buckets) + step & Mask);
    }

    /// <summary>The first free place of a probe sequence, passing over one that is spoken for.</summary>
    /// <returns>False when the walk reached its bound, or a bucket that cannot count another passage.</returns>
    internal bool FindPlace(ulong hash, Bucket* takenBucket, int takenPlace, out Bucket* bucket, out int place)
    {
        bucket = First(hash);
        for (ulong probe = 0; probe < Probes; probe++)
        {
            uint free = Bucket.Match(bucket, 0);
            if (bucket == takenBucket)
            {
                free &= ~(1u << takenPlace);
            }

            if (free != 0)
            {
                place = BitOperations.TrailingZeroCount(free);
                return true;
            }

            Shared.Point();
            if (Bucket.PassagesOf(bucket, hash) > PassagesMax)
            {
                break;
            }

            bucket = Next(bucket, hash);
        }

        place = -1;
        return false;
    }

    /// <summary>Fills a place; the passages are counted first, so that a reader who needs them sees them.</summary>
    internal void Publish(ulong hash, Bucket* bucket, int place, EntryReference reference)
    {
        for (Bucket* passed = First(hash); passed != bucket; passed = Next(passed, hash))
        {
            Shared.Point();
            ref ushort passages = ref Bucket.PassagesOf(passed, hash);
            Shared.Release(ref passages, (ushort)(passages + 1));
        }

        Shared.Release(ref bucket->References[place], reference.Value);
        Shared.Release(ref bucket->Tags[place], TupleHash.Tag(hash));
    }

    /// <summary>Clears a place; the passages are uncounted last.</summary>
    internal void Withdraw(ulong hash, Bucket* bucket, int place)
    {
        Shared.Release(ref bucket->Tags[place], 0);
        for (Bucket* passed = First(hash); passed != bucket; passed = Next(passed, hash))
        {
            Shared.Point();
            ref ushort passages = ref Bucket.PassagesOf(passed, hash);
            Shared.Release(ref passages, (ushort)(passages - 1));
        }
    }

    /// <summary>The place of a reference; only under its lock.</summary>
    /// <returns>False when the reference is not in this array.</returns>
    internal bool FindReference(ulong hash, EntryReference reference, out Bucket* bucket, out int place)
    {
        ushort tag = TupleHash.Tag(hash);
        bucket = First(hash);
        for (ulong probe = 0; probe < Probes; probe++)
        {
            for (uint match = Bucket.Match(bucket, tag); match != 0; match &= match - 1)
            {
                place = BitOperations.TrailingZeroCount(match);
                Shared.Point();
                if (bucket->References[place] == reference.Value)
                {
                    return true;
                }
            }

            Shared.Point();
            if (Bucket.PassagesOf(bucket, hash) == 0)
            {
                break;
            }

            bucket = Next(bucket, hash);
        }

        place = -1;
        return false;
    }
}
