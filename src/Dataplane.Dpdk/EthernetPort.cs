using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using Dataplane.Packet;

namespace Dataplane.Dpdk;

/// <summary>A port of the router: one device, or several members that act as one (a DPDK port for each AF_XDP queue).</summary>
/// <remarks>Used by the control thread; workers take <see cref="RxQueue"/> and <see cref="TxQueue"/> to <see
/// cref="Burst"/>.</remarks>
public sealed unsafe partial class EthernetPort : IDisposable
{
    private readonly List<Member> _members = [];
    private PortQueue[] _rxQueues = [];
    private PortQueue[] _txQueues = [];
    private bool _promiscuous;
    private bool _multicast;
    private bool _running;

    private EthernetPort(string name, DeviceSpec device)
    {
        Name = name;
        Device = device;
    }

    /// <summary>The configured name: "lan".</summary>
    public string Name { get; }

    public DeviceSpec Device { get; }

    /// <summary>Receive queues after <see cref="Configure"/>.</summary>
    public int RxQueues => _rxQueues.Length;

    /// <summary>Transmit queues after <see cref="Configure"/>.</summary>
    public int TxQueues => _txQueues.Length;

    /// <summary>DPDK's ids of this port.</summary>
    public IReadOnlyList<ushort> PortIds => [.. _members.Select(member => member.Port)];

    /// <summary>True when the device hashes with the key given to <see cref="Configure"/>.</summary>
    public bool HasRss { get; private set; }

    /// <summary>True when the device verifies checksums; else the parser must.</summary>
    public bool VerifiesChecksums { get; private set; }

    /// <summary>Creates or finds the device.</summary>
    /// <param name="name">Unique among ports: 1 to 16 letters, digits, '_' or '-'.</param>
    /// <param name="device">What it is made of.</param>
    /// <param name="queues">Queues it will be configured with.</param>
    /// <param name="mtu">Bytes of layer 3 it will be configured with.</param>
    /// <exception cref="DpdkException">The device does not exist, is used by somebody else, or its driver refuses it.</exception>
    public static EthernetPort Open(string name, DeviceSpec device, int queues, int mtu = 1500)
    {
        ArgumentNullException.ThrowIfNull(device);
        EthernetPort port = new(name, device);
        try
        {
            foreach (DeviceMember member in device.Members(name, queues, mtu))
            {
                port._members.Add(port.Probe(member));
            }

            return port;
        }
        catch
        {
            port.Dispose();
            throw;
        }
    }

    /// <summary>Where workers receive, by queue of this port.</summary>
    public PortQueue RxQueue(int queue) => _rxQueues[queue];

    /// <summary>Where workers transmit, by queue of this port.</summary>
    public PortQueue TxQueue(int queue) => _txQueues[queue];

    public PortInfo Info()
    {
        NativePortInfo info;
        Check(Native.dp_port_info(_members[0].Port, &info), "info", EalLog.Position);
        return new PortInfo(
            Marshal.PtrToStringUTF8((nint)info.Driver) ?? string.Empty, info.RxQueuesMax * _members.Count,
            info.TxQueuesMax * _members.Count, info.MtuMin, info.MtuMax, info.RxOffloads, info.TxOffloads, info.RssTypes,
            info.RetaEntries, info.InterfaceIndex, info.Node);
    }

    /// <summary>Starts receiving and transmitting.</summary>
    /// <exception cref="DpdkException">The driver refuses.</exception>
    public void Start()
    {
        foreach (Member member in _members)
        {
            ulong position = EalLog.Position;
            Check(Native.dp_port_start(member.Port), "start", position);
            _running = true;
        }

        if (_promiscuous)
        {
            SetPromiscuous(true);
        }
        else if (_multicast)
        {
            TakeMulticast();
        }
    }

    /// <summary>Stops; workers must have left the queues. What the device still holds is lost.</summary>
    public void Stop()
    {
        foreach (Member member in _members)
        {
            ulong position = EalLog.Position;
            Check(Native.dp_port_stop(member.Port), "stop", position);
        }

        _running = false;
    }

    /// <summary>Stops and closes the device and takes it off its bus; AF_XDP's program leaves the interface with it.</summary>
    /// <remarks>Errors are ignored: what could not be closed goes with the process.</remarks>
    public void Dispose()
    {
        foreach (Member member in Enumerable.Reverse(_members))
        {
            if (_promiscuous)
            {
                // AF_XDP and AF_PACKET set the flag on the kernel's interface, where it would stay.
                _ = Native.dp_port_set_promiscuous(member.Port, 0);
            }

            if (_running)
            {
                _ = Native.dp_port_stop(member.Port);
            }

            _ = Native.dp_port_close(member.Port);
            _ = Native.dp_device_remove(member.Device.Bus, member.Device.Name);
        }

        _running = false;
        _members.Clear();
        _rxQueues = [];
        _txQueues = [];
    }

    private Member Probe(DeviceMember device)
    {
        ulong position = EalLog.Position;
        int port = Native.dp_port_find(device.Name);
        if (port < 0)
        {
            int added = Native.dp_device_add(device.Devargs);
            port = Native.dp_port_find(device.Name);
            if (port < 0)
            {
                int result = added < 0 ? added : -Errno.NoDevice;
                throw DpdkException.From(result, $"port {Name}: device {Device}", position, Device.OpenRemedy);
            }
        }

        return new Member((ushort)port, device);
    }

    private void Check(int result, string what, ulong position)
    {
        // The text is made on failure only: statistics are read while the router runs, where nothing may allocate.
        if (result < 0)
        {
            DpdkException.ThrowIfFailed(result, $"port {Name}: {what}", position);
        }
    }

    private readonly record struct Member(ushort Port, DeviceMember Device);
}
