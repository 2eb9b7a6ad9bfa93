using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Dataplane.Conntrack;

/// <summary>The part of an entry that every packet of its connection reads; 32 bytes behind the two tuples.</summary>
/// <remarks>
/// With IPv4's two 16-byte tuples in front it completes the entry's first cache line.
/// <code>
/// offset size field            written by                                   when
///      0    8 State            any worker, compare-and-swap                 per second of traffic, per transition
///      8    4 NextHopOriginal  any worker, plain store                      first packet, after a route change
///     12    4 NextHopReply     the same
///     16    4 Rewrite          creator                                      before publication
///     20    4 Mark             creator                                      before publication
///     24    4 Generation       allocator                                    odd while free or being built
///     28    4 Side             any worker, compare-and-swap                 a side record is attached; 0 none
/// </code>
/// A next hop is a cache: two workers that refresh it store the same value, and a stale one is recognised
/// by its generation.
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
public unsafe struct EntryHead
{
    public const int SizeBytes = 32;

    /// <summary>How far apart two workers' times may be.</summary>
    private const uint PollSpreadSeconds = 1;

    [FieldOffset(0)] public ulong State;
    [FieldOffset(8)] public uint NextHopOriginal;
    [FieldOffset(12)] public uint NextHopReply;

    /// <summary>What the translation layer stored; not interpreted here.</summary>
    [FieldOffset(16)] public uint Rewrite;

    [FieldOffset(20)] public uint Mark;

    [FieldOffset(24)] public uint Generation;
    [FieldOffset(28)] public uint Side;

    /// <summary>Replaces the state word that a packet was judged by.</summary>
    /// <param name="head">Of an entry found in this burst.</param>
    /// <param name="judged">The word as it was read.</param>
    /// <param name="moved">What the packet makes of it.</param>
    /// <returns>False when another worker changed the word meanwhile: the packet has to be judged again.</returns>
    /// <remarks>
    /// One swap, so that a refresh never undoes a close, a removal or another worker's transition. Nothing is written when the word
    /// would be the same, or when only its deadline would go back by a moment: a poll that began earlier must not take back the second
    /// that another worker has just added. A deadline that a changed timeout brings forward is written.
    /// Inlined: for nearly every packet it is two comparisons.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryMove(EntryHead* head, StateWord judged, StateWord moved)
    {
        bool isSame = (uint)moved.Value == (uint)judged.Value && judged.DeadlineSeconds - moved.DeadlineSeconds <= PollSpreadSeconds;
        return isSame || Shared.Swap(ref head->State, moved.Value, judged.Value);
    }
}
