using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Threading;

namespace Dataplane.Conntrack;

/// <summary>Eight places of the hash table in one cache line.</summary>
/// <remarks>
/// Read by every worker without a lock; written only under the lock of its stripe (see <see cref="StripeLocks"/>).
/// <code>
/// offset size field
///      0   16 Tags[8]        16 bits of the hash, 0 empty; the release store of a tag publishes the place
///     16   32 References[8]  entry index and direction
///     48   16 Passages[8]    by the tag's low three bits: live places elsewhere whose probe passed here because this bucket was full
/// </code>
/// Two tags of different tuples agree once in 65,535, so a lookup reads a foreign entry in 8/65,535 of all cases.
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
public unsafe struct Bucket
{
    public const int SizeBytes = 64;
    public const int Places = 8;

    /// <summary>Kinds of passages that are counted apart: a search goes on only where one of its kind did.</summary>
    public const int Classes = 8;

    [FieldOffset(0)] public fixed ushort Tags[Places];
    [FieldOffset(16)] public fixed uint References[Places];
    [FieldOffset(48)] public fixed ushort Passages[Classes];

    /// <summary>Passages of all classes.</summary>
    public readonly int Overflowed
    {
        get
        {
            int sum = 0;
            for (int number = 0; number < Classes; number++)
            {
                sum += Passages[number];
            }

            return sum;
        }
    }

    /// <summary>The passages of a hash's class.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref ushort PassagesOf(Bucket* bucket, ulong hash) => ref bucket->Passages[hash >> 48 & (Classes - 1)];

    /// <summary>One bit for each place whose tag is <paramref name="tag"/>; 0 asks for the free places.</summary>
    /// <remarks>
    /// Inlined because it is the second pass of the lookup. Without SIMD the JIT emits the scalar equivalent. The tags may change
    /// while they are loaded: each of the eight is then either the old or the new one, which is all that readers need.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Match(Bucket* bucket, ushort tag)
    {
        Shared.Point();
        Vector128<ushort> tags = Vector128.Load(bucket->Tags);

        // What a tag says is loaded after the tag; on x86-64 this is no instruction.
        Volatile.ReadBarrier();
        return Vector128.Equals(tags, Vector128.Create(tag)).ExtractMostSignificantBits();
    }
}
