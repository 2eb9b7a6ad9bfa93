using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using Dataplane.Conntrack;

namespace Dataplane.Bench.Tables;

/// <summary>Insertions of both tuples under the hashed locks into an empty table, until it is full: each worker allocates, builds and
/// inserts its part of the connections.</summary>
internal static unsafe class TableInsert<TTuple, TFamily>
    where TTuple : unmanaged
    where TFamily : struct, ITupleFamily<TTuple>
{
    /// <summary>Two buckets, and the lines of the entry.</summary>
    public static int LinesPerInsert => 2 + Entry<TTuple>.SizeBytes / 64;

    public static Dictionary<string, object> Run(TableSettings settings)
    {
        TableShape shape = settings.Shape;
        TableReport report = new("table-insert", settings, shape, TFamily.Version);
        double[] runs = new double[settings.Repeats];
        long refused = 0;
        long wrong = 0;
        using (TuplePairs<TTuple, TFamily> pairs = new(0, shape.Entries))
        {
            for (int repeat = -1; repeat < settings.Repeats; repeat++)
            {
                using TableBed<TTuple, TFamily> bed = new(shape, settings.Workers);
                report.Describe(bed.Memory, 0);
                long[] inserted = new long[settings.Workers];
                WorkerRun[] workers = PinnedWorkers.Run(settings.Workers, self => Work(bed, self, pairs, settings, out inserted[self]));
                report.CountAllocated(workers, repeat);
                refused += shape.Entries - inserted.Sum();
                wrong += Verify(bed, inserted.Sum());
                if (repeat >= 0)
                {
                    // From the common start to the end of the slower one: all connections have to be there.
                    runs[repeat] = inserted.Sum() / workers.Max(run => run.Seconds) / 1e6;
                }
            }
        }

        report.Rate("inserts", new Measurement(runs), LinesPerInsert, unit: "mconn_per_s");
        report.Note("refused", refused, $"{refused:N0} of {(settings.Repeats + 1L) * shape.Entries:N0}");
        report.Check("unfound", wrong);
        return report.Finish(shape.TableBytes<TTuple>());
    }

    private static WorkerRun Work(
        TableBed<TTuple, TFamily> bed, int self, TuplePairs<TTuple, TFamily> pairs, TableSettings settings, out long inserted)
    {
        ConntrackTable<TTuple>* table = bed.Table;
        WorkerSlot* slot = bed.Memory.Slot(self);
        uint* indexes = stackalloc uint[InsertPasses<TTuple>.BatchMax];
        uint next = (uint)((ulong)pairs.Count * (uint)self / (uint)settings.Workers);
        uint end = (uint)((ulong)pairs.Count * (uint)(self + 1) / (uint)settings.Workers);
        uint share = end - next;
        TuplePair<TTuple>* items = pairs.Items;
        long done = 0;
        table->Quiescence->GoOnline(self);
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        long start = Stopwatch.GetTimestamp();
        while (next < end)
        {
            int count = (int)Math.Min((uint)settings.Batch, end - next);
            done += InsertPasses<TTuple>.Run(table, slot, items + next, count, indexes);
            next += (uint)count;
            table->Quiescence->Quiescent(self);
            table->Reclaim(slot);
        }

        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        table->Quiescence->GoOffline(self);
        inserted = done;
        return new WorkerRun(share, seconds, allocated);
    }

    /// <summary>Connections reported as inserted that the table does not have, or the other way round.</summary>
    private static long Verify(TableBed<TTuple, TFamily> bed, long inserted)
    {
        long found = 0;
        for (uint number = 0; number < bed.Shape.Entries; number++)
        {
            found += bed.IsFound(number) ? 1 : 0;
        }

        return Math.Abs(found - inserted) + Math.Abs(bed.Memory.Count() - inserted);
    }
}
