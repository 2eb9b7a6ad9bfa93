using System;
using System.Diagnostics;
using System.Linq;
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
        Measure(bed, 0, 1.0);
        int collections = GC.CollectionCount(0);
        double[] runs = new double[settings.Repeats];
        double[] ports = new double[settings.Repeats];
        long inWorkers = 0;
        for (int repeat = 0; repeat < settings.Repeats; repeat++)
        {
            bed.ShowToRouter(false);
            ports[repeat] = PortCost(bed);
            bed.ShowToRouter(true);
            WorkerSpan[] spans = settings.Workers == 1
                ? [Measure(bed, 0, settings.Seconds)]
                : WorkerSpan.Run(settings.Workers, worker => Measure(bed, worker, settings.Seconds));
            runs[repeat] = WorkerSpan.Mpps(spans);
            inWorkers += spans.Sum(span => span.AllocatedBytes);
        }

        collections = GC.CollectionCount(0) - collections;
        long table = (long)settings.Flows * 128 + bed.Router.Conntrack.BucketBytes;
        return new EstablishedResult(
            new Measurement(runs), new Measurement(ports), TimeStampCounter.Gigahertz, inWorkers, collections, table,
            bed.Router.Conntrack.ArenaPages.ToString(), bed.BadPackets, (long)bed.Router.Totals().Dropped,
            $"ethip4{(settings.IsTcp ? "tcp" : "udp")}-nat44-h{(settings.Flows + 62) / 63}-p63-s{settings.Flows}");
    }

    /// <summary>Polls one worker for about this long.</summary>
    private static WorkerSpan Measure(NatBed bed, int index, double seconds)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        Worker<GeneratorEnvironment> worker = bed.Workers[index];
        GeneratorPort generator = bed.Ports[index];
        worker.GoOnline();
        long sent = generator.Sent;
        long start = Stopwatch.GetTimestamp();
        long due = start + (long)(seconds * Stopwatch.Frequency);
        long end = start;
        for (; end < due; end = Stopwatch.GetTimestamp())
        {
            for (int poll = 0; poll < 64; poll++)
            {
                worker.Poll();
            }
        }

        bed.Router.Conntrack.Table->Quiescence->GoOffline(index);
        return new WorkerSpan(generator.Sent - sent, start, end, GC.GetAllocatedBytesForCurrentThread() - before);
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
