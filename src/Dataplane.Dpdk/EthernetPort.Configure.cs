using System;
using System.Linq;
using System.Numerics;
using System.Security.Cryptography;

namespace Dataplane.Dpdk;

public sealed unsafe partial class EthernetPort
{
    private const int RssKeyBytesDefault = 40; // what devices take that do not say

    /// <summary>Sets queues, RSS, offloads, MTU and descriptors; the port must be stopped.</summary>
    /// <param name="configuration">Within the limits of <see cref="Info"/>.</param>
    /// <param name="pool">Gives a receive queue its mbufs; the same pool for several is usual.</param>
    /// <exception cref="DpdkException">The device cannot do it; names the queue and the limit.</exception>
    public void Configure(PortConfiguration configuration, Func<int, Mempool> pool)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(pool);
        CheckLimits(configuration);

        int perMember = _members[0].Device.Queues;
        bool split = _members.Count > 1;
        _rxQueues = Queues(configuration.RxQueues, perMember, split);
        _txQueues = Queues(configuration.TxQueues, perMember, split);
        HasRss = true;
        VerifiesChecksums = true;
        foreach (Member member in _members)
        {
            ConfigureMember(member.Port, configuration);
        }

        ushort rx = checked((ushort)configuration.RxDescriptors);
        ushort tx = checked((ushort)configuration.TxDescriptors);
        ulong position = EalLog.Position;
        Check(Native.dp_port_adjust_descriptors(_members[0].Port, &rx, &tx), "descriptors", position);
        for (int queue = 0; queue < _rxQueues.Length; queue++)
        {
            position = EalLog.Position;
            Mempool source = pool(queue);
            CheckPool(source, queue, configuration.Mtu);
            PortQueue at = _rxQueues[queue];
            Check(Native.dp_port_setup_rx(at.Port, at.Queue, rx, source.Handle), $"receive queue {queue}", position);
        }

        for (int queue = 0; queue < _txQueues.Length; queue++)
        {
            position = EalLog.Position;
            PortQueue at = _txQueues[queue];
            Check(Native.dp_port_setup_tx(at.Port, at.Queue, tx), $"transmit queue {queue}", position);
        }

        _promiscuous = configuration.Promiscuous;
        _multicast = configuration.Multicast;
    }

    private void CheckLimits(PortConfiguration configuration)
    {
        PortInfo info = Info();
        CheckQueues("receive", configuration.RxQueues, info.RxQueuesMax);
        CheckQueues("transmit", configuration.TxQueues, info.TxQueuesMax);
        if (_members.Count > 1 && (configuration.RxQueues != _members.Count || configuration.TxQueues != _members.Count))
        {
            throw new DpdkException($"port {Name}: was opened for {_members.Count} queues in both directions");
        }

        foreach (int descriptors in new[] { configuration.RxDescriptors, configuration.TxDescriptors })
        {
            if (descriptors is < 32 or > 32768 || !BitOperations.IsPow2(descriptors))
            {
                throw new DpdkException($"port {Name}: {descriptors} descriptors: must be a power of two from 32 to 32768");
            }
        }

        // Drivers of virtual devices do not all say what they can do; DPDK's 65535 means "not said".
        int mtuMax = Math.Min(info.MtuMax, Device.MtuMax);
        if (configuration.Mtu != 0 && (configuration.Mtu < info.MtuMin || configuration.Mtu > mtuMax))
        {
            throw new DpdkException($"port {Name}: MTU {configuration.Mtu}: the device takes {info.MtuMin} to {mtuMax}");
        }
    }

    private void CheckQueues(string direction, int wanted, int max)
    {
        if (wanted < 1 || wanted > max)
        {
            throw new DpdkException($"port {Name}: {wanted} {direction} queues: the device takes 1 to {max}");
        }
    }

    private void CheckPool(Mempool pool, int queue, int mtu)
    {
        int needed = Device.DataRoomBytes(mtu == 0 ? Mtu : mtu);
        if (pool.DataRoomBytes < needed)
        {
            throw new DpdkException(
                $"port {Name}: receive queue {queue}: mempool {pool.Name} has a data room "
                + $"of {pool.DataRoomBytes} bytes, {needed} are needed");
        }

        if (Device.Kind == DeviceKind.AfXdp && pool.Chunks != 1)
        {
            throw new DpdkException(
                $"port {Name}: mempool {pool.Name} lies in {pool.Chunks} pieces of memory, AF_XDP needs one",
                "raise the packet memory");
        }
    }

    private PortQueue[] Queues(int count, int perMember, bool split) =>
    [
        .. Enumerable.Range(0, count).Select(queue => split
            ? new PortQueue(_members[queue / perMember].Port, (ushort)(queue % perMember))
            : new PortQueue(_members[0].Port, (ushort)queue)),
    ];

    private void ConfigureMember(ushort port, PortConfiguration configuration)
    {
        ulong position = EalLog.Position;
        NativePortInfo info;
        Check(Native.dp_port_info(port, &info), "info", position);
        int keyBytes = info.RssKeyBytes == 0 ? RssKeyBytesDefault : info.RssKeyBytes;
        bool rss = !configuration.RssKey.IsEmpty;
        if (rss && configuration.RssKey.Length < keyBytes && info.RssTypes != 0)
        {
            throw new DpdkException(
                $"port {Name}: an RSS key of {configuration.RssKey.Length} bytes: the device takes {keyBytes}");
        }

        ulong types;
        ulong offloads;
        fixed (byte* key = configuration.RssKey.Span)
        {
            NativePortConfig native = new()
            {
                RssKey = key,
                RssKeyBytes = (ushort)keyBytes,
                RxQueues = (ushort)(_members.Count > 1 ? 1 : configuration.RxQueues),
                TxQueues = (ushort)(_members.Count > 1 ? 1 : configuration.TxQueues),
                Mtu = (ushort)configuration.Mtu,
                ChecksumRx = configuration.VerifyChecksums ? 1u : 0u,
            };
            Check(Native.dp_port_configure(port, &native, &types, &offloads), "configure", position);
        }

        HasRss &= types != 0;
        VerifiesChecksums &= offloads != 0;
    }

    /// <summary>A key for <see cref="PortConfiguration.RssKey"/> that nobody can predict, long enough for any device.</summary>
    public static byte[] RandomRssKey() => RandomNumberGenerator.GetBytes(52);
}
