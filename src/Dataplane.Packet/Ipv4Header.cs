using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Dataplane.Packet;

/// <summary>IPv4 header without options (RFC 791 §3.1); 20 bytes, no alignment.</summary>
/// <remarks>
/// <code>
/// offset size field
///      0    1 VersionAndLength    4 bits version, 4 bits IHL: header length in 32-bit words, 5–15
///      1    1 TypeOfService       DSCP and ECN (RFC 2474, RFC 3168)
///      2    2 TotalLengthBytes    header and payload
///      4    2 Identification
///      6    2 FlagsAndOffset      1 bit reserved, DF, MF, 13 bits fragment offset in 8-byte units
///      8    1 Ttl
///      9    1 Protocol
///     10    2 Checksum            of the header
///     12    4 Source
///     16    4 Destination
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes, Pack = 1)]
public struct Ipv4Header
{
    /// <summary>The header without options, the shortest there is.</summary>
    public const int SizeBytes = 20;

    /// <summary>The longest header: IHL 15.</summary>
    public const int MaxSizeBytes = 60;

    /// <summary>Version 4 and IHL 5 in <see cref="VersionAndLength"/>.</summary>
    public const byte VersionAndLengthPlain = 0x45;

    public const ushort DontFragment = 0x4000;
    public const ushort MoreFragments = 0x2000;
    public const ushort FragmentOffsetMask = 0x1FFF;

    [FieldOffset(0)] public byte VersionAndLength;
    [FieldOffset(1)] public byte TypeOfService;
    [FieldOffset(2)] public Be16 TotalLengthBytes;
    [FieldOffset(4)] public Be16 Identification;
    [FieldOffset(6)] public Be16 FlagsAndOffset;
    [FieldOffset(8)] public byte Ttl;
    [FieldOffset(9)] public byte Protocol;
    [FieldOffset(10)] public Be16 Checksum;
    [FieldOffset(12)] public Ipv4Address Source;
    [FieldOffset(16)] public Ipv4Address Destination;

    public readonly int Version => VersionAndLength >> 4;

    /// <summary>Header length with options as the field says: 0–60, to be trusted from 20 on.</summary>
    public readonly int HeaderLengthBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (VersionAndLength & 0x0F) * 4;
    }

    /// <summary>A fragment of a datagram: more follow, or it does not begin the datagram.</summary>
    public readonly bool IsFragment => (FlagsAndOffset.Host & (MoreFragments | FragmentOffsetMask)) != 0;

    /// <summary>Position of this fragment's payload in the datagram; 0 in the first and in a whole datagram.</summary>
    public readonly int FragmentOffsetBytes => (FlagsAndOffset.Host & FragmentOffsetMask) * 8;
}
