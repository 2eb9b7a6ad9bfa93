using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Dataplane.Packet;

/// <summary>DPDK's packet buffer header, <c>struct rte_mbuf</c> of 22.11; 128 bytes, two cache lines.</summary>
/// <remarks>
/// Written by drivers on receive and by the one worker that holds the buffer; never shared while it is held.
/// Line 0 is all that the established path touches. The offsets are DPDK's ABI: <c>LayoutCheck</c> compares
/// them with those the native shim was compiled with before the first port opens.
/// <code>
/// offset size field
///      0    8 BufferAddress   start of the data buffer (headroom first)
///      8    8 BufferIova      its bus address
///     16    2 DataOffset      first byte of the packet, from BufferAddress
///     18    2 ReferenceCount
///     20    2 SegmentCount    1 unless the packet is chained
///     22    2 Port            port it was received on
///     24    8 Flags           RTE_MBUF_F_*
///     32    4 PacketType
///     36    4 PacketLength    bytes in all segments
///     40    2 DataLength      bytes in this segment
///     42    2 VlanTci         host order, with Flags.RxVlan
///     44    4 RssHash
///     52    2 VlanTciOuter
///     54    2 BufferLength    bytes in the data buffer, headroom included
///     56    8 Pool
///     64    8 Next            second segment or null
///     72    8 TxOffload
///     80    8 SharedInfo
///     88    2 PrivateSize
///     90    2 Timesync
///     92   36 dynamic fields, DPDK's
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
public unsafe struct Mbuf
{
    /// <summary>sizeof(struct rte_mbuf).</summary>
    public const int SizeBytes = 128;

    /// <summary>RTE_PKTMBUF_HEADROOM.</summary>
    public const int HeadroomBytes = 128;

    [FieldOffset(0)] public byte* BufferAddress;
    [FieldOffset(8)] public ulong BufferIova;
    [FieldOffset(16)] public ushort DataOffset;
    [FieldOffset(18)] public ushort ReferenceCount;
    [FieldOffset(20)] public ushort SegmentCount;
    [FieldOffset(22)] public ushort Port;
    [FieldOffset(24)] public MbufFlags Flags;
    [FieldOffset(32)] public uint PacketType;
    [FieldOffset(36)] public uint PacketLength;
    [FieldOffset(40)] public ushort DataLength;
    [FieldOffset(42)] public ushort VlanTci;
    [FieldOffset(44)] public uint RssHash;
    [FieldOffset(52)] public ushort VlanTciOuter;
    [FieldOffset(54)] public ushort BufferLength;
    [FieldOffset(56)] public void* Pool;
    [FieldOffset(64)] public Mbuf* Next;
    [FieldOffset(72)] public ulong TxOffload;
    [FieldOffset(80)] public void* SharedInfo;
    [FieldOffset(88)] public ushort PrivateSize;
    [FieldOffset(90)] public ushort Timesync;

    /// <summary>First byte of the packet.</summary>
    public readonly byte* Data
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => BufferAddress + DataOffset;
    }

    /// <summary>Bytes free behind the data of this segment.</summary>
    public readonly int TailroomBytes => BufferLength - DataOffset - DataLength;
}
