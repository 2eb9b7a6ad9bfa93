using System;
using System.Diagnostics;
using System.Threading;
using Dataplane.Datapath;
using Dataplane.Os;

namespace Dataplane.Bench;

/// <summary>Settings of a run of <see cref="Nat44Established"/>.</summary>
internal sealed record EstablishedSettings(int Flows, double Seconds, int Workers, int Repeats, bool Accounting, bool IsTcp);

/// <summary>What a run of <see cref="Nat44Established"/> measured.</summary>
internal sealed record EstablishedResult(
    Measurement Mpps, Measurement PortNanoseconds, double TscGigahertz, long AllocatedBytes, int Collections,
    long TableBytes, string Pages, long BadPackets, long Dropped, string Csit);

/// <summary>Established SNAT connections, chosen uniformly, half of the packets replies: the whole pipeline on memory
/// ports.</summary>
internal static unsafe class Nat44Established
{
    public static EstablishedResult Run(EstablishedSettings settings)
    {
        // The measuring thread is a worker's thread: one core, from before the memory is touched.
        CpuAffinity.SetCurrentThread([Environment.ProcessorCount - 1]);
        using NatBed bed = new(settings.Flows, settings.Workers, hugepages: true, settings.Accounting, settings.IsTcp);
        Measure(bed, 0, 1.0, out _);
        int collections = GC.CollectionCount(0);
        double[] runs = new double[settings.Repeats];
        double[] ports = new double[settings.Repeats];
        long inWorkers = 0;
        for (int repeat = 0; repeat < settings.Repeats; repeat++)
        {
            bed.ShowToRouter(false);
            ports[repeat] = PortCost(bed);
            bed.ShowToRouter(true);
            runs[repeat] = settings.Workers == 1
                ? Measure(bed, 0, settings.Seconds, out long allocated)
                : MeasureTogether(bed, settings.Seconds, out allocated);
            inWorkers += allocated;
        }

        collections = GC.CollectionCount(0) - collections;
        long table = (long)settings.Flows * 128 + bed.Router.Conntrack.BucketBytes;
        return new EstablishedResult(
            new Measurement(runs), new Measurement(ports), TimeStampCounter.Gigahertz(), inWorkers, collections, table,
            bed.Router.Conntrack.ArenaPages.ToString(), bed.BadPackets, (long)bed.Router.Totals().Dropped,
            $"ethip4{(settings.IsTcp ? "tcp" : "udp")}-nat44-h{(settings.Flows + 62) / 63}-p63-s{settings.Flows}");
    }

    /// <summary>One thread per worker, each pinned to a core; the sum of their rates.</summary>
    private static double MeasureTogether(NatBed bed, double seconds, out long allocatedBytes)
    {
        double total = 0;
        long allocated = 0;
        Lock gate = new();
        Thread[] threads = new Thread[bed.Workers.Length];
        using Barrier together = new(threads.Length);
        for (int index = 0; index < threads.Length; index++)
        {
            int self = index;
            threads[index] = new Thread(() =>
            {
                CpuAffinity.SetCurrentThread([self]);
                together.SignalAndWait();
                double rate = Measure(bed, self, seconds, out long bytes);
                lock (gate)
                {
                    total += rate;
                    allocated += bytes;
                }
            });
            threads[index].Start();
        }

        foreach (Thread thread in threads)
        {
            thread.Join();
        }

        allocatedBytes = allocated;
        return total;
    }

    /// <summary>Millions of packets a second through one worker for about this long, and what its thread allocated
    /// meanwhile.</summary>
    private static double Measure(NatBed bed, int index, double seconds, out long allocatedBytes)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        Worker<GeneratorEnvironment> worker = bed.Workers[index];
        GeneratorPort generator = bed.Ports[index];
        worker.GoOnline();
        long sent = generator.Sent;
        long start = Stopwatch.GetTimestamp();
        long end = start + (long)(seconds * Stopwatch.Frequency);
        while (Stopwatch.GetTimestamp() < end)
        {
            for (int poll = 0; poll < 64; poll++)
            {
                worker.Poll();
            }
        }

        double elapsed = Stopwatch.GetElapsedTime(start).TotalSeconds;
        bed.Router.Conntrack.Table->Quiescence->GoOffline(index);
        allocatedBytes = GC.GetAllocatedBytesForCurrentThread() - before;
        return (generator.Sent - sent) / elapsed / 1e6;
    }

    /// <summary>Nanoseconds per packet of the generator port alone: receive and transmit, no router.</summary>
    private static double PortCost(NatBed bed)
    {
        const int bursts = 100_000;
        ref GeneratorEnvironment environment = ref bed.Workers[0].Environment;
        Packet.Mbuf** packets = stackalloc Packet.Mbuf*[WorkerContext.BurstMax];
        long start = Stopwatch.GetTimestamp();
        long total = 0;
        for (int burst = 0; burst < bursts; burst++)
        {
            ushort port = (ushort)(bed.Workers.Length == 1 ? burst & 1 : 0);
            int count = environment.ReceiveBurst(port, 0, packets, WorkerContext.BurstMax);
            environment.TransmitBurst(port, 0, packets, count);
            total += count;
        }

        return Stopwatch.GetElapsedTime(start).TotalNanoseconds / total;
    }
}
