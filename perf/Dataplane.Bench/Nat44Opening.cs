using System;
using System.Diagnostics;
using System.Linq;
using Dataplane.Datapath;
using Dataplane.Os;

namespace Dataplane.Bench;

/// <summary>Settings of a run of <see cref="Nat44Opening"/>.</summary>
internal sealed record OpeningSettings(int Flows, int Workers, int Repeats, bool IsTcp);

/// <summary>What a run of <see cref="Nat44Opening"/> measured.</summary>
/// <param name="MconnPerSecond">Millions of connections a second, of all workers together, from the first one's
/// begin to the last one's end.</param>
/// <param name="AllocatedBytes">Managed bytes that the workers' threads allocated meanwhile.</param>
/// <param name="Collections">Garbage collections meanwhile.</param>
/// <param name="Pages">What the table's arena lies in.</param>
/// <param name="Failures">Connections that were not opened.</param>
/// <param name="TscGigahertz">Of the time stamp counter.</param>
internal sealed record OpeningResult(
    Measurement MconnPerSecond, long AllocatedBytes, int Collections, string Pages, long Failures, double TscGigahertz);

/// <summary>Every packet opens a SNAT connection, through the whole pipeline on memory ports, until the table is full.</summary>
internal static unsafe class Nat44Opening
{
    public static OpeningResult Run(OpeningSettings settings)
    {
        CpuAffinity.SetCurrentThread([Environment.ProcessorCount - 1]);
        double[] runs = new double[settings.Repeats];
        long allocated = 0;
        long failures = 0;
        int collections = 0;
        string pages = "";

        // The first round compiles and does not count. Every round has a router of its own: its table begins empty.
        for (int round = -1; round < settings.Repeats; round++)
        {
            using NatBed bed = new(
                settings.Flows, settings.Workers, hugepages: true, accounting: true, settings.IsTcp, NatBedTraffic.Opening);
            int collected = GC.CollectionCount(0);
            WorkerSpan[] spans = WorkerSpan.Run(settings.Workers, worker => OpenAll(bed, worker));
            if (round < 0)
            {
                continue;
            }

            collections += GC.CollectionCount(0) - collected;
            runs[round] = WorkerSpan.Mpps(spans);
            allocated += spans.Sum(span => span.AllocatedBytes);
            failures += settings.Flows / settings.Workers * settings.Workers - (long)bed.Router.Totals().Opened;
            pages = bed.Router.Conntrack.ArenaPages.ToString();
        }

        return new OpeningResult(new Measurement(runs), allocated, collections, pages, failures, TimeStampCounter.Gigahertz);
    }

    private static WorkerSpan OpenAll(NatBed bed, int index)
    {
        Worker<GeneratorEnvironment> worker = bed.Workers[index];
        GeneratorPort port = bed.Ports[index];
        worker.GoOnline();
        long packets = port.Left;
        long before = GC.GetAllocatedBytesForCurrentThread();
        long start = Stopwatch.GetTimestamp();
        while (port.Left > 0)
        {
            worker.Poll();
        }

        long end = Stopwatch.GetTimestamp();
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        bed.Router.Conntrack.Table->Quiescence->GoOffline(index);
        return new WorkerSpan(packets, start, end, allocated);
    }
}
