using System;
using System.Collections.Generic;
using Dataplane.Dpdk;
using Dataplane.Packet;

namespace Dataplane.Dpdk.TestHost;

internal static unsafe class PortScenarios
{
    private const int BurstMax = 32;

    /// <summary>open PREFIX DEVICE QUEUES: reports what the device is.</summary>
    internal static void Open(string[] arguments)
    {
        Eal.Initialize(EalScenarios.Options(arguments[0]));
        int queues = int.Parse(arguments[2], null);
        using EthernetPort port = EthernetPort.Open("lan", DeviceSpec.Parse(arguments[1]), queues);
        PortInfo info = port.Info();
        Program.Report("driver", info.Driver);
        Program.Report("members", port.PortIds.Count);
    }

    /// <summary>loop PREFIX: a burst out of a ring port and in again, with every counter on the way.</summary>
    internal static void Loop(string[] arguments)
    {
        Eal.Initialize(EalScenarios.Options(arguments[0]));
        using Mempool pool = Mempool.Create("loop", 1023, cache: 64);
        using EthernetPort port = EthernetPort.Open("lan", DeviceSpec.Parse("ring"), 1);
        port.Configure(new PortConfiguration { RxQueues = 1, TxQueues = 1, Promiscuous = true }, _ => pool);
        port.Start();

        Mbuf** sent = stackalloc Mbuf*[BurstMax];
        Mbuf** received = stackalloc Mbuf*[BurstMax];
        Program.Report("allocated", pool.TryAllocate(sent, BurstMax));
        for (int index = 0; index < BurstMax; index++)
        {
            sent[index]->DataLength = 60;
            sent[index]->PacketLength = 60;
            new Span<byte>(sent[index]->Data, 60).Fill((byte)index);
        }

        Program.Report("headroom", sent[0]->DataOffset);
        Program.Report("in-use-before", pool.InUse);
        PortQueue tx = port.TxQueue(0);
        PortQueue rx = port.RxQueue(0);
        Program.Report("sent", Burst.Tx(tx.Port, tx.Queue, sent, BurstMax));
        int count = Burst.Rx(rx.Port, rx.Queue, received, BurstMax);
        Program.Report("received", count);
        int intact = 0;
        for (int index = 0; index < count; index++)
        {
            intact += new Span<byte>(received[index]->Data, 60).IndexOfAnyExcept((byte)index) < 0 ? 1 : 0;
        }

        Program.Report("intact", intact);
        Burst.Free(received, (uint)count);
        Program.Report("in-use-after", pool.InUse);
        Program.Report("empty", Burst.Rx(rx.Port, rx.Queue, received, BurstMax));

        PortStatistics statistics = port.Statistics();
        Program.Report("rx-packets", statistics.RxPackets);
        Program.Report("tx-packets", statistics.TxPackets);
        Program.Report("xstat", port.ExtendedStatistics()["rx_good_packets"]);
        Program.Report("link", port.Link().IsUp);
        port.ResetStatistics();
        Program.Report("rx-packets-reset", port.Statistics().RxPackets);
        port.Stop();
        port.Dispose();
        Program.Report("ports-left", Eal.PortCount);
        Program.Report("clock-runs", Burst.ClockNs() > 0 && Burst.Tsc() > 0 && Burst.TscHz() > 1_000_000);
    }

    /// <summary>null PREFIX: the null device makes packets of its own and swallows what it is given.</summary>
    internal static void Null(string[] arguments)
    {
        Eal.Initialize(EalScenarios.Options(arguments[0]));
        using Mempool pool = Mempool.Create("null", 1023, cache: 64);
        using EthernetPort port = EthernetPort.Open("lan", DeviceSpec.Parse("null:size=128"), 2);
        port.Configure(new PortConfiguration { RxQueues = 2, TxQueues = 2, RssKey = EthernetPort.RandomRssKey() }, _ => pool);
        port.Start();
        Mbuf** mbufs = stackalloc Mbuf*[BurstMax];
        for (int queue = 0; queue < 2; queue++)
        {
            PortQueue rx = port.RxQueue(queue);
            PortQueue tx = port.TxQueue(queue);
            ushort count = Burst.Rx(rx.Port, rx.Queue, mbufs, BurstMax);
            Program.Report($"received-{queue}", count);
            Program.Report($"length-{queue}", mbufs[0]->DataLength);
            Program.Report($"sent-{queue}", Burst.Tx(tx.Port, tx.Queue, mbufs, count));
        }

        Program.Report("in-use", pool.InUse);
        Program.Report("mtu", port.Mtu);
    }

    /// <summary>limits PREFIX: what a port and a pool refuse, one line each.</summary>
    internal static void Limits(string[] arguments)
    {
        Eal.Initialize(EalScenarios.Options(arguments[0]));
        using Mempool small = Mempool.Create("small", 255, cache: 0, dataRoomBytes: 256);
        using EthernetPort port = EthernetPort.Open("lan", DeviceSpec.Parse("null"), 1);
        PortConfiguration good = new() { RxQueues = 1, TxQueues = 1 };
        Dictionary<string, Action> attempts = new()
        {
            ["queues"] = () => port.Configure(good with { RxQueues = 5000 }, _ => small),
            ["descriptors"] = () => port.Configure(good with { RxDescriptors = 1000 }, _ => small),
            ["room"] = () => port.Configure(good, _ => small),
            ["cache"] = () => Mempool.Create("cache", 100, cache: 100),
            ["twice"] = () => Mempool.Create("small", 255, cache: 0),
            ["memory"] = () => Mempool.Create("large", 1 << 20),
        };
        foreach ((string name, Action attempt) in attempts)
        {
            try
            {
                attempt();
                Program.Report(name, "accepted");
            }
            catch (DpdkException error)
            {
                Program.Report(name, error.Message);
            }
        }
    }
}
