using System.Runtime.InteropServices;

namespace Dataplane.Packet;

/// <summary>First 8 bytes of an ICMP or ICMPv6 message (RFC 792, RFC 4443 §2.1), no alignment.</summary>
/// <remarks>
/// The last four bytes depend on the type; the views overlap.
/// <code>
/// offset size field
///      0    1 Type
///      1    1 Code
///      2    2 Checksum           ICMP: the message alone; ICMPv6: with pseudo-header
///      4    4 Rest               errors: unused, gateway, pointer, or (ICMPv6) the MTU
///      4    2 Identifier         queries and replies
///      6    2 Sequence           queries and replies
///      6    2 NextHopMtuBytes    ICMP type 3 code 4 (RFC 1191 §4)
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes, Pack = 1)]
public struct IcmpHeader
{
    public const int SizeBytes = 8;

    /// <summary>Where <see cref="Checksum"/> stands.</summary>
    public const int ChecksumOffset = 2;

    [FieldOffset(0)] public byte Type;
    [FieldOffset(1)] public byte Code;
    [FieldOffset(2)] public Be16 Checksum;
    [FieldOffset(4)] public Be32 Rest;
    [FieldOffset(4)] public Be16 Identifier;
    [FieldOffset(6)] public Be16 Sequence;
    [FieldOffset(6)] public Be16 NextHopMtuBytes;
}
