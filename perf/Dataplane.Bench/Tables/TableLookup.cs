using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using Dataplane.Conntrack;

namespace Dataplane.Bench.Tables;

/// <summary>Which lookups are measured.</summary>
internal enum LookupKind
{
    Both,
    Hits,
    Misses,
}

/// <summary>How a burst of tuples is looked up: as the router does, or in ways that were rejected for it.</summary>
internal enum LookupForm
{
    /// <summary>All of them together, step by step: the router's way.</summary>
    Burst,

    /// <summary>All buckets are asked for, then one tuple after the other is searched.</summary>
    Prefetched,

    /// <summary>One after the other.</summary>
    Single,
}

/// <summary>Lookups in a table that nobody writes to, in bursts, with hashing: tuples that are there, and tuples that are not.</summary>
internal static unsafe class TableLookup<TTuple, TFamily>
    where TTuple : unmanaged
    where TFamily : struct, ITupleFamily<TTuple>
{
    private const int BurstsPerLook = 64;

    public static Dictionary<string, object> Run(TableSettings settings, LookupKind kind, LookupForm form)
    {
        TableShape shape = settings.Shape;
        TableReport report = new("table-lookup", settings, shape, TFamily.Version);
        using (TableBed<TTuple, TFamily> bed = new(shape, settings.Workers))
        {
            bed.Fill();
            report.Describe(bed.Memory, bed.Refused);
            if (kind != LookupKind.Misses)
            {
                Measurement hits = Measure(bed, settings, form, report, isHit: true);
                report.Rate("hits", hits, linesPerOperation: 1 + LinesOfKey, limitOfBuckets: false);
            }

            if (kind != LookupKind.Hits)
            {
                Measurement misses = Measure(bed, settings, form, report, isHit: false);
                report.Rate("misses", misses, linesPerOperation: 1, limitOfBuckets: true);
            }

            report.Check("unfound", bed.CountWrong());
        }

        Dictionary<string, object> results = report.Finish(shape.TableBytes<TTuple>());
        results["form"] = form.ToString();
        return results;
    }

    /// <summary>Lines of an entry that a comparison reads.</summary>
    private static int LinesOfKey => Entry<TTuple>.TailOffset / 64;

    private static Measurement Measure(
        TableBed<TTuple, TFamily> bed, TableSettings settings, LookupForm form, TableReport report, bool isHit)
    {
        LookupOrder<TTuple, TFamily>[] orders = [.. Enumerable.Range(0, settings.Workers).Select(worker => isHit
            ? LookupOrder<TTuple, TFamily>.OfLive(bed, 88172645463325252ul + (ulong)worker)
            : LookupOrder<TTuple, TFamily>.OfAbsent(88172645463325252ul + (ulong)worker))];
        try
        {
            double[] runs = new double[settings.Repeats];
            long wrong = 0;
            for (int repeat = -1; repeat < settings.Repeats; repeat++)
            {
                long[] found = new long[settings.Workers];
                WorkerRun[] workers = PinnedWorkers.Run(
                    settings.Workers, self => Work(bed, self, orders[self].Tuples, settings, form, out found[self]));
                wrong += workers.Select((run, self) => isHit ? run.Operations - found[self] : found[self]).Sum();
                report.CountAllocated(workers, repeat);
                if (repeat >= 0)
                {
                    runs[repeat] = workers.Sum(run => run.Mops);
                }
            }

            report.Check(isHit ? "hits_missed" : "misses_found", wrong);
            return new Measurement(runs);
        }
        finally
        {
            Array.ForEach(orders, order => order.Dispose());
        }
    }

    private static WorkerRun Work(
        TableBed<TTuple, TFamily> bed, int self, TTuple* tuples, TableSettings settings, LookupForm form, out long found)
    {
        ConntrackTable<TTuple>* table = bed.Table;
        WorkerSlot* slot = bed.Memory.Slot(self);
        LookupBurst scratch;
        int burst = settings.Batch;
        long hits = 0;
        long done = 0;
        int position = 0;
        table->Quiescence->GoOnline(self);
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        long start = Stopwatch.GetTimestamp();
        long end = start + (long)(settings.Seconds * Stopwatch.Frequency);
        while (Stopwatch.GetTimestamp() < end)
        {
            for (int turn = 0; turn < BurstsPerLook; turn++)
            {
                hits += form switch
                {
                    LookupForm.Single => LookupPasses<TTuple>.RunSingle(table, slot, tuples + position, burst),
                    LookupForm.Prefetched => LookupPasses<TTuple>.RunPrefetched(table, slot, tuples + position, burst, &scratch),
                    _ => LookupPasses<TTuple>.Run(table, slot, tuples + position, burst, &scratch),
                };
                table->Quiescence->Quiescent(self);
                position = position + 2 * burst <= LookupOrder<TTuple, TFamily>.Count ? position + burst : 0;
            }

            done += BurstsPerLook * burst;
        }

        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        table->Quiescence->GoOffline(self);
        found = hits;
        return new WorkerRun(done, seconds, allocated);
    }
}
