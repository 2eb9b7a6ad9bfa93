using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using Dataplane.Conntrack;

namespace Dataplane.Bench.Tables;

/// <summary>Two workers that insert the same connections at the same time, batch by batch in step: first with equal tuples, as two
/// first packets of one connection would; then only the reply tuple is the same, as if both had chosen one port.</summary>
internal static unsafe class TableClash<TTuple, TFamily>
    where TTuple : unmanaged
    where TFamily : struct, ITupleFamily<TTuple>
{
    private const int Workers = 2;

    /// <summary>Apart from every connection's own number: the second worker's originals, and the replies of a second choice.</summary>
    private const uint Second = 1u << 29;

    public static Dictionary<string, object> Run(TableSettings settings)
    {
        TableShape shape = settings.Shape;
        TableReport report = new("table-clash", settings, shape, TFamily.Version);
        Measure(settings, shape, sameOriginal: true, report);
        Measure(settings, shape, sameOriginal: false, report);
        return report.Finish(shape.TableBytes<TTuple>());
    }

    private static void Measure(TableSettings settings, TableShape shape, bool sameOriginal, TableReport report)
    {
        // With equal replies both connections stay, so that half as many clashes fill the table.
        uint clashes = sameOriginal ? shape.Entries : shape.Entries / Workers;
        string name = sameOriginal ? "same_original" : "same_reply";
        double[] runs = new double[settings.Repeats];
        long firstWon = 0;
        long wrong = 0;
        for (int repeat = -1; repeat < settings.Repeats; repeat++)
        {
            using TableBed<TTuple, TFamily> bed = new(shape, Workers);
            report.Describe(bed.Memory, 0);
            Meeting together = new();
            Tally[] tallies = new Tally[Workers];
            WorkerRun[] workers = PinnedWorkers.Run(
                Workers, self => Work(bed, self, together, clashes, settings.Batch, sameOriginal, out tallies[self]));
            report.CountAllocated(workers, repeat);
            wrong += Verify(bed, clashes, sameOriginal, tallies);
            if (repeat >= 0)
            {
                runs[repeat] = clashes / workers.Max(run => run.Seconds) / 1e6;
                firstWon += tallies[0].Won;
            }
        }

        report.Rate(name, new Measurement(runs), linesPerOperation: 0, unit: "mclashes_per_s");
        report.Note($"{name}_first_worker_won", (double)firstWon / ((long)clashes * settings.Repeats));
        report.Check($"{name}_wrong", wrong);
    }

    private static WorkerRun Work(
        TableBed<TTuple, TFamily> bed, int self, Meeting together, uint clashes, int batch, bool sameOriginal, out Tally tally)
    {
        ConntrackTable<TTuple>* table = bed.Table;
        WorkerSlot* slot = bed.Memory.Slot(self);
        TuplePair<TTuple>* pairs = stackalloc TuplePair<TTuple>[InsertPasses<TTuple>.BatchMax];
        uint ownOriginals = sameOriginal || self == 0 ? 0 : Second;
        tally = default;
        table->Quiescence->GoOnline(self);
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        long start = Stopwatch.GetTimestamp();
        for (uint first = 0; first < clashes; first += (uint)batch)
        {
            int count = (int)Math.Min((uint)batch, clashes - first);
            for (uint position = 0; position < (uint)count; position++)
            {
                pairs[position].Original = TFamily.Original(ownOriginals + first + position);
                pairs[position].Reply = TFamily.Reply(first + position);
            }

            table->PrefetchFree(slot, count);
            together.Meet(self);
            for (uint position = 0; position < (uint)count; position++)
            {
                Clash(table, slot, pairs + position, first + position, sameOriginal, ref tally);
            }

            table->Quiescence->Quiescent(self);
        }

        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        table->Quiescence->GoOffline(self);
        return new WorkerRun(clashes, seconds, allocated);
    }

    /// <summary>One worker's side of a clash: it wins, or adopts the winner's entry, or takes another reply tuple.</summary>
    private static void Clash(
        ConntrackTable<TTuple>* table, WorkerSlot* slot, TuplePair<TTuple>* pair, uint number, bool sameOriginal, ref Tally tally)
    {
        uint index = InsertPasses<TTuple>.Build(table, slot, pair);
        InsertResult result = table->Insert(slot, index, InsertPasses<TTuple>.NowSeconds, out EntryReference existing);
        if (result == InsertResult.Inserted)
        {
            tally.Won++;
            return;
        }

        tally.Lost++;
        Direction contested = sameOriginal ? Direction.Original : Direction.Reply;
        byte* winner = table->EntryAt(existing.Index);
        bool isExpected = result == (sameOriginal ? InsertResult.OriginalExists : InsertResult.ReplyExists)
            && existing.Direction == contested
            && existing.Index != index
            && ConntrackTable<TTuple>.SameTuple(Entry<TTuple>.Tuple(winner, contested), sameOriginal ? &pair->Original : &pair->Reply);
        tally.Wrong += isExpected ? 0 : 1;
        if (sameOriginal)
        {
            table->Abandon(slot, index);
            return;
        }

        *Entry<TTuple>.Tuple(table->EntryAt(index), Direction.Reply) = TFamily.Reply(Second + number);
        tally.Wrong += table->Insert(slot, index, InsertPasses<TTuple>.NowSeconds, out _) == InsertResult.Inserted ? 0 : 1;
    }

    /// <summary>What speaks against exactly one winner of each clash.</summary>
    private static long Verify(TableBed<TTuple, TFamily> bed, uint clashes, bool sameOriginal, Tally[] tallies)
    {
        long wrong = tallies.Sum(tally => tally.Wrong)
            + Math.Abs(tallies.Sum(tally => tally.Won) - clashes)
            + Math.Abs(tallies.Sum(tally => tally.Lost) - clashes)
            + Math.Abs(bed.Memory.Count() - (sameOriginal ? clashes : Workers * (long)clashes))
            + bed.Memory.UnconfirmedCount();
        for (uint number = 0; number < clashes; number++)
        {
            wrong += sameOriginal ? bed.IsFound(number) ? 0 : 1 : IsShared(bed, number) ? 0 : 1;
        }

        return wrong;
    }

    /// <summary>Whether one of the two connections has the contested reply tuple and the other its second choice.</summary>
    private static bool IsShared(TableBed<TTuple, TFamily> bed, uint number)
    {
        TTuple original = TFamily.Original(number);
        TTuple other = TFamily.Original(Second + number);
        TTuple contested = TFamily.Reply(number);
        TTuple chosen = TFamily.Reply(Second + number);
        uint first = bed.Find(&original).Index;
        uint second = bed.Find(&other).Index;
        uint winner = bed.Find(&contested).Index;
        uint loser = bed.Find(&chosen).Index;
        return first != 0 && second != 0 && first != second
            && ((winner == first && loser == second) || (winner == second && loser == first));
    }

    /// <summary>How one worker's insertions ended.</summary>
    private struct Tally
    {
        public long Won;
        public long Lost;
        public long Wrong;
    }

    /// <summary>Where two workers wait for each other, spinning: who comes last sets both off within a cache miss.</summary>
    private sealed class Meeting
    {
        // Each worker's word has lines of its own.
        private const int Apart = 64;

        private readonly uint[] _rounds = new uint[(Workers + 1) * Apart];

        public void Meet(int self)
        {
            uint round = _rounds[(self + 1) * Apart] + 1;
            Volatile.Write(ref _rounds[(self + 1) * Apart], round);
            while (Volatile.Read(ref _rounds[(Workers - self) * Apart]) < round)
            {
                Thread.SpinWait(1);
            }
        }
    }
}
