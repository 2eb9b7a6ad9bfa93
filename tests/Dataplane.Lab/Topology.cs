using System;
using System.Globalization;

namespace Dataplane.Lab;

/// <summary>
/// Client, server, internet and router in namespaces of their own, and the three veth pairs that join them to the
/// router's (see <see cref="LabAddresses"/>).
/// </summary>
/// <remarks>
/// On every end checksum, segmentation and aggregation offload are off: frames that cross a veth pair are handed
/// over in memory, and with offload on they carry no checksum and up to 64 KiB, which nothing that reads frames from
/// the interface could forward. IPv6 is off as well, so that no host sends anything unasked and counters stay comparable.
/// </remarks>
public sealed class Topology : IDisposable
{
    public const string LanInterface = "lan0";
    public const string DmzInterface = "dmz0";
    public const string WanInterface = "wan0";

    /// <summary>The interface of client, server and internet towards the router.</summary>
    public const string HostInterface = "eth0";

    /// <summary>Makes everything.</summary>
    /// <param name="prefix">Prefix of the namespaces' names.</param>
    /// <param name="queues">Receive and transmit queues of every veth end, 1 to 16.</param>
    /// <exception cref="LabException">A command failed; what had been made is removed again.</exception>
    public Topology(string prefix, int queues)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(queues, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(queues, 16);
        Queues = queues;
        try
        {
            Client = new NetworkNamespace(prefix + "-client");
            Server = new NetworkNamespace(prefix + "-server");
            Internet = new NetworkNamespace(prefix + "-internet");
            Router = new NetworkNamespace(prefix + "-router");
            Link(LanInterface, Client, LabAddresses.Client, LabAddresses.RouterLan);
            Link(DmzInterface, Server, LabAddresses.Server, LabAddresses.RouterDmz);
            Link(WanInterface, Internet, LabAddresses.Gateway, gateway: null);
            Internet.Ip("addr", "add", LabAddresses.Far + "/32", "dev", "lo");
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public NetworkNamespace Client { get; } = null!;

    public NetworkNamespace Server { get; } = null!;

    public NetworkNamespace Internet { get; } = null!;

    /// <summary>Holds the router's ends of the veth pairs; the router's process runs in it.</summary>
    public NetworkNamespace Router { get; } = null!;

    public int Queues { get; }

    /// <summary>
    /// Makes <paramref name="host"/> send everything by one queue. A veth pair delivers to the receive queue of the same
    /// number, so this chooses the router's queue, and with it the worker, for that host's packets.
    /// </summary>
    public void SendByQueue(NetworkNamespace host, int queue)
    {
        ArgumentNullException.ThrowIfNull(host);
        ArgumentOutOfRangeException.ThrowIfNegative(queue);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(queue, Queues);
        string everyCpu = ((1UL << Math.Min(Environment.ProcessorCount, 63)) - 1).ToString("x", CultureInfo.InvariantCulture);
        for (int other = 0; other < Queues; other++)
        {
            host.Write($"/sys/class/net/{HostInterface}/queues/tx-{other}/xps_cpus", other == queue ? everyCpu : "0");
        }
    }

    /// <summary>Gives client and internet their IPv6 addresses and routes.</summary>
    public void EnableIpv6()
    {
        foreach ((NetworkNamespace host, string address, string router) in new[]
        {
            (Client, LabAddresses.Client6, LabAddresses.RouterLan6),
            (Internet, LabAddresses.Gateway6, LabAddresses.RouterWan6),
        })
        {
            host.Write($"/proc/sys/net/ipv6/conf/{HostInterface}/disable_ipv6", "0");
            host.Ip("-6", "addr", "add", address + "/64", "dev", HostInterface, "nodad");
            host.Ip("-6", "route", "add", "default", "via", router);
        }

        Internet.Write("/proc/sys/net/ipv6/conf/lo/disable_ipv6", "0");
        Internet.Ip("-6", "addr", "add", LabAddresses.Far6 + "/128", "dev", "lo", "nodad");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // The router's end goes first: its process may be reading from rings of the interfaces.
        Router?.Dispose();
        Client?.Dispose();
        Server?.Dispose();
        Internet?.Dispose();
    }

    private void Link(string routerInterface, NetworkNamespace host, string address, string? gateway)
    {
        string queues = Queues.ToString(CultureInfo.InvariantCulture);
        Router.Ip(
            "link", "add", routerInterface, "numrxqueues", queues, "numtxqueues", queues, "type", "veth",
            "peer", "name", HostInterface, "numrxqueues", queues, "numtxqueues", queues, "netns", host.Name);
        Prepare(Router, routerInterface);
        Router.Ip("link", "set", routerInterface, "arp", "off", "up");
        Prepare(host, HostInterface);
        host.Ip("link", "set", HostInterface, "up");
        host.Ip("addr", "add", $"{address}/{LabAddresses.PrefixLength}", "dev", HostInterface);
        if (gateway is not null)
        {
            host.Ip("route", "add", "default", "via", gateway);
        }
    }

    private static void Prepare(NetworkNamespace owner, string device)
    {
        owner.Write($"/proc/sys/net/ipv6/conf/{device}/disable_ipv6", "1");
        owner.Run(
            Command.DefaultTimeout, "ethtool", "-K", device, "tx", "off", "rx", "off", "tso", "off", "gso", "off", "gro", "off").OrThrow();
    }
}
