using System.Runtime.InteropServices;

namespace Dataplane.Packet;

/// <summary>ARP for IPv4 over Ethernet (RFC 826); 28 bytes behind the Ethernet header, no alignment.</summary>
/// <remarks>
/// <code>
/// offset size field
///      0    2 HardwareType          1 = Ethernet
///      2    2 ProtocolType          0x0800 = IPv4
///      4    1 HardwareLengthBytes   6
///      5    1 ProtocolLengthBytes   4
///      6    2 Operation             1 request, 2 reply
///      8    6 SenderMac
///     14    4 SenderAddress
///     18    6 TargetMac             ignored in a request
///     24    4 TargetAddress
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes, Pack = 1)]
public struct ArpPacket
{
    public const int SizeBytes = 28;

    public const ushort HardwareEthernet = 1;
    public const ushort OperationRequest = 1;
    public const ushort OperationReply = 2;

    [FieldOffset(0)] public Be16 HardwareType;
    [FieldOffset(2)] public Be16 ProtocolType;
    [FieldOffset(4)] public byte HardwareLengthBytes;
    [FieldOffset(5)] public byte ProtocolLengthBytes;
    [FieldOffset(6)] public Be16 Operation;
    [FieldOffset(8)] public MacAddress SenderMac;
    [FieldOffset(14)] public Ipv4Address SenderAddress;
    [FieldOffset(18)] public MacAddress TargetMac;
    [FieldOffset(24)] public Ipv4Address TargetAddress;
}
