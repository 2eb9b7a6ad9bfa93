using System.Runtime.InteropServices;

namespace Dataplane.Packet;

/// <summary>IPv6 fragment header (RFC 8200 §4.5); 8 bytes, no alignment.</summary>
/// <remarks>
/// <code>
/// offset size field
///      0    1 NextHeader       of the fragmentable part; counts in the first fragment only
///      1    1 reserved
///      2    2 OffsetAndFlags   13 bits offset in 8-byte units, 2 bits reserved, M: more fragments
///      4    4 Identification
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes, Pack = 1)]
public struct FragmentHeader
{
    public const int SizeBytes = 8;

    private const ushort OffsetMask = 0xFFF8;
    private const ushort MoreFragments = 1;

    [FieldOffset(0)] public byte NextHeader;
    [FieldOffset(2)] public Be16 OffsetAndFlags;
    [FieldOffset(4)] public Be32 Identification;

    /// <summary>Position of what follows in the fragmentable part.</summary>
    public readonly ushort OffsetBytes => (ushort)(OffsetAndFlags.Host & OffsetMask);

    /// <summary>Whether this is not the last fragment.</summary>
    public readonly bool HasMore => (OffsetAndFlags.Host & MoreFragments) != 0;
}
