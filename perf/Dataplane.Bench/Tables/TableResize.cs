using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using Dataplane.Conntrack;

namespace Dataplane.Bench.Tables;

/// <summary>The table grows to four times its buckets and shrinks again while workers look connections up: how long that takes, how
/// fast lookups are meanwhile, and how long a worker is away from its queues.</summary>
/// <remarks>Each repeat ends with an idle loop on the same processors, as long as the two resizes took: what the machine itself takes
/// away in that time is no fault of the table's.</remarks>
internal static unsafe class TableResize<TTuple, TFamily>
    where TTuple : unmanaged
    where TFamily : struct, ITupleFamily<TTuple>
{
    private const uint Growth = 4;

    private static readonly Phase[] s_measured = [Phase.Before, Phase.Growing, Phase.Large, Phase.Shrinking, Phase.After, Phase.Idle];

    /// <summary>What the workers are watched doing.</summary>
    private enum Phase
    {
        /// <summary>Not measured: between two phases.</summary>
        None,
        Before,
        Growing,
        Large,
        Shrinking,
        After,

        /// <summary>Polling with nothing to do.</summary>
        Idle,
        Stop,
    }

    public static Dictionary<string, object> Run(TableSettings settings)
    {
        TableShape shape = settings.Shape;
        TableReport report = new("table-resize", settings, shape, TFamily.Version);
        Stage stage = new(settings);
        using (TableBed<TTuple, TFamily> bed = new(shape, settings.Workers))
        {
            bed.Fill();
            report.Describe(bed.Memory, bed.Refused);
            LookupOrder<TTuple, TFamily>[] orders = [.. Enumerable.Range(0, settings.Workers)
                .Select(worker => LookupOrder<TTuple, TFamily>.OfLive(bed, 88172645463325252ul + (ulong)worker))];
            for (int repeat = -1; repeat < settings.Repeats; repeat++)
            {
                stage.Phase = Phase.None;
                WorkerRun[] workers = PinnedWorkers.Run(
                    settings.Workers,
                    self => Work(bed, self, orders[self].Tuples, settings.Batch, stage),
                    () => Direct(bed, settings, stage));
                stage.EndRepeat(repeat);
                report.CountAllocated(workers, repeat);
            }

            Array.ForEach(orders, order => order.Dispose());
            Describe(report, stage, shape);
            report.Check("live_missed", stage.Missed);
            report.Check("unfound", bed.CountWrong());
        }

        // While it grows, both arrays are there.
        return report.Finish(shape.TableBytes<TTuple>() + Growth * shape.BucketBytes);
    }

    private static void Describe(TableReport report, Stage stage, TableShape shape)
    {
        int lines = 1 + Entry<TTuple>.TailOffset / 64;
        report.Note("buckets_large", shape.Buckets * Growth);
        report.Note("grow_ms", new Measurement(stage.GrowMilliseconds));
        report.Note("shrink_ms", new Measurement(stage.ShrinkMilliseconds));
        report.Note("map_ms", new Measurement(stage.MapMilliseconds));

        // The rates that matter first: the first one is the scenario's.
        foreach (Phase phase in new[] { Phase.Growing, Phase.Shrinking, Phase.Before, Phase.Large, Phase.After })
        {
            report.Rate($"lookups_{Name(phase)}", new Measurement(stage.Rates[(int)phase]), lines);
        }

        foreach (Phase phase in s_measured)
        {
            PollHistogram polls = stage.Total[(int)phase];
            report.Note($"polls_{Name(phase)}", polls.Summary(), polls.ToString());
            report.Note($"longest_us_{Name(phase)}", new Measurement(stage.Longest[(int)phase]));
        }

        double resizing = Math.Max(
            new Measurement(stage.Longest[(int)Phase.Growing]).Median, new Measurement(stage.Longest[(int)Phase.Shrinking]).Median);
        double idle = new Measurement(stage.Longest[(int)Phase.Idle]).Median;
        report.Note("longest_us_beyond_idle", resizing - idle, $"{resizing - idle:F1}, medians of each repeat's longest");
        report.Note("control_thread_shares_a_processor", stage.Settings.Workers >= Environment.ProcessorCount);
    }

    private static string Name(Phase phase) => phase switch
    {
        Phase.Before => "before",
        Phase.Growing => "growing",
        Phase.Large => "large",
        Phase.Shrinking => "shrinking",
        Phase.After => "after",
        _ => "idle",
    };

    /// <summary>The control thread of one repeat: announces the phases and resizes.</summary>
    private static void Direct(TableBed<TTuple, TFamily> bed, TableSettings settings, Stage stage)
    {
        TimeSpan steady = TimeSpan.FromSeconds(settings.Seconds);
        uint small = bed.Memory.BucketCount;
        Hold(stage, Phase.Before, steady);
        double grown = Resize(bed.Memory, small * Growth, stage, Phase.Growing, out double mapGrown);
        Hold(stage, Phase.Large, steady);
        double shrunk = Resize(bed.Memory, small, stage, Phase.Shrinking, out double mapShrunk);
        Hold(stage, Phase.After, steady);
        Hold(stage, Phase.Idle, TimeSpan.FromMilliseconds(grown + shrunk));
        stage.Phase = Phase.Stop;
        stage.Last = (grown, shrunk, mapGrown + mapShrunk);
    }

    private static void Hold(Stage stage, Phase phase, TimeSpan length)
    {
        stage.Phase = phase;
        Thread.Sleep(length);
        stage.Phase = Phase.None;
    }

    /// <summary>Milliseconds from the request until the old array's memory has been given back.</summary>
    private static double Resize(ConntrackMemory<TTuple> memory, uint buckets, Stage stage, Phase phase, out double mapMilliseconds)
    {
        stage.Phase = phase;
        long start = Stopwatch.GetTimestamp();
        ResizeStart begun = memory.TryResize(buckets);
        mapMilliseconds = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        if (begun != ResizeStart.Begun)
        {
            stage.Phase = Phase.Stop;
            throw new InvalidOperationException($"the table does not resize to {buckets} buckets: {begun}");
        }

        while (!memory.FinishResize())
        {
            Thread.Sleep(1);
        }

        double milliseconds = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        stage.Phase = Phase.None;
        return milliseconds;
    }

    private static WorkerRun Work(TableBed<TTuple, TFamily> bed, int self, TTuple* tuples, int burst, Stage stage)
    {
        ConntrackTable<TTuple>* table = bed.Table;
        WorkerSlot* slot = bed.Memory.Slot(self);
        PollHistogram[] polls = stage.Polls[self];
        LookupBurst scratch;
        double nanosecondsPerTick = 1e9 / Stopwatch.Frequency;
        long done = 0;
        long missed = 0;
        int position = 0;
        table->Quiescence->GoOnline(self);
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        long begin = Stopwatch.GetTimestamp();
        long last = begin;
        for (Phase phase = stage.Phase; phase != Phase.Stop; phase = stage.Phase)
        {
            if (phase != Phase.Idle)
            {
                missed += burst - LookupPasses<TTuple>.Run(table, slot, tuples + position, burst, &scratch);
                position = position + 2 * burst <= LookupOrder<TTuple, TFamily>.Count ? position + burst : 0;
                done += burst;
            }

            table->Quiescence->Quiescent(self);
            table->MoveStep();
            long now = Stopwatch.GetTimestamp();
            polls[(int)phase].Add((long)((now - last) * nanosecondsPerTick));
            last = now;
        }

        double seconds = Stopwatch.GetElapsedTime(begin).TotalSeconds;
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        table->Quiescence->GoOffline(self);
        Interlocked.Add(ref stage.Missed, missed);
        return new WorkerRun(done, seconds, allocated);
    }

    /// <summary>What the control thread tells the workers, and what they measured.</summary>
    private sealed class Stage
    {
        private const int Phases = (int)Phase.Stop;

        private volatile Phase _phase;

        public Stage(TableSettings settings)
        {
            Settings = settings;
            Polls = [.. Enumerable.Range(0, settings.Workers).Select(_ => Histograms())];
            Total = Histograms();
            Rates = Series();
            Longest = Series();
            GrowMilliseconds = new double[settings.Repeats];
            ShrinkMilliseconds = new double[settings.Repeats];
            MapMilliseconds = new double[settings.Repeats];
        }

        public TableSettings Settings { get; }

        public Phase Phase
        {
            get => _phase;
            set => _phase = value;
        }

        /// <summary>By worker and phase, of the present repeat.</summary>
        public PollHistogram[][] Polls { get; }

        /// <summary>By phase, of all repeats and workers.</summary>
        public PollHistogram[] Total { get; }

        /// <summary>By phase and repeat: million lookups a second of all workers.</summary>
        public double[][] Rates { get; }

        /// <summary>By phase and repeat: microseconds of the longest poll of any worker.</summary>
        public double[][] Longest { get; }

        public double[] GrowMilliseconds { get; }

        public double[] ShrinkMilliseconds { get; }

        public double[] MapMilliseconds { get; }

        /// <summary>Milliseconds of the repeat that is ending: growing, shrinking, and mapping the arrays for both.</summary>
        public (double Grown, double Shrunk, double Mapped) Last { get; set; }

        /// <summary>Lookups of live connections that found nothing.</summary>
        public long Missed;

        /// <summary>Keeps a counted repeat's figures and clears them for the next.</summary>
        public void EndRepeat(int repeat)
        {
            foreach (Phase phase in s_measured)
            {
                IEnumerable<PollHistogram> ofWorkers = Polls.Select(worker => worker[(int)phase]);
                if (repeat >= 0)
                {
                    Rates[(int)phase][repeat] = ofWorkers.Sum(Rate);
                    Longest[(int)phase][repeat] = ofWorkers.Max(polls => polls.Longest) / 1e3;
                    foreach (PollHistogram polls in ofWorkers)
                    {
                        Total[(int)phase].Add(polls);
                    }
                }
            }

            foreach (PollHistogram polls in Polls.SelectMany(worker => worker))
            {
                polls.Clear();
            }

            if (repeat >= 0)
            {
                (GrowMilliseconds[repeat], ShrinkMilliseconds[repeat], MapMilliseconds[repeat]) = Last;
            }
        }

        /// <summary>Million lookups a second, where every poll was a burst of them.</summary>
        private double Rate(PollHistogram polls) => polls.Total == 0 ? 0 : polls.Count * (double)Settings.Batch / polls.Total * 1e3;

        private static PollHistogram[] Histograms() => [.. Enumerable.Range(0, Phases).Select(_ => new PollHistogram())];

        private double[][] Series() => [.. Enumerable.Range(0, Phases).Select(_ => new double[Settings.Repeats])];
    }
}
