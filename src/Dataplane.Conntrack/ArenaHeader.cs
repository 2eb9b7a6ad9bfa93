using System.Runtime.InteropServices;

namespace Dataplane.Conntrack;

/// <summary>The first record of an arena, in place of entry 0: says what the rest is.</summary>
/// <remarks>
/// An arena holds indexes and no pointer, so it means the same wherever it is mapped.
/// <code>
/// offset size field
///      0    8 Magic          "DPARENA1" in memory order
///      8    4 TupleBytes     16 IPv4, 40 IPv6
///     12    4 EntryBytes
///     16    4 EntryCount     this record included
///     20   44 zero
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
public struct ArenaHeader
{
    public const int SizeBytes = 64;

    /// <summary>Changes whenever the layout of an entry does.</summary>
    public const ulong MagicValue = 0x3141_4E45_5241_5044;

    [FieldOffset(0)] public ulong Magic;
    [FieldOffset(8)] public uint TupleBytes;
    [FieldOffset(12)] public uint EntryBytes;
    [FieldOffset(16)] public uint EntryCount;
}
