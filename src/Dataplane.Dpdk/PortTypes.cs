using System;
using System.Runtime.InteropServices;

namespace Dataplane.Dpdk;

/// <summary>A queue as <see cref="Burst"/> addresses it.</summary>
/// <remarks>The queues of one port may belong to several DPDK ports, see <see cref="DeviceSpec.Members"/>.</remarks>
/// <param name="Port">DPDK's port id, which <c>Mbuf.Port</c> carries.</param>
/// <param name="Queue">Queue of that DPDK port.</param>
public readonly record struct PortQueue(ushort Port, ushort Queue);

/// <summary>How a port is to be set up.</summary>
public sealed record PortConfiguration
{
    public required int RxQueues { get; init; }

    public required int TxQueues { get; init; }

    /// <summary>Bytes of layer 3; 0 keeps what the device has.</summary>
    public int Mtu { get; init; }

    /// <summary>Descriptors a queue, adjusted to the driver's limits. A power of two: AF_XDP takes nothing else.</summary>
    public int RxDescriptors { get; init; } = 1024;

    /// <inheritdoc cref="RxDescriptors"/>
    public int TxDescriptors { get; init; } = 1024;

    /// <summary>Random bytes for the hash that spreads packets over receive queues, 52 for any device; empty: no RSS.</summary>
    public ReadOnlyMemory<byte> RssKey { get; init; }

    /// <summary>Have the NIC verify checksums where it can.</summary>
    public bool VerifyChecksums { get; init; } = true;

    /// <summary>Take frames for any address.</summary>
    public bool Promiscuous { get; init; }

    /// <summary>Take every multicast frame, which neighbour discovery comes in. Where a device cannot, it takes frames for any
    /// address.</summary>
    public bool Multicast { get; init; }
}

/// <summary>What a port's device is and can do.</summary>
/// <param name="Driver">DPDK's driver name: net_af_xdp.</param>
/// <param name="RxQueuesMax">Receive queues; over all members where the port has several.</param>
/// <param name="TxQueuesMax">Transmit queues; as above.</param>
/// <param name="MtuMin">Bytes of layer 3.</param>
/// <param name="MtuMax">Bytes of layer 3; what the driver says, see <see cref="DeviceSpec.MtuMax"/>.</param>
/// <param name="RxOffloads">RTE_ETH_RX_OFFLOAD_*.</param>
/// <param name="TxOffloads">RTE_ETH_TX_OFFLOAD_*.</param>
/// <param name="RssTypes">RTE_ETH_RSS_*; 0: the device does not spread by a key of ours.</param>
/// <param name="RetaEntries">Entries of the RSS indirection table.</param>
/// <param name="InterfaceIndex">Of the kernel's interface; 0: none.</param>
/// <param name="Node">NUMA node; -1: any.</param>
public sealed record PortInfo(
    string Driver, int RxQueuesMax, int TxQueuesMax, int MtuMin, int MtuMax, ulong RxOffloads, ulong TxOffloads,
    ulong RssTypes, int RetaEntries, uint InterfaceIndex, int Node);

/// <summary>Counters of a port since its start or reset; struct dp_port_stats.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PortStatistics
{
    public ulong RxPackets;
    public ulong TxPackets;
    public ulong RxBytes;
    public ulong TxBytes;

    /// <summary>Lost because no one took them from the receive ring in time.</summary>
    public ulong RxMissed;

    public ulong RxErrors;
    public ulong TxErrors;

    /// <summary>Lost because the mempool was empty.</summary>
    public ulong RxNoMbuf;

    internal readonly PortStatistics Plus(in PortStatistics other) => new()
    {
        RxPackets = RxPackets + other.RxPackets,
        TxPackets = TxPackets + other.TxPackets,
        RxBytes = RxBytes + other.RxBytes,
        TxBytes = TxBytes + other.TxBytes,
        RxMissed = RxMissed + other.RxMissed,
        RxErrors = RxErrors + other.RxErrors,
        TxErrors = TxErrors + other.TxErrors,
        RxNoMbuf = RxNoMbuf + other.RxNoMbuf,
    };
}

/// <summary>State of a port's link.</summary>
/// <param name="IsUp">Carrier is there.</param>
/// <param name="SpeedMbps">Null when the driver does not know.</param>
/// <param name="IsFullDuplex">Virtual devices claim it.</param>
/// <param name="IsAutonegotiated">The speed was negotiated, not fixed.</param>
public readonly record struct LinkStatus(bool IsUp, uint? SpeedMbps, bool IsFullDuplex, bool IsAutonegotiated);
