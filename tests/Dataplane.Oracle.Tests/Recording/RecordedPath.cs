using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Runtime.ExceptionServices;
using System.Threading;
using Dataplane.Lab;
using Dataplane.Oracle.Tests.Kernel;
using Dataplane.Packet;
using Dataplane.TestKit;

namespace Dataplane.Oracle.Tests.Recording;

/// <summary>Two hosts in namespaces and a bad path between them, which writes down what passes its middle.</summary>
/// <remarks>A thread carries frames between two packet sockets. What it loses before the middle a router there would not see either.</remarks>
internal sealed class RecordedPath : IDisposable
{
    public const string ClientAddress = "10.77.0.1";
    public const string ServerAddress = "10.77.0.2";

    private const string Device = "eth0";
    private const int IdleMs = 1;

    private readonly NetworkNamespace? _client;
    private readonly NetworkNamespace? _server;
    private readonly NetworkNamespace? _wires;
    private readonly PacketSocket? _near;
    private readonly PacketSocket? _far;
    private readonly Thread? _carrier;
    private readonly FaultPort[] _before;
    private readonly FaultPort[] _behind;
    private readonly Queue<(long Due, Side From, byte[] Frame)> _underWay = [];
    private readonly List<Recorded> _records = [];
    private readonly long _delayTicks;
    private ExceptionDispatchInfo? _failure;
    private volatile bool _isStopping;

    /// <exception cref="LabException">A tool is missing, or the kernel lacks what the command in the message asks for.</exception>
    public RecordedPath(PathSettings settings, int seed)
    {
        Random random = new(seed);
        _before = [new FaultPort(settings.Before, new Random(random.Next())), new FaultPort(settings.Before, new Random(random.Next()))];
        _behind = [new FaultPort(settings.Behind, new Random(random.Next())), new FaultPort(settings.Behind, new Random(random.Next()))];
        _delayTicks = settings.DelayMs * Stopwatch.Frequency / 1000;
        try
        {
            string prefix = LabName.Prefix(1);
            _client = new NetworkNamespace(prefix + "-client");
            _server = new NetworkNamespace(prefix + "-server");
            _wires = new NetworkNamespace(prefix + "-path");
            Host(_client, "near", ClientAddress, "02:00:00:00:77:01", ServerAddress, "02:00:00:00:77:02", settings);
            Host(_server, "far", ServerAddress, "02:00:00:00:77:02", ClientAddress, "02:00:00:00:77:01", settings);
            _near = NamespaceThread.In(_wires.Name, () => new PacketSocket("near"));
            _far = NamespaceThread.In(_wires.Name, () => new PacketSocket("far"));
            _carrier = new Thread(Carry) { Name = "carrier" };
            _carrier.Start();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public string ClientNamespace => _client!.Name;

    public string ServerNamespace => _server!.Name;

    /// <summary>Everything that passed the middle, after the carrier has ended.</summary>
    public IReadOnlyList<Recorded> Finish()
    {
        _isStopping = true;
        _carrier!.Join();
        _failure?.Throw();
        return _records;
    }

    public void Dispose()
    {
        _isStopping = true;
        _carrier?.Join();
        _near?.Dispose();
        _far?.Dispose();
        _client?.Dispose();
        _server?.Dispose();
        _wires?.Dispose();
    }

    private void Host(
        NetworkNamespace host, string wire, string address, string mac, string peer, string peerMac, PathSettings settings)
    {
        host.Ip("link", "add", Device, "address", mac, "type", "veth", "peer", "name", wire, "netns", _wires!.Name);
        foreach ((NetworkNamespace end, string device) in new[] { (host, Device), (_wires, wire) })
        {
            end.Write($"/proc/sys/net/ipv6/conf/{device}/disable_ipv6", "1");
            end.Run(
                Command.DefaultTimeout, "ethtool", "-K", device, "tx", "off", "rx", "off", "tso", "off", "gso", "off", "gro", "off").OrThrow();
            end.Ip("link", "set", device, "up");
        }

        host.Ip("addr", "add", address + "/24", "dev", Device);
        host.Ip("neigh", "replace", peer, "lladdr", peerMac, "nud", "permanent", "dev", Device);

        // Losses are made up for soon, so that many fit into a short test.
        host.Ip("route", "replace", "10.77.0.0/24", "dev", Device, "src", address, "rto_min", "5ms");
        host.Write("/proc/sys/net/ipv4/tcp_window_scaling", settings.HasWindowScaling ? "1" : "0");
        host.Write("/proc/sys/net/ipv4/tcp_sack", settings.HasSack ? "1" : "0");
        host.Write("/proc/sys/net/ipv4/tcp_timestamps", settings.HasTimestamps ? "1" : "0");
        host.Write("/proc/sys/net/ipv4/tcp_no_metrics_save", "1");
    }

    private void Carry()
    {
        try
        {
            while (!_isStopping)
            {
                bool hasMoved = Take(Side.Lan, _near!) | Take(Side.Wan, _far!);
                Deliver();
                if (!hasMoved)
                {
                    Descriptor.WaitEither(_near!.FileDescriptor, _far!.FileDescriptor, _underWay.Count > 0 ? IdleMs : 10 * IdleMs);
                }
            }
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            _failure = ExceptionDispatchInfo.Capture(e);
        }
    }

    private bool Take(Side from, PacketSocket socket)
    {
        bool hasMoved = false;
        while (socket.TryReceive() is byte[] frame)
        {
            hasMoved = true;
            bool isTcp = frame.Length >= 54 && frame[12] == 0x08 && frame[13] == 0x00 && frame[23] == IpProtocol.Tcp;
            if (!isTcp)
            {
                continue;
            }

            foreach (byte[] seen in _before[(int)from].Pass(frame))
            {
                _records.Add(new Recorded(from, seen));
                foreach (byte[] passed in _behind[(int)from].Pass(seen))
                {
                    _underWay.Enqueue((Stopwatch.GetTimestamp() + _delayTicks, from, passed));
                }
            }
        }

        return hasMoved;
    }

    private void Deliver()
    {
        while (_underWay.TryPeek(out (long Due, Side From, byte[] Frame) next) && next.Due <= Stopwatch.GetTimestamp())
        {
            _underWay.Dequeue();
            (next.From == Side.Lan ? _far! : _near!).Send(next.Frame);
        }
    }
}
