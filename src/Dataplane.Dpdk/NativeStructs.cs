using System.Runtime.InteropServices;

namespace Dataplane.Dpdk;

/// <summary>struct dp_port_info.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativePortInfo
{
    public ulong RxOffloads;
    public ulong TxOffloads;
    public ulong RssTypes;
    public uint InterfaceIndex;
    public uint RxPacketLengthMax;
    public ushort RxQueuesMax;
    public ushort TxQueuesMax;
    public ushort RxDescriptorsMax;
    public ushort TxDescriptorsMax;
    public ushort RetaEntries;
    public ushort MtuMin;
    public ushort MtuMax;
    public ushort RssKeyBytes;
    public int Node;
    public fixed byte Driver[32];
    public fixed byte Name[64];
}

/// <summary>struct dp_port_config.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativePortConfig
{
    public byte* RssKey;
    public ushort RssKeyBytes;
    public ushort RxQueues;
    public ushort TxQueues;
    public ushort Mtu;
    public uint ChecksumRx;
}

/// <summary>struct dp_port_link.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NativePortLink
{
    public uint SpeedMbps;
    public byte Up;
    public byte FullDuplex;
    public byte Autonegotiated;
    public byte Reserved;
}

/// <summary>struct dp_layout_field.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeLayoutField
{
    public byte* Name;
    public uint Offset;
    public uint Size;
}

/// <summary>struct dp_layout_value.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeLayoutValue
{
    public byte* Name;
    public ulong Value;
}
