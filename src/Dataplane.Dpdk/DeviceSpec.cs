using System;
using System.Collections.Generic;
using System.Linq;
using Dataplane.Packet;

namespace Dataplane.Dpdk;

/// <summary>What a port can be made of.</summary>
public enum DeviceKind
{
    Pci,
    AfXdp,
    AfPacket,
    Tap,
    Memif,
    Pcap,
    Null,
    Ring,
    Vdev,
}

/// <summary>One DPDK device of a port.</summary>
/// <param name="Bus">"pci" or "vdev".</param>
/// <param name="Name">DPDK's name of the device.</param>
/// <param name="Devargs">What it is created with, name first.</param>
/// <param name="Queues">Queues it carries in each direction.</param>
public readonly record struct DeviceMember(string Bus, string Name, string Devargs, int Queues);

/// <summary>The <c>Device</c> of a port as configured: <c>0000:3b:00.0</c>, <c>af_xdp:eth1</c>, <c>null</c>, …</summary>
/// <remarks>
/// Where a kind takes arguments, driver parameters may follow after a comma: <c>af_xdp:eth1,busy_budget=64</c>.
/// The parser is in DeviceSpec.Parse.cs.
/// </remarks>
public sealed partial record DeviceSpec
{
    // An AF_XDP chunk is at most a page, and DPDK 22.11 puts one mbuf in a chunk: 64 bytes of pool header, 128 of
    // mbuf, then the data room. 63 lines fill a page as far as the pool's spreading over memory channels lets them.
    private const int AfXdpDataRoomMax = 63 * 64 - 64 - Mbuf.SizeBytes;
    private const int AfXdpHeadroomBytes = 256; // XDP_PACKET_HEADROOM, which the kernel takes behind DPDK's
    private const int EthernetHeaderBytes = 14;
    private const int FrameOverheadBytes = EthernetHeaderBytes + 2 * 4 + 4; // QinQ and FCS
    private const int PacketHeaderBytes = 32; // TPACKET2_HDRLEN without its sockaddr: lost in each AF_PACKET frame
    private const int PacketFrameBytes = 2048;
    private const int PacketJumboFrameBytes = 16384;
    private const int PacketBlockBytes = 65536;
    private const int PacketFrames = 2048; // 4 MiB a queue: 2 ms at 1 Mpps
    private const int AfXdpRingMbufs = 2048; // XSK_RING_CONS__DEFAULT_NUM_DESCS: the fill ring; as many await completion

    private DeviceSpec(DeviceKind kind, string text, string argument)
    {
        Kind = kind;
        Text = text;
        Argument = argument;
    }

    public DeviceKind Kind { get; }

    /// <summary>As configured.</summary>
    public string Text { get; }

    /// <summary>Behind the kind: the PCI address with its domain, the interface, or what the driver is given.</summary>
    public string Argument { get; }

    /// <summary>Further driver parameters: "busy_budget=64"; empty when there are none.</summary>
    public string Parameters { get; private init; } = string.Empty;

    /// <summary>The kernel interface this device takes over; <see cref="Dpdk.KernelInterface"/> checks its state.</summary>
    public string? KernelInterface => Kind is DeviceKind.AfXdp or DeviceKind.AfPacket ? Argument : null;

    /// <summary>The address to allow when the EAL starts; null for what is not on the PCI bus.</summary>
    public string? PciAddress => Kind == DeviceKind.Pci ? Argument : null;

    /// <summary>Largest MTU in bytes that this kind can carry, whatever its driver claims.</summary>
    public int MtuMax => Kind switch
    {
        DeviceKind.AfXdp => AfXdpDataRoomMax - Mbuf.HeadroomBytes - AfXdpHeadroomBytes - EthernetHeaderBytes,
        DeviceKind.AfPacket => PacketJumboFrameBytes - PacketHeaderBytes - FrameOverheadBytes,
        _ => ushort.MaxValue,
    };

    /// <summary>Bytes that a receive mbuf's data room must have, headroom included; 2176 at least.</summary>
    /// <param name="mtu">Bytes of layer 3.</param>
    public int DataRoomBytes(int mtu) => Math.Max(Mempool.DefaultDataRoomBytes, Mbuf.HeadroomBytes + Kind switch
    {
        DeviceKind.AfXdp => mtu + EthernetHeaderBytes + AfXdpHeadroomBytes,
        DeviceKind.AfPacket => FrameBytes(mtu),
        _ => mtu + FrameOverheadBytes,
    });

    /// <summary>Mbufs that a queue pair of this device can hold at once, to size the mempool by.</summary>
    /// <remarks>AF_XDP: the fill and completion rings come on top, and both of its own rings get the receive count.</remarks>
    public int MbufsPerQueue(int rxDescriptors, int txDescriptors) =>
        Kind == DeviceKind.AfXdp ? 2 * (AfXdpRingMbufs + rxDescriptors) : rxDescriptors + txDescriptors;

    /// <summary>The DPDK devices that make up a port.</summary>
    /// <remarks>
    /// AF_XDP gets one device for each queue. The driver of 22.11 compares its queue count with the interface's
    /// <em>combined</em> channels, and veth has separate receive and transmit channels, so that it counts as one.
    /// </remarks>
    /// <param name="port">The port's configured name.</param>
    /// <param name="queues">Queues in each direction.</param>
    /// <param name="mtu">Bytes of layer 3.</param>
    /// <exception cref="DpdkException">The port's name cannot be part of a device name.</exception>
    public IReadOnlyList<DeviceMember> Members(string port, int queues, int mtu = 1500)
    {
        ArgumentNullException.ThrowIfNull(port);
        if (port.Length is 0 or > 16 || !port.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-'))
        {
            throw new DpdkException($"port name '{port}': must be 1 to 16 letters, digits, '_' or '-'");
        }

        return Kind switch
        {
            DeviceKind.Pci => [new DeviceMember("pci", Argument, Join(Argument, Parameters), queues)],
            DeviceKind.AfXdp =>
            [
                .. Enumerable.Range(0, queues)
                    .Select(queue => Virtual($"net_af_xdp_{port}_{queue}", 1, AfXdpArguments(queue))),
            ],
            DeviceKind.AfPacket => [Virtual($"net_af_packet_{port}", queues, AfPacketArguments(queues, mtu))],
            DeviceKind.Tap => [Virtual($"net_tap_{port}", queues, $"iface={Argument}")],
            DeviceKind.Memif => [Virtual($"net_memif_{port}", queues, Argument)],
            DeviceKind.Pcap => [Virtual($"net_pcap_{port}", queues, Argument)],
            DeviceKind.Null => [Virtual($"net_null_{port}", queues, Argument)],
            DeviceKind.Ring => [Virtual($"net_ring_{port}", queues, Argument)],
            _ => [new DeviceMember("vdev", Argument, Join(Argument, Parameters), queues)],
        };
    }

    /// <summary>What to try when the driver refuses the device; null when its own message has to do.</summary>
    internal string? OpenRemedy => Kind switch
    {
        DeviceKind.Pci => $"bind it to vfio-pci: dpdk-devbind.py --bind=vfio-pci {Argument}",
        DeviceKind.AfXdp or DeviceKind.AfPacket =>
            $"check that it exists and that this process may use it: ip link show dev {Argument}",
        DeviceKind.Tap => "load the driver: modprobe tun",
        _ => null,
    };

    public override string ToString() => Text;

    private DeviceMember Virtual(string name, int queues, string arguments) =>
        new("vdev", name, Join(name, arguments, Parameters), queues);

    // busy_budget=0: otherwise every empty poll is a system call, and the NIC's interrupts are expected to be deferred
    // by sysctl (napi_defer_hard_irqs), which is not ours to set.
    private string AfXdpArguments(int queue) => Join($"iface={Argument},start_queue={queue},queue_count=1",
        Parameters.Contains("busy_budget=", StringComparison.Ordinal) ? string.Empty : "busy_budget=0");

    private string AfPacketArguments(int queues, int mtu)
    {
        int frame = FrameBytes(mtu);
        int frames = PacketFrames * PacketFrameBytes / frame;
        return $"iface={Argument},qpairs={queues},blocksz={PacketBlockBytes},framesz={frame},framecnt={frames}";
    }

    private static int FrameBytes(int mtu) =>
        mtu + FrameOverheadBytes + PacketHeaderBytes <= PacketFrameBytes ? PacketFrameBytes : PacketJumboFrameBytes;

    private static string Join(params ReadOnlySpan<string> parts)
    {
        List<string> present = [];
        foreach (string part in parts)
        {
            if (part.Length > 0)
            {
                present.Add(part);
            }
        }

        return string.Join(',', present);
    }
}
