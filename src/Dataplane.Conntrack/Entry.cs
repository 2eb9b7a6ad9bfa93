using System.Runtime.CompilerServices;
using Dataplane.Packet;

namespace Dataplane.Conntrack;

/// <summary>Where the parts of an entry of a tuple type stand; every member folds to a constant.</summary>
/// <remarks>
/// <code>
///                    IPv4   IPv6
/// Original              0      0    written before publication, then never
/// Reply                16     40    written before publication, then never
/// EntryHead            32     80
/// EntryTail            64    128
/// size                128    192
/// </code>
/// Both sizes are whole cache lines and the arena starts on one. An IPv4 packet without accounting touches one
/// line of its entry, with accounting or TCP windows two.
/// </remarks>
public static unsafe class Entry<TTuple>
    where TTuple : unmanaged
{
    public static int HeadOffset
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 2 * sizeof(TTuple);
    }

    public static int TailOffset
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => HeadOffset + EntryHead.SizeBytes + 63 & ~63;
    }

    public static int SizeBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TailOffset + EntryTail.SizeBytes;
    }

    /// <summary>The zone that an entry's original tuple is of.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ushort Zone(byte* entry) =>
        sizeof(TTuple) == Ipv4Tuple.SizeBytes ? ((Ipv4Tuple*)entry)->Zone : ((Ipv6Tuple*)entry)->Zone;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TTuple* Tuple(byte* entry, Direction direction) => (TTuple*)entry + (int)direction;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static EntryHead* Head(byte* entry) => (EntryHead*)(entry + HeadOffset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static EntryTail* Tail(byte* entry) => (EntryTail*)(entry + TailOffset);
}
