using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Dataplane.Packet;

/// <summary>TCP header without options (RFC 9293 §3.1); 20 bytes, no alignment.</summary>
/// <remarks>
/// <code>
/// offset size field
///      0    2 SourcePort
///      2    2 DestinationPort
///      4    4 Sequence
///      8    4 Acknowledgment
///     12    1 OffsetAndReserved   4 bits data offset: header length in 32-bit words, 5–15; 4 bits reserved
///     13    1 Flags
///     14    2 Window              unscaled
///     16    2 Checksum            header, payload and pseudo-header
///     18    2 UrgentPointer
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes, Pack = 1)]
public struct TcpHeader
{
    /// <summary>The header without options, the shortest there is.</summary>
    public const int SizeBytes = 20;

    /// <summary>The longest header: data offset 15.</summary>
    public const int MaxSizeBytes = 60;

    /// <summary>Where <see cref="Checksum"/> stands.</summary>
    public const int ChecksumOffset = 16;

    [FieldOffset(0)] public Be16 SourcePort;
    [FieldOffset(2)] public Be16 DestinationPort;
    [FieldOffset(4)] public Be32 Sequence;
    [FieldOffset(8)] public Be32 Acknowledgment;
    [FieldOffset(12)] public byte OffsetAndReserved;
    [FieldOffset(13)] public TcpFlags Flags;
    [FieldOffset(14)] public Be16 Window;
    [FieldOffset(16)] public Be16 Checksum;
    [FieldOffset(18)] public Be16 UrgentPointer;

    /// <summary>Header length with options as the field says: 0–60, to be trusted from 20 on.</summary>
    public readonly int HeaderLengthBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (OffsetAndReserved >> 4) * 4;
    }
}
