using System.Runtime.InteropServices;

namespace Dataplane.Packet;

/// <summary>IPv6 header (RFC 8200 §3); 40 bytes, no alignment.</summary>
/// <remarks>
/// <code>
/// offset size field
///      0    4 VersionClassFlow      4 bits version, 8 bits traffic class, 20 bits flow label
///      4    2 PayloadLengthBytes    extension headers and payload
///      6    1 NextHeader
///      7    1 HopLimit
///      8   16 Source
///     24   16 Destination
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes, Pack = 1)]
public struct Ipv6Header
{
    public const int SizeBytes = 40;

    [FieldOffset(0)] public Be32 VersionClassFlow;
    [FieldOffset(4)] public Be16 PayloadLengthBytes;
    [FieldOffset(6)] public byte NextHeader;
    [FieldOffset(7)] public byte HopLimit;
    [FieldOffset(8)] public Ipv6Address Source;
    [FieldOffset(24)] public Ipv6Address Destination;

    public readonly int Version => (int)(VersionClassFlow.Host >> 28);
}
