using System;
using System.Runtime.InteropServices;

namespace Dataplane.Packet;

/// <summary>What a neighbour advertisement says of itself (RFC 4861 §4.4); the first byte behind the checksum.</summary>
[Flags]
public enum NeighbourFlags : byte
{
    None = 0,

    /// <summary>Replace the link-layer address that is known.</summary>
    Override = 0x20,

    /// <summary>In answer to a solicitation.</summary>
    Solicited = 0x40,

    /// <summary>The sender is a router.</summary>
    Router = 0x80,
}

/// <summary>Neighbour solicitation and advertisement (RFC 4861 §4.3, §4.4); 24 bytes, options behind, no alignment.</summary>
/// <remarks>
/// <code>
/// offset size field
///      0    1 Type        135 solicitation, 136 advertisement
///      1    1 Code        0
///      2    2 Checksum    with pseudo-header
///      4    1 Flags       advertisements only
///      8   16 Target
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes, Pack = 1)]
public struct NeighbourMessage
{
    public const int SizeBytes = 24;

    [FieldOffset(0)] public byte Type;
    [FieldOffset(1)] public byte Code;
    [FieldOffset(2)] public Be16 Checksum;
    [FieldOffset(4)] public NeighbourFlags Flags;
    [FieldOffset(8)] public Ipv6Address Target;
}

/// <summary>Router advertisement (RFC 4861 §4.2); 16 bytes, options behind, no alignment.</summary>
/// <remarks>
/// <code>
/// offset size field
///      0    1 Type                      134
///      1    1 Code                      0
///      2    2 Checksum                  with pseudo-header
///      4    1 HopLimit                  for what hosts send; 0 unspecified
///      5    1 Flags                     managed, other: both 0
///      6    2 LifetimeSeconds           as default router; 0 is none
///      8    4 ReachableMilliseconds     0 unspecified
///     12    4 RetransmitMilliseconds    0 unspecified
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes, Pack = 1)]
public struct RouterAdvertisementMessage
{
    public const int SizeBytes = 16;

    [FieldOffset(0)] public byte Type;
    [FieldOffset(1)] public byte Code;
    [FieldOffset(2)] public Be16 Checksum;
    [FieldOffset(4)] public byte HopLimit;
    [FieldOffset(5)] public byte Flags;
    [FieldOffset(6)] public Be16 LifetimeSeconds;
    [FieldOffset(8)] public Be32 ReachableMilliseconds;
    [FieldOffset(12)] public Be32 RetransmitMilliseconds;
}
