using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Dataplane.Conntrack;

/// <summary>Verification tags of an SCTP association; the 32 bytes that <see cref="TcpWindows"/> take in a TCP entry.</summary>
/// <remarks>
/// <code>
/// offset size field               written by
///      0    8 Tags[2]             what packets of each direction carry; 0 not known yet
///      8    8 Offered[2]          INIT: the tag that its sender wants to be sent
///     16    8 Answered[2]         INIT ACK: the same
///     24    7 unused
///     31    1 Bits                the lock, at the place of <see cref="TcpWindows.Bits"/>
/// </code>
/// Index 0 is the original direction. Offered and answered tags become the association's with its COOKIE ACK and not before: an INIT
/// anybody can forge (RFC 9260 §5.2), a cookie only the two.
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
public unsafe struct SctpTags
{
    public const int SizeBytes = 32;

    [FieldOffset(0)] public fixed uint Tags[2];
    [FieldOffset(8)] public fixed uint Offered[2];
    [FieldOffset(16)] public fixed uint Answered[2];
    [FieldOffset(31)] public byte Bits;

    /// <summary>The same memory as the union's other half, for <see cref="TcpWindows.Enter"/> and <see cref="TcpWindows.Exit"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref SctpTags Of(ref TcpWindows windows) => ref Unsafe.As<TcpWindows, SctpTags>(ref windows);
}
