using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using Dataplane.Packet;
using Xunit;

namespace Dataplane.Conntrack.Tests;

/// <summary>Two workers at once, each with a ledger of what it did: nothing lost, nothing twice, nothing left behind.</summary>
[Collection(nameof(ConcurrencyCollection))]
public sealed unsafe class ConcurrencyTests
{
    private static readonly TimeSpan s_duration = TimeSpan.FromSeconds(3);
    private static bool s_failed;

    [Fact]
    public void Workers_that_insert_find_remove_and_sweep_agree_with_their_ledgers()
    {
        using TestTable<Ipv4Tuple, Ipv4Family> test = new(12_000, workers: 2);
        var ledgers = new Dictionary<uint, uint>[2];
        Run(test, worker => ledgers[worker] = Churn(test, worker));

        test.AssertConsistent();
        RemoveExpired(test);
        Assert.Equal(ledgers.Sum(ledger => ledger.Count), test.Memory.Count());
        Assert.True(test.Memory.Counters().Delete > 1000, "the run was too short to mean anything");
        for (int worker = 0; worker < 2; worker++)
        {
            foreach ((uint number, uint index) in ledgers[worker])
            {
                Assert.Equal(index, test.Find(Ipv4Family.Numbered(number)).Index);
                test.QuiesceAll();
                Assert.True(test.Remove(index, worker));
            }
        }

        Assert.Equal(0, test.OccupiedPlaces());
        test.AssertConsistent();
        for (uint bucket = 0; bucket < test.Memory.BucketCount; bucket++)
        {
            Assert.Equal(0, test.Buckets[bucket].Overflowed);
        }

        // Every credit has come back.
        test.QuiesceAll();
        test.Memory.Pool->HandIn(test.Memory.Slot(1));
        uint room = 0;
        while (test.Build(default, default) != 0)
        {
            room++;
        }

        Assert.Equal(12_000 - (uint)test.Memory.Slot(1)->Credits, room);
    }

    [Fact]
    public void Of_two_workers_that_insert_the_same_connection_at_once_exactly_one_wins_and_the_other_is_told_the_winner()
    {
        // The replies differ, as they do when each has chosen its own port.
        Race(
            (worker, round) => Ipv4Family.Numbered(round & 1023),
            (worker, round) => Ipv4Family.Numbered((round & 1023) + 2048 * (uint)(1 + worker)).Inverted,
            InsertResult.OriginalExists);
    }

    [Fact]
    public void Of_two_workers_that_choose_the_same_reply_tuple_at_once_exactly_one_wins()
    {
        Race(
            (worker, round) => Ipv4Family.Numbered((round & 1023) + 2048 * (uint)(1 + worker)),
            (worker, round) => Ipv4Family.Numbered(round & 1023).Inverted,
            InsertResult.ReplyExists);
    }

    [Fact]
    public void The_maximum_is_never_passed_while_two_workers_fill_and_empty_the_table()
    {
        const int entriesMax = 200;
        using TestTable<Ipv4Tuple, Ipv4Family> test = new(entriesMax, workers: 2, bucketsMin: 16 * (uint)StripeLocks.Count);
        int live = 0;
        int most = 0;
        int refusals = 0;
        Run(test, worker =>
        {
            var held = new Queue<uint>();
            var random = new Random(worker);
            uint number = (uint)worker << 24;
            for (var clock = Stopwatch.StartNew(); clock.Elapsed < s_duration / 2;)
            {
                // Counted before the table gives its credit back and after it took one: the true number is never more than this.
                uint index = random.Next(100) < 52 ? test.Build(Ipv4Family.Numbered(++number), Ipv4Family.Numbered(number).Inverted, worker: worker) : 0;
                if (index != 0)
                {
                    int now = Interlocked.Increment(ref live);
                    InterlockedMax(ref most, now);
                    Assert.Equal(InsertResult.Inserted, test.Table->Insert(test.Memory.Slot(worker), index, 1000, out _));
                    held.Enqueue(index);
                }
                else if (held.TryDequeue(out uint oldest))
                {
                    Interlocked.Increment(ref refusals);
                    Interlocked.Decrement(ref live);
                    RemoveOwn(test, oldest, worker);
                }

                test.Memory.Pool->HandIn(test.Memory.Slot(worker));
                Poll(test, worker);
            }
        });

        Assert.InRange(most, entriesMax - 1, entriesMax);
        Assert.True(refusals > 100);
        test.AssertConsistent();
    }

    /// <summary>A worker's life with connections of its own numbers; what is live at the end, by number.</summary>
    private static Dictionary<uint, uint> Churn(TestTable<Ipv4Tuple, Ipv4Family> test, int worker)
    {
        var random = new Random(worker + 1);
        var ledger = new Dictionary<uint, uint>();
        uint own = (uint)worker * 8192;
        uint other = 8192 - own;
        long sweepNanoseconds = 1000 * 1_000_000_000L;
        int step = 0;
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < s_duration;)
        {
            uint number = own + (uint)random.Next(4500);
            Ipv4Tuple tuple = Ipv4Family.Numbered(number);
            bool isLive = ledger.TryGetValue(number, out uint index);
            EntryReference found = test.Find(tuple, worker: worker);
            Assert.Equal(isLive ? new EntryReference(index, Direction.Original) : default, found);
            Assert.Equal(isLive ? new EntryReference(index, Direction.Reply) : default, test.Find(tuple.Inverted, worker: worker));
            if (!isLive && random.Next(2) == 0)
            {
                InsertOwn(test, worker, number, random, ledger);
            }
            else if (isLive && random.Next(2) == 0)
            {
                RemoveOwn(test, index, worker);
                ledger.Remove(number);
            }

            AssertForeign(test, worker, other + (uint)random.Next(4500));
            if (++step % 32 == 0)
            {
                Poll(test, worker);

                // Everything's deadline is far away, or has passed before it was inserted: the sweep finds work without a moving clock.
                test.Table->Sweep(test.Memory.Slot(worker), sweepNanoseconds += 20_000_000);
                sweepNanoseconds = sweepNanoseconds > 1_990_000_000_000L ? 1000 * 1_000_000_000L : sweepNanoseconds;
            }
        }

        return ledger;
    }

    private static void InsertOwn(
        TestTable<Ipv4Tuple, Ipv4Family> test, int worker, uint number, Random random, Dictionary<uint, uint> ledger)
    {
        Ipv4Tuple tuple = Ipv4Family.Numbered(number);
        bool isStillborn = random.Next(8) == 0;
        uint index = test.Build(tuple, tuple.Inverted, isStillborn ? 1u : 1_000_000u, worker);
        Assert.NotEqual(0u, index);
        test.Head(index)->Rewrite = Mark(number);
        InsertResult result = test.Table->Insert(test.Memory.Slot(worker), index, 1000, out _);
        if (result is InsertResult.ChainTooLong or InsertResult.Busy)
        {
            // Busy: the other worker lost its processor in the middle of removing this connection's expired predecessor.
            test.Table->Abandon(test.Memory.Slot(worker), index);
            return;
        }

        Assert.Equal(InsertResult.Inserted, result);
        if (!isStillborn)
        {
            ledger.Add(number, index);
        }
        else if (random.Next(2) == 0)
        {
            // Either worker's sweep may have been faster.
            test.Remove(index, worker);
        }
    }

    /// <summary>Removes an entry that nobody else would, once there is room for it to wait for its grace period: the other
    /// thread may have lost its processor for thousands of removals.</summary>
    private static void RemoveOwn(TestTable<Ipv4Tuple, Ipv4Family> test, uint index, int worker)
    {
        while (test.Memory.Slot(worker)->Retired.Room == 0)
        {
            Thread.Yield();
            Poll(test, worker);
        }

        Assert.True(test.Remove(index, worker));
    }

    private static void RemoveExpired(TestTable<Ipv4Tuple, Ipv4Family> test)
    {
        for (uint index = 1; index < test.Memory.EntryCount; index++)
        {
            if (test.Word(index).IsLive && test.Word(index).IsExpired(1000))
            {
                test.QuiesceAll();
                Assert.True(test.Remove(index));
            }
        }
    }

    /// <summary>The other worker's connection is there or not; if it is, it is whole.</summary>
    private static void AssertForeign(TestTable<Ipv4Tuple, Ipv4Family> test, int worker, uint number)
    {
        EntryReference found = test.Find(Ipv4Family.Numbered(number), worker: worker);
        if (!found.IsNone)
        {
            Assert.Equal(Ipv4Family.Numbered(number), test.Tuple(found.Index, Direction.Original));
            Assert.Equal(Mark(number), test.Head(found.Index)->Rewrite);
        }
    }

    private static ulong Mark(uint number) => (number + 1) * 0x9E37_79B9_7F4A_7C15ul;

    private static void Race(Func<int, uint, Ipv4Tuple> original, Func<int, uint, Ipv4Tuple> reply, InsertResult loser)
    {
        using TestTable<Ipv4Tuple, Ipv4Family> test = new(4000, workers: 2);
        const uint rounds = 20_000;
        var results = new InsertResult[2];
        var indexes = new uint[2];
        var named = new EntryReference[2];
        int arrived = 0;
        int[] wins = new int[2];
        uint played = 0;
        var clock = Stopwatch.StartNew();
        bool isOver = false;
        Run(test, worker =>
        {
            for (uint round = 0; round < rounds; round++)
            {
                indexes[worker] = test.Build(original(worker, round), reply(worker, round), worker: worker);
                Meet(ref arrived);
                results[worker] = test.Table->Insert(test.Memory.Slot(worker), indexes[worker], 1000, out named[worker]);
                Meet(ref arrived);
                if (worker == 0)
                {
                    int winner = results[0] == InsertResult.Inserted ? 0 : 1;
                    Assert.Equal(InsertResult.Inserted, results[winner]);
                    Assert.Equal(loser, results[1 - winner]);
                    Assert.Equal(indexes[winner], named[1 - winner].Index);
                    Assert.True(test.Remove(indexes[winner], 0));
                    wins[winner]++;
                    played++;
                    isOver = clock.Elapsed > s_duration;
                }

                Meet(ref arrived);
                if (results[worker] != InsertResult.Inserted)
                {
                    test.Table->Abandon(test.Memory.Slot(worker), indexes[worker]);
                }

                Poll(test, worker);
                if (isOver)
                {
                    break;
                }
            }
        });

        Assert.True(played > 20, $"only {played} rounds");
        Assert.Equal(played, (uint)(wins[0] + wins[1]));
        test.AssertConsistent();
        Assert.Equal(0, test.OccupiedPlaces());
    }

    /// <summary>Waits until both workers have arrived as often as each other.</summary>
    private static void Meet(ref int arrived)
    {
        int target = (Interlocked.Increment(ref arrived) + 1) & ~1;
        var wait = default(SpinWait);
        while (Volatile.Read(ref arrived) < target)
        {
            if (Volatile.Read(ref s_failed))
            {
                throw new OperationCanceledException("the other worker failed");
            }

            wait.SpinOnce(sleep1Threshold: -1);
        }
    }

    private static void Poll(TestTable<Ipv4Tuple, Ipv4Family> test, int worker)
    {
        test.Table->Quiescence->Quiescent(worker);
        test.Table->Reclaim(test.Memory.Slot(worker));
    }

    private static void InterlockedMax(ref int most, int value)
    {
        int seen = Volatile.Read(ref most);
        while (value > seen)
        {
            int before = Interlocked.CompareExchange(ref most, value, seen);
            seen = before == seen ? value : before;
        }
    }

    /// <summary>Runs both workers online on threads of their own and passes on the first failure.</summary>
    internal static void Run(TestTable<Ipv4Tuple, Ipv4Family> test, Action<int> body)
    {
        var failures = new Exception?[2];
        s_failed = false;
        Thread[] threads = [.. Enumerable.Range(0, 2).Select(worker => new Thread(() =>
        {
            test.Table->Quiescence->GoOnline(worker);
            try
            {
                body(worker);
            }
            catch (Exception exception) when (exception is not OutOfMemoryException)
            {
                failures[worker] = exception;
                Volatile.Write(ref s_failed, true);
            }

            test.Table->Quiescence->GoOffline(worker);
        }))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        Exception? failure = failures.FirstOrDefault(exception => exception is not (null or OperationCanceledException)) ?? failures[0] ?? failures[1];
        if (failure != null)
        {
            throw new InvalidOperationException("a worker failed", failure);
        }
    }
}
