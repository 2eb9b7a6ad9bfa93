using System.Runtime.InteropServices;

namespace Dataplane.Packet;

/// <summary>What the pipeline knows of one packet of a burst; 64 bytes, one cache line.</summary>
/// <remarks>
/// Lives in the worker's scratch, is filled by the parser and completed by later stages; never shared.
/// A stage may trust every offset and length in it: the parser compared them with the buffer.
/// <code>
/// offset size field            written by
///      0   16 Tuple            parser (zone from the port); IPv6 leaves zone and protocol only
///     16    8 Hash             Lookup; before that, of the two fragment kinds only, three fields of the parser:
///     16    4 FragmentId             identification, host order; 16 bits in IPv4
///     20    2 FragmentOffsetBytes    position in the datagram's fragmentable part
///     22    2 FragmentLengthBytes    bytes of the fragmentable part in this packet, at least 1
///     24    8 L3               parser: the IP header
///     32    8 L4               parser: the transport header
///     40    4 Reference        Lookup: entry index and direction, 0 on a miss
///     44    2 L3LengthBytes    parser: IP header and payload, without Ethernet padding
///     46    2 L4LengthBytes    parser: transport header and payload; UDP's own length
///     48    1 Kind             parser
///     49    1 TcpFlags         parser; 0 unless TCP
///     50    1 Ttl              parser: as received
///     51    1 L2LengthBytes    parser: 14, 18 or 22
///     52    1 Port             Receive: port index in the plan
///     53    1 Reason           whoever drops it
///     54    2 VlanId           parser: outermost 802.1Q id that is not 0; 0 untagged
///     56    2 PayloadBytes     parser: behind the header of a protocol with ports; else 0
///     58    1 Egress           Forward: port index in the plan
///     59    1 Fragment         parser: whole datagram, or which piece of one
///     60    4 Adjacency        Forward: neighbour index of the next hop
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
public unsafe struct PacketMeta
{
    public const int SizeBytes = 64;

    [FieldOffset(0)] public Ipv4Tuple Tuple;
    [FieldOffset(16)] public ulong Hash;
    [FieldOffset(16)] public uint FragmentId;
    [FieldOffset(20)] public ushort FragmentOffsetBytes;
    [FieldOffset(22)] public ushort FragmentLengthBytes;
    [FieldOffset(24)] public byte* L3;
    [FieldOffset(32)] public byte* L4;
    [FieldOffset(40)] public uint Reference;
    [FieldOffset(44)] public ushort L3LengthBytes;
    [FieldOffset(46)] public ushort L4LengthBytes;
    [FieldOffset(48)] public PacketKind Kind;
    [FieldOffset(49)] public TcpFlags TcpFlags;
    [FieldOffset(50)] public byte Ttl;
    [FieldOffset(51)] public byte L2LengthBytes;
    [FieldOffset(52)] public byte Port;
    [FieldOffset(53)] public DropReason Reason;
    [FieldOffset(54)] public ushort VlanId;
    [FieldOffset(56)] public ushort PayloadBytes;
    [FieldOffset(58)] public byte Egress;
    [FieldOffset(59)] public FragmentPart Fragment;
    [FieldOffset(60)] public uint Adjacency;
}
