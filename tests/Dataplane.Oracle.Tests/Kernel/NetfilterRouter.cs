using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Globalization;
using Dataplane.Datapath.Tests;
using Dataplane.Lab;
using Dataplane.Packet;
using Dataplane.TestKit;

namespace Dataplane.Oracle.Tests.Kernel;

/// <summary>Linux as the router: netfilter in a namespace between two veths, whose other ends are packet sockets.</summary>
/// <remarks>
/// Behind every packet goes a marker, untracked, by the same way; the kernel keeps the order of what one CPU sends by one interface,
/// so that a packet that has not come out before its marker never will. The caller must stay on one CPU meanwhile
/// (<see cref="OneCpu"/>).
/// </remarks>
internal sealed class NetfilterRouter : Contender
{
    private const string LanDevice = "lan0";
    private const string WanDevice = "wan0";
    private const ushort MarkerPort = 9; // RFC 863: discard
    private const int MarkerTimeoutMs = 5000;

    private static readonly string s_rules = $$"""
        table inet oracle {
            chain raw {
                type filter hook prerouting priority raw
                udp sport {{MarkerPort}} udp dport {{MarkerPort}} notrack
            }
            chain valid {
                type filter hook prerouting priority filter
                ct state invalid drop
            }
        }
        table ip oracle {
            chain source {
                type nat hook postrouting priority srcnat
                iifname "{{LanDevice}}" oifname "{{WanDevice}}" snat to {{Neighbourhood.Translated}}
            }
        }

        """;

    private readonly NetworkNamespace? _router;
    private readonly NetworkNamespace? _hosts;
    private readonly PacketSocket? _lan;
    private readonly PacketSocket? _wan;
    private readonly ConntrackSocket? _table;
    private ulong _marker;

    /// <exception cref="LabException">A tool is missing, or the kernel lacks what the command in the message asks for.</exception>
    public NetfilterRouter()
    {
        try
        {
            string prefix = LabName.Prefix(0);
            _router = new NetworkNamespace(prefix + "-netfilter");
            _hosts = new NetworkNamespace(prefix + "-wires");
            Link(LanDevice, Network.Lan);
            Link(WanDevice, Network.Wan);
            Configure(_router);
            _router.RunWithInput(s_rules, "nft", "-f", "-").OrThrow();
            _lan = NamespaceThread.In(_hosts.Name, () => new PacketSocket(LanDevice));
            _wan = NamespaceThread.In(_hosts.Name, () => new PacketSocket(WanDevice));
            _table = NamespaceThread.In(_router.Name, () => new ConntrackSocket());
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public override string ToString() => "netfilter";

    protected override (IReadOnlyList<Departure> Departures, string Reason) Exchange(Side side, byte[] frame)
    {
        (PacketSocket near, PacketSocket far) = side == Side.Lan ? (_lan!, _wan!) : (_wan!, _lan!);
        List<Departure> departures = [];
        near.Send(frame);
        near.Send(MarkerFrame(side, ++_marker));
        Side other = side == Side.Lan ? Side.Wan : Side.Lan;
        while (true)
        {
            byte[]? left = far.TryReceive();
            if (left is null)
            {
                if (!Descriptor.WaitReadable(far.FileDescriptor, MarkerTimeoutMs))
                {
                    throw new InvalidOperationException($"marker {_marker} has not come through netfilter within {MarkerTimeoutMs} ms");
                }
            }
            else if (IsMarker(left))
            {
                break;
            }
            else if (IsPacket(left))
            {
                departures.Add(new Departure(other, left));
            }
        }

        while (near.TryReceive() is byte[] answer)
        {
            if (IsPacket(answer))
            {
                departures.Add(new Departure(side, answer));
            }
        }

        return (departures, "");
    }

    protected override Sighting Find(Flow flow) => _table!.Find(flow);

    protected override void Dispose(bool disposing)
    {
        _table?.Dispose();
        _lan?.Dispose();
        _wan?.Dispose();
        _router?.Dispose();
        _hosts?.Dispose();
    }

    private void Link(string device, byte port)
    {
        _router!.Ip("link", "add", device, "type", "veth", "peer", "name", device, "netns", _hosts!.Name);
        foreach (NetworkNamespace end in new[] { _router, _hosts })
        {
            // With offload on, frames cross a veth pair without checksums, and bad ones pass for good.
            end.Run(
                Command.DefaultTimeout, "ethtool", "-K", device, "tx", "off", "rx", "off", "tso", "off", "gso", "off", "gro", "off").OrThrow();
        }

        _hosts.Write($"/proc/sys/net/ipv6/conf/{device}/disable_ipv6", "1");
        _hosts.Ip("link", "set", device, "arp", "off", "up");
        _router.Write($"/proc/sys/net/ipv6/conf/{device}/accept_dad", "0");
        _router.Write($"/proc/sys/net/ipv6/conf/{device}/router_solicitations", "0");
        _router.Ip("link", "set", device, "address", Network.MacOfPort(port).ToString(), "up");
    }

    private static void Configure(NetworkNamespace router)
    {
        router.Write("/proc/sys/net/ipv4/conf/all/rp_filter", "0");
        foreach (string device in new[] { LanDevice, WanDevice })
        {
            router.Write($"/proc/sys/net/ipv4/conf/{device}/rp_filter", "0");
        }

        router.Ip("addr", "add", Network.LanAddress + "/16", "dev", LanDevice);
        router.Ip("addr", "add", Network.WanAddress + "/24", "dev", WanDevice);
        router.Ip("route", "add", "default", "via", Network.WanRouter);
        router.Ip("route", "add", "blackhole", Neighbourhood.Translated);
        router.Ip("-6", "addr", "add", Neighbourhood.Lan6 + "/64", "dev", LanDevice, "nodad");
        router.Ip("-6", "addr", "add", Neighbourhood.Wan6 + "/64", "dev", WanDevice, "nodad");
        router.Ip("-6", "route", "add", "default", "via", Neighbourhood.Gateway6, "dev", WanDevice);
        Neighbour(router, WanDevice, Network.WanRouter, Neighbourhood.GatewayMac);
        Neighbour(router, WanDevice, Neighbourhood.Gateway6, Neighbourhood.Gateway6Mac);
        Neighbour(router, LanDevice, Neighbourhood.Client6, MemoryWorld.MacOf(Ipv6Address.Parse(Neighbourhood.Client6)));
        foreach (string client in Neighbourhood.Clients)
        {
            Neighbour(router, LanDevice, client, MemoryWorld.MacOf(Ipv4Address.Parse(client)));
        }

        router.Write("/proc/sys/net/netfilter/nf_conntrack_tcp_loose", "0");
        router.Write("/proc/sys/net/netfilter/nf_conntrack_checksum", "1");
        foreach (string state in new[] { "close", "syn_recv", "close_wait", "last_ack", "time_wait" })
        {
            // Our clock stands still: nothing may end here by time while a comparison runs.
            router.Write($"/proc/sys/net/netfilter/nf_conntrack_tcp_timeout_{state}", "600");
        }

        router.Write("/proc/sys/net/ipv6/conf/all/forwarding", "1");
        router.Write("/proc/sys/net/ipv4/ip_forward", "1");
    }

    private static void Neighbour(NetworkNamespace router, string device, string address, MacAddress mac) =>
        router.Ip("neigh", "replace", address, "lladdr", mac.ToString(), "nud", "permanent", "dev", device);

    private static byte[] MarkerFrame(Side side, ulong number)
    {
        Flow flow = new(
            IpProtocol.Udp, new Endpoint(Neighbourhood.Marker, MarkerPort), new Endpoint(Neighbourhood.FarMarker, MarkerPort));
        byte[] payload = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(payload, number);
        return Stimulus.Envelope(flow, side, flow.Client).Udp(MarkerPort, MarkerPort).Payload(payload).Build();
    }

    private bool IsMarker(byte[] frame)
    {
        const int udp = 34;
        bool isMarker = frame.Length >= udp + 16 && frame[12] == 0x08 && frame[13] == 0x00 && frame[23] == IpProtocol.Udp
            && BinaryPrimitives.ReadUInt32BigEndian(frame.AsSpan(udp)) == ((uint)MarkerPort << 16 | MarkerPort);
        if (!isMarker)
        {
            return false;
        }

        ulong number = BinaryPrimitives.ReadUInt64BigEndian(frame.AsSpan(udp + 8));
        return number == _marker ? true
            : throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"marker {number} came in place of {_marker}"));
    }

    /// <summary>Not ARP and nothing multicast: what the stack says on its own account.</summary>
    private static bool IsPacket(byte[] frame) =>
        (frame[0] & 1) == 0
        && ((frame[12] == 0x08 && frame[13] == 0x00)
            || (frame[12] == 0x86 && !(frame[20] == IpProtocol.Icmpv6 && Icmpv6Type.IsNeighbourDiscovery(frame[54]))));
}
