using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Dataplane.Dpdk;

/// <summary>Something about a kernel interface that would break or disturb a port on it.</summary>
/// <param name="IsError">True: the port cannot work; false: it works, with losses or surprises.</param>
/// <param name="Text">What is wrong, one line.</param>
/// <param name="Remedy">The command that mends it.</param>
public sealed record InterfaceProblem(bool IsError, string Text, string Remedy);

/// <summary>What a check looks at; read by <see cref="KernelInterface.Read"/>, made up in tests.</summary>
internal sealed record InterfaceState
{
    internal required string Name { get; init; }
    internal bool Exists { get; init; } = true;
    internal bool IsUp { get; init; } = true;
    internal bool ArpEnabled { get; init; }
    internal bool Ipv6Enabled { get; init; }
    internal int Mtu { get; init; } = 1500;

    /// <summary>Receive channels: packets are spread over that many queues.</summary>
    internal int Channels { get; init; } = 1;

    /// <summary>ethtool sets them as "combined" rather than as "rx" and "tx".</summary>
    internal bool ChannelsCombined { get; init; }

    internal string Driver { get; init; } = string.Empty;

    /// <summary>ethtool -K names of the offloads that are on.</summary>
    internal IReadOnlyList<string> Offloads { get; init; } = [];
    internal IReadOnlyList<IPAddress> Addresses { get; init; } = [];
}

/// <summary>The kernel's side of an AF_XDP or AF_PACKET port: what silently breaks it, and how to mend it.</summary>
/// <remarks>Changes nothing by itself.</remarks>
public static class KernelInterface
{
    /// <summary>Problems of the interface behind <paramref name="device"/>; empty for devices that have none.</summary>
    /// <param name="device">The port's device.</param>
    /// <param name="queues">Queues the port will have.</param>
    /// <param name="mtu">Bytes of layer 3 the port will have.</param>
    /// <param name="dataRoomBytes">Data room of its mbufs, headroom included.</param>
    public static IReadOnlyList<InterfaceProblem> Check(DeviceSpec device, int queues, int mtu, int dataRoomBytes)
    {
        ArgumentNullException.ThrowIfNull(device);
        return device.KernelInterface is { } name ? Check(device, queues, mtu, dataRoomBytes, Read(name)) : [];
    }

    internal static IReadOnlyList<InterfaceProblem> Check(
        DeviceSpec device, int queues, int mtu, int dataRoomBytes, InterfaceState state)
    {
        string name = state.Name;
        if (!state.Exists)
        {
            return [new InterfaceProblem(true, $"interface {name} does not exist in this network namespace", "ip link show")];
        }

        List<InterfaceProblem> problems = [];
        if (!state.IsUp)
        {
            problems.Add(new InterfaceProblem(true, $"interface {name} is down", $"ip link set dev {name} up"));
        }

        if (state.Mtu != mtu)
        {
            problems.Add(new InterfaceProblem(state.Mtu < mtu, $"interface {name} has MTU {state.Mtu}, the port {mtu}",
                $"ip link set dev {name} mtu {mtu}"));
        }

        if (device.Kind == DeviceKind.AfXdp)
        {
            CheckAfXdp(device, queues, mtu, dataRoomBytes, state, problems);
        }

        CheckKernelStack(device, state, problems);
        CheckOffloads(device, state, problems);
        return problems;
    }

    private static void CheckAfXdp(
        DeviceSpec device, int queues, int mtu, int dataRoomBytes, InterfaceState state, List<InterfaceProblem> problems)
    {
        string name = state.Name;
        if (state.Channels != queues)
        {
            // Too few: the socket cannot be bound. Too many: packets of a queue without a socket go to the kernel.
            string consequence = state.Channels < queues
                ? "the driver refuses the missing ones" : "packets of the others would be lost";
            string set = state.ChannelsCombined ? $"combined {queues}" : $"rx {queues} tx {queues}";
            string recreate = state.Driver == "veth" && state.Channels < queues
                ? $", or create the pair with numrxqueues {queues} numtxqueues {queues}" : string.Empty;
            problems.Add(new InterfaceProblem(true,
                $"interface {name} has {state.Channels} receive channels, the port {queues} queues: {consequence}",
                $"ethtool -L {name} {set}{recreate}"));
        }

        if (mtu > device.MtuMax)
        {
            problems.Add(new InterfaceProblem(true, $"MTU {mtu} is beyond AF_XDP's page-sized buffers: at most {device.MtuMax}",
                $"set the port's Mtu to {device.MtuMax} or less"));
        }
        else if (device.DataRoomBytes(mtu) > dataRoomBytes)
        {
            problems.Add(new InterfaceProblem(true,
                $"MTU {mtu} needs mbufs with a data room of {device.DataRoomBytes(mtu)} bytes, these have {dataRoomBytes}",
                "set the port's Mtu to 1500, or enlarge the mbufs"));
        }
    }

    private static void CheckKernelStack(DeviceSpec device, InterfaceState state, List<InterfaceProblem> problems)
    {
        string name = state.Name;

        // AF_PACKET gets copies: the kernel would answer for its own addresses (TCP resets, echo). AF_XDP takes the
        // packets away, and only what the kernel itself sends from the interface disturbs.
        foreach (IPAddress address in state.Addresses.Where(address => !address.IsIPv6LinkLocal))
        {
            bool answers = device.Kind == DeviceKind.AfPacket;
            string consequence = answers ? "the kernel would answer too" : "the kernel cannot use it while the router runs";
            problems.Add(new InterfaceProblem(answers, $"interface {name} has the kernel's address {address}: {consequence}",
                $"ip addr flush dev {name}"));
        }

        if (state.ArpEnabled && device.Kind == DeviceKind.AfPacket)
        {
            problems.Add(new InterfaceProblem(false, $"interface {name} has the kernel's ARP on", $"ip link set dev {name} arp off"));
        }

        if (state.Ipv6Enabled)
        {
            problems.Add(new InterfaceProblem(false, $"interface {name} has the kernel's IPv6 on, which sends packets of its own",
                $"sysctl -w net.ipv6.conf.{name.Replace('.', '/')}.disable_ipv6=1"));
        }
    }

    private static void CheckOffloads(DeviceSpec device, InterfaceState state, List<InterfaceProblem> problems)
    {
        string name = state.Name;
        bool merges = state.Offloads.Contains("gro") || state.Offloads.Contains("lro");
        if (merges && device.Kind == DeviceKind.AfPacket)
        {
            problems.Add(new InterfaceProblem(true, $"interface {name} merges received packets (GRO, LRO) beyond the MTU",
                $"ethtool -K {name} gro off lro off"));
        }

        string[] others = [.. state.Offloads.Where(offload => offload is not ("gro" or "lro") || device.Kind == DeviceKind.AfXdp)];
        if (others.Length > 0)
        {
            problems.Add(new InterfaceProblem(false, $"interface {name} has offloads on: {string.Join(", ", others)}",
                $"ethtool -K {name} {string.Join(' ', others.Select(offload => $"{offload} off"))}"));
        }

        if (state.Driver == "veth")
        {
            // The other end leaves checksums and segmentation to "hardware" that a veth does not have; it is usually
            // in another namespace, where it cannot be seen from here.
            problems.Add(new InterfaceProblem(false,
                $"interface {name} is a veth: its other end must compute checksums and cut segments itself; "
                + "whether it does cannot be seen from here",
                "ethtool -K PEER tx off tso off gso off gro off, in the peer's namespace"));
        }
    }

    internal static InterfaceState Read(string name)
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        InterfaceIoctl ioctl = new(socket, name);
        if (!ioctl.TryFlags(out int flags))
        {
            return new InterfaceState { Name = name, Exists = false };
        }

        (int channels, bool combined) = ioctl.Channels();
        string disabled = $"/proc/sys/net/ipv6/conf/{name}/disable_ipv6";
        return new InterfaceState
        {
            Name = name,
            IsUp = (flags & InterfaceIoctl.FlagUp) != 0,
            ArpEnabled = (flags & InterfaceIoctl.FlagNoArp) == 0,
            Ipv6Enabled = File.Exists(disabled) && File.ReadAllText(disabled).Trim() == "0",
            Mtu = ioctl.Mtu(),
            Channels = channels,
            ChannelsCombined = combined,
            Driver = ioctl.Driver(),
            Offloads = ioctl.Offloads(),
            Addresses =
            [
                .. NetworkInterface.GetAllNetworkInterfaces()
                    .Where(candidate => candidate.Name == name)
                    .SelectMany(candidate => candidate.GetIPProperties().UnicastAddresses)
                    .Select(unicast => unicast.Address),
            ],
        };
    }
}
