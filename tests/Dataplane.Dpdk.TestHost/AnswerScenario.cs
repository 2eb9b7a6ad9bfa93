using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Dataplane.Dpdk;
using Dataplane.Packet;

namespace Dataplane.Dpdk.TestHost;

/// <summary>answer PREFIX DEVICE QUEUES HUGEPAGES: answers every ARP request and every ping on a port until stdin ends.</summary>
internal static unsafe class AnswerScenario
{
    private const int BurstMax = 32;

    internal static void Run(string[] arguments)
    {
        DeviceSpec device = DeviceSpec.Parse(arguments[1]);
        int queues = int.Parse(arguments[2], null);
        IReadOnlyList<InterfaceProblem> problems = KernelInterface.Check(device, queues, 1500, Mempool.DefaultDataRoomBytes);
        Program.Report("errors", problems.Count(problem => problem.IsError));
        Eal.Initialize(EalScenarios.Options(arguments[0], Enum.Parse<HugepageMode>(arguments[3])));

        PortConfiguration configuration = new() { RxQueues = queues, TxQueues = queues, Promiscuous = true };
        int mbufs = 1024 + queues * device.MbufsPerQueue(configuration.RxDescriptors, configuration.TxDescriptors);
        using Mempool pool = Mempool.Create("answer", mbufs, cache: 64);
        using EthernetPort port = EthernetPort.Open("lan", device, queues);
        port.Configure(configuration, _ => pool);
        port.Start();
        Program.Report("mac", port.Mac);

        // The scenario ends with its parent's pipe; reading it must not hold up the polling.
        Thread end = new(() => Console.In.ReadToEnd()) { IsBackground = true };
        end.Start();
        ulong[] answered = new ulong[queues];
        while (end.IsAlive)
        {
            for (int queue = 0; queue < queues; queue++)
            {
                answered[queue] += Poll(port.RxQueue(queue), port.TxQueue(queue));
            }
        }

        Program.Report("answered", answered.Aggregate((left, right) => left + right));
        Program.Report("queues-used", answered.Count(count => count > 0));
    }

    private static ulong Poll(PortQueue rx, PortQueue tx)
    {
        Mbuf** mbufs = stackalloc Mbuf*[BurstMax];
        ulong answered = 0;
        ushort count = Burst.Rx(rx.Port, rx.Queue, mbufs, BurstMax);
        for (int index = 0; index < count; index++)
        {
            Mbuf* mbuf = mbufs[index];
            if (Answer(new Span<byte>(mbuf->Data, mbuf->DataLength)) && Burst.Tx(tx.Port, tx.Queue, &mbuf, 1) == 1)
            {
                answered++;
                continue;
            }

            Burst.Free(&mbuf, 1);
        }

        return answered;
    }

    /// <summary>Turns a request into its answer, in place; false for anything else.</summary>
    private static bool Answer(Span<byte> frame)
    {
        if (frame.Length >= 42 && frame[12] == 8 && frame[13] == 6 && frame[21] == 1)
        {
            frame[21] = 2; // ARP reply: target and sender change places
            Swap(frame, 22, 32, 10);
            new byte[] { 2, 0, 0, 0, 0, 1 }.CopyTo(frame[22..]);
        }
        else if (frame.Length >= 42 && frame[12] == 8 && frame[13] == 0 && frame[14] == 0x45 && frame[23] == 1 && frame[34] == 8)
        {
            frame[34] = 0; // echo reply; RFC 1624: the checksum grows by what the type lost
            int checksum = (frame[36] << 8 | frame[37]) + 0x0800;
            checksum = (checksum & 0xFFFF) + (checksum >> 16);
            frame[36] = (byte)(checksum >> 8);
            frame[37] = (byte)checksum;
            Swap(frame, 26, 30, 4);
        }
        else
        {
            return false;
        }

        Swap(frame, 0, 6, 6);
        new byte[] { 2, 0, 0, 0, 0, 1 }.CopyTo(frame[6..]);
        return true;
    }

    private static void Swap(Span<byte> frame, int left, int right, int length)
    {
        for (int index = 0; index < length; index++)
        {
            (frame[left + index], frame[right + index]) = (frame[right + index], frame[left + index]);
        }
    }
}
