using System.Runtime.CompilerServices;

namespace Dataplane.Conntrack;

/// <summary>One of the two places of an entry in the table: arena index and direction in 32 bits.</summary>
/// <remarks>
/// <code>
/// bit  31 ........ 1   0
///      arena index     direction
/// </code>
/// Index 0 is never handed out, so that the value 0 means "none" in a packet's meta data. 2^31 - 1 entries of
/// 128 bytes are 256 GiB: the width does not bind.
/// </remarks>
public readonly struct EntryReference
{
    public readonly uint Value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public EntryReference(uint value) => Value = value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public EntryReference(uint index, Direction direction) => Value = index << 1 | (uint)direction;

    public uint Index
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Value >> 1;
    }

    public Direction Direction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (Direction)(Value & 1);
    }

    public bool IsNone => Value == 0;
}
