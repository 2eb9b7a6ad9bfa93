using System;
using System.Globalization;
using System.IO;
using System.Linq;
using Dataplane.Control.Configuration;
using Dataplane.Datapath;
using Dataplane.Dpdk;

namespace Dataplane.App.Hosting;

/// <summary>What an operator wants to see once, at start: ports, workers and their queues, and where the memory went.</summary>
internal static unsafe class StartupReport
{
    public static void Write(
        TextWriter output, RouterConfiguration configuration, EalStartup eal, OpenPort[] ports, Router router, Mempool pool)
    {
        output.WriteLine($"dataplane {ProductVersion.Text}, {eal.Version}, {(eal.UsesHugepages ? "2 MiB hugepages" : "no hugepages")}");
        foreach (string note in eal.Notes)
        {
            output.WriteLine($"warning: {note}");
        }

        WritePorts(output, ports);
        WriteWorkers(output, configuration, eal, ports, router);
        WriteMemory(output, router, pool);
        output.Flush();
    }

    private static void WritePorts(TextWriter output, OpenPort[] ports)
    {
        output.WriteLine();
        output.WriteLine($"{"port",-10} {"device",-22} {"driver",-14} {"mac",-17} {"mtu",5} {"rx/tx",6}  addresses");
        foreach (OpenPort port in ports)
        {
            string queues = string.Create(CultureInfo.InvariantCulture, $"{port.Device.RxQueues}/{port.Device.TxQueues}");
            output.WriteLine(
                $"{port.Configuration.Name,-10} {port.Configuration.Device,-22} {port.Device.Info().Driver,-14} {port.Mac,-17} "
                + $"{port.Configuration.MtuBytes,5} {queues,6}  {string.Join(", ", port.Addresses)}");
        }
    }

    private static void WriteWorkers(TextWriter output, RouterConfiguration configuration, EalStartup eal, OpenPort[] ports, Router router)
    {
        output.WriteLine();
        output.WriteLine($"{"worker",-10} {"cpu",3} {"lcore",5} {"idle",-9} receives from; transmits to");
        for (int worker = 0; worker < router.Workers; worker++)
        {
            int self = worker;
            QueueAssignment assignment = router.Assignment;
            string receives = string.Join(
                ", ", assignment.ReceiveQueues(worker).Select(queue => $"{ports[queue.Port].Configuration.Name}:{queue.Queue}"));
            string transmits = string.Join(", ", ports.Select((port, index) => assignment.TransmitQueue(self, index) >= 0
                ? $"{port.Configuration.Name}:{assignment.TransmitQueue(self, index)}"
                : $"{port.Configuration.Name} by worker {assignment.TransmitOwner(self, index)}"));
            string idle = configuration.Idle == IdleMode.Spin ? "spin" : "adaptive";
            receives = receives.Length > 0 ? receives : "nothing";
            output.WriteLine(
                $"{worker,-10} {configuration.Cores[worker],3} {eal.WorkerLcores[worker],5} {idle,-9} {receives}; {transmits}");
        }
    }

    private static void WriteMemory(TextWriter output, Router router, Mempool pool)
    {
        Conntrack.ConntrackMemory<Packet.Ipv4Tuple> table = router.Conntrack;
        long buffers = (long)pool.Count * pool.ObjectBytes;
        output.WriteLine();
        output.WriteLine($"{"memory",-28} {"MiB",9}");
        Row(output, $"{table.Capacity:N0} connections", table.ArenaBytes);
        Row(output, $"{table.BucketCount:N0} buckets", table.BucketBytes);
        Row(output, "table, other", table.TotalBytes - table.ArenaBytes - table.BucketBytes);
        long bytes6 = router.Conntrack6?.TotalBytes ?? 0;
        if (bytes6 > 0)
        {
            Row(output, "the same for IPv6", bytes6);
        }

        Row(output, $"{pool.Count:N0} packet buffers", buffers);
        Row(output, "workers", router.ScratchBytes);
        Row(output, "routes", Fib.FirstTableBytes);
        long routes6 = RouterRoutes.Bytes6(router.Plan);
        if (routes6 > 0)
        {
            Row(output, "IPv6 routes", routes6);
        }

        Row(output, "in all", table.TotalBytes + bytes6 + buffers + router.ScratchBytes + Fib.FirstTableBytes + routes6);
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"table pages: {table.ArenaPages}; {table.BytesPerConnection:F0} bytes a connection when full"));
        output.WriteLine();
    }

    private static void Row(TextWriter output, string name, long bytes) =>
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-28} {bytes / 1048576.0,9:F1}"));
}
