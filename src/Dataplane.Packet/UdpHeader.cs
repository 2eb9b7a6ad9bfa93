using System.Runtime.InteropServices;

namespace Dataplane.Packet;

/// <summary>UDP header (RFC 768); 8 bytes, no alignment.</summary>
/// <remarks>
/// <code>
/// offset size field
///      0    2 SourcePort
///      2    2 DestinationPort
///      4    2 LengthBytes    header and payload
///      6    2 Checksum       0 over IPv4: the sender computed none
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes, Pack = 1)]
public struct UdpHeader
{
    public const int SizeBytes = 8;

    /// <summary>Where <see cref="Checksum"/> stands.</summary>
    public const int ChecksumOffset = 6;

    [FieldOffset(0)] public Be16 SourcePort;
    [FieldOffset(2)] public Be16 DestinationPort;
    [FieldOffset(4)] public Be16 LengthBytes;
    [FieldOffset(6)] public Be16 Checksum;
}
