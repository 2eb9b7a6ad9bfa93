using System.Runtime.InteropServices;

namespace Dataplane.Packet;

/// <summary>Ethernet II header, overlaid on the first 14 bytes of a frame; no alignment.</summary>
/// <remarks>
/// <code>
/// offset size field
///      0    6 Destination
///      6    6 Source
///     12    2 EtherType     below 0x0600 it is an 802.3 length, which the router does not speak
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes, Pack = 1)]
public struct EthernetHeader
{
    public const int SizeBytes = 14;

    [FieldOffset(0)] public MacAddress Destination;
    [FieldOffset(6)] public MacAddress Source;
    [FieldOffset(12)] public Be16 EtherType;
}
