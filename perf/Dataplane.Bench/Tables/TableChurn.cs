using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Numerics;
using System.Runtime.CompilerServices;
using Dataplane.Conntrack;

namespace Dataplane.Bench.Tables;

/// <summary>A full table in motion: every step removes the oldest connection and opens a new one, so that entries pass through their
/// grace period and come back.</summary>
/// <remarks>With hand-over each worker removes what the other inserted: every entry and every free index changes its core.</remarks>
internal static unsafe class TableChurn<TTuple, TFamily>
    where TTuple : unmanaged
    where TFamily : struct, ITupleFamily<TTuple>
{
    /// <summary>How far a queue may be from its share of the connections before a worker waits for the other: at most this.</summary>
    private const uint MarginMax = 4096;

    /// <summary>Two buckets to remove from, two to insert into, the entry that is removed, and the one that is filled.</summary>
    private static int LinesPerStep => 4 + 1 + Entry<TTuple>.SizeBytes / 64;

    public static Dictionary<string, object> Run(TableSettings settings, bool handover)
    {
        TableShape shape = settings.Shape;
        TableReport report = new("table-churn", settings, shape, TFamily.Version);
        report.Note("handover", handover);
        using (TableBed<TTuple, TFamily> bed = new(shape, settings.Workers, (uint)settings.Workers * 4 * MarginMax))
        {
            Side[] sides = [.. Enumerable.Range(0, settings.Workers).Select(worker => new Side(worker, settings.Workers, shape.Entries))];
            try
            {
                report.Describe(bed.Memory, 0);
                Fill(bed, sides, settings);
                report.Rate("steps", Measure(bed, sides, settings, handover, report), LinesPerStep, unit: "mconn_per_s");
                report.Note("polls_waited", sides.Sum(side => side.Waited));
                report.Note("refused", sides.Sum(side => side.Refused));
                report.Check("count_wrong", CountWrong(bed, sides));
            }
            finally
            {
                Array.ForEach(sides, side => side.Dispose());
            }
        }

        return report.Finish(shape.TableBytes<TTuple>());
    }

    private static void Fill(TableBed<TTuple, TFamily> bed, Side[] sides, TableSettings settings) =>
        PinnedWorkers.Run(settings.Workers, self =>
        {
            Side side = sides[self];
            uint* indexes = stackalloc uint[InsertPasses<TTuple>.BatchMax];
            bed.Table->Quiescence->GoOnline(self);
            while (side.Own.Length < side.Share)
            {
                Insert(bed.Table, bed.Memory.Slot(self), side, (int)Math.Min((uint)settings.Batch, side.Share - side.Own.Length), indexes);
            }

            bed.Table->Quiescence->GoOffline(self);
            return default;
        });

    private static Measurement Measure(
        TableBed<TTuple, TFamily> bed, Side[] sides, TableSettings settings, bool handover, TableReport report)
    {
        double[] runs = new double[settings.Repeats];
        for (int repeat = -1; repeat < settings.Repeats; repeat++)
        {
            WorkerRun[] workers = PinnedWorkers.Run(settings.Workers, self =>
            {
                EntryQueue removals = sides[handover ? (self + 1) % settings.Workers : self].Own;
                return Work(bed, self, sides[self], removals, settings);
            });
            report.CountAllocated(workers, repeat);
            if (repeat >= 0)
            {
                runs[repeat] = workers.Sum(run => run.Mops);
            }
        }

        return new Measurement(runs);
    }

    private static WorkerRun Work(
        TableBed<TTuple, TFamily> bed, int self, Side side, EntryQueue removals, TableSettings settings)
    {
        ConntrackTable<TTuple>* table = bed.Table;
        WorkerSlot* slot = bed.Memory.Slot(self);
        uint* indexes = stackalloc uint[InsertPasses<TTuple>.BatchMax];
        int batch = settings.Batch;
        long done = 0;
        table->Quiescence->GoOnline(self);
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        long start = Stopwatch.GetTimestamp();
        long end = start + (long)(settings.Seconds * Stopwatch.Frequency);
        while (Stopwatch.GetTimestamp() < end)
        {
            for (int poll = 0; poll < 16; poll++)
            {
                // An entry that waits for its grace period is waiting for the other worker, which may be away.
                bool isRemoving = removals.Length + side.Margin >= side.Share + (uint)batch && slot->Retired.Room >= (uint)batch;
                bool isInserting = side.Own.Length + (uint)batch <= side.Share + side.Margin;
                if (isRemoving)
                {
                    Remove(table, slot, removals, batch);
                }

                if (isInserting)
                {
                    done += Insert(table, slot, side, batch, indexes);
                }

                side.Waited += isRemoving && isInserting ? 0 : 1;
                table->Quiescence->Quiescent(self);
                table->Reclaim(slot);
            }
        }

        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        table->Quiescence->GoOffline(self);
        return new WorkerRun(done, seconds, allocated);
    }

    /// <summary>Removes the oldest connections of a queue; the entries of the next call are asked for.</summary>
    private static void Remove(ConntrackTable<TTuple>* table, WorkerSlot* slot, EntryQueue queue, int count)
    {
        BucketArray buckets = table->View->Current;
        for (uint position = 0; position < (uint)count; position++)
        {
            byte* entry = table->EntryAt(queue.Peek(position));
            ConntrackTable<TTuple>.Prefetch(buckets.First(table->Hash(Entry<TTuple>.Tuple(entry, Direction.Original))));
            ConntrackTable<TTuple>.Prefetch(buckets.First(table->Hash(Entry<TTuple>.Tuple(entry, Direction.Reply))));
        }

        for (uint position = 0; position < (uint)count; position++)
        {
            uint index = queue.Peek(position);
            StateWord word = new(Entry<TTuple>.Head(table->EntryAt(index))->State);
            if (!table->TryRemove(slot, index, word))
            {
                NotRemoved(index);
            }
        }

        // Behind the ones just removed stands what the next call begins with: far more than a batch, always.
        for (uint position = 0; position < (uint)count; position++)
        {
            byte* entry = table->EntryAt(queue.Peek((uint)count + position));
            ConntrackTable<TTuple>.Prefetch(entry);
            ConntrackTable<TTuple>.Prefetch(Entry<TTuple>.Head(entry));
        }

        queue.Take((uint)count);
    }

    private static int Insert(ConntrackTable<TTuple>* table, WorkerSlot* slot, Side side, int count, uint* indexes)
    {
        if (side.Next + (uint)count > side.Pairs.Count)
        {
            side.Next = 0;
        }

        int inserted = InsertPasses<TTuple>.Run(table, slot, side.Pairs.Items + side.Next, count, indexes);
        side.Next += (uint)count;
        if (inserted < count)
        {
            side.Refused += count - inserted;
            Compact(indexes, count);
        }

        side.Own.Add(indexes, inserted);
        return inserted;
    }

    // Not inlined: refused connections only.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Compact(uint* indexes, int count)
    {
        int kept = 0;
        for (int position = 0; position < count; position++)
        {
            if (indexes[position] != 0)
            {
                indexes[kept++] = indexes[position];
            }
        }
    }

    private static void NotRemoved(uint index) =>
        throw new InvalidOperationException($"entry {index}, which nobody else touches, could not be removed");

    /// <summary>Connections in the queues that are not in the table, and the difference of the counts.</summary>
    private static long CountWrong(TableBed<TTuple, TFamily> bed, Side[] sides)
    {
        long wrong = Math.Abs(bed.Memory.Count() - sides.Sum(side => side.Own.Length));
        foreach (Side side in sides)
        {
            for (uint position = 0; position < side.Own.Length; position++)
            {
                uint index = side.Own.Peek(position);
                wrong += IsFound(bed, index, Direction.Original) && IsFound(bed, index, Direction.Reply) ? 0 : 1;
            }
        }

        return wrong;
    }

    private static bool IsFound(TableBed<TTuple, TFamily> bed, uint index, Direction direction) =>
        bed.Find(Entry<TTuple>.Tuple(bed.Table->EntryAt(index), direction)).Value == new EntryReference(index, direction).Value;

    /// <summary>What belongs to one worker.</summary>
    private sealed class Side : IDisposable
    {
        public readonly uint Share;
        public readonly uint Margin;
        public readonly EntryQueue Own;

        /// <summary>More than can be open at once, so that a connection's turn comes again only when it has ended.</summary>
        public readonly TuplePairs<TTuple, TFamily> Pairs;

        public uint Next;
        public long Waited;
        public long Refused;

        public Side(int worker, int workers, uint entries)
        {
            Share = entries / (uint)workers;
            Margin = Math.Min(MarginMax, Share / 4);
            uint count = Share + 4 * Margin;
            Own = new EntryQueue(BitOperations.RoundUpToPowerOf2(count));
            Pairs = new TuplePairs<TTuple, TFamily>((uint)worker * count, count);
        }

        public void Dispose()
        {
            Own.Dispose();
            Pairs.Dispose();
        }
    }
}
