using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using Dataplane.Packet;
using Xunit;
using Xunit.Abstractions;

namespace Dataplane.Conntrack.Tests;

/// <summary>The table in the hands of real threads.</summary>
/// <remarks>That the checkers see what they look for, <see cref="PlantedVariantTests"/> show.</remarks>
[Collection(nameof(ConcurrencyCollection))]
public sealed unsafe class ConcurrencyTests(ITestOutputHelper output)
{
    private static readonly TimeSpan s_duration = TimeSpan.FromSeconds(3);
    private static bool s_failed;

    /// <summary>Most of the time goes to the build that runs; the one with few locks has more contention in less time.</summary>
    private const int FewLocks = 8;

    [Fact]
    public void Everything_at_once_agrees_with_the_ledger_ipv4() => Agree<Ipv4Tuple, Ipv4Family>(StripeLocks.Count > FewLocks ? 40 : 10);

    [Fact]
    public void Everything_at_once_agrees_with_the_ledger_ipv6() => Agree<Ipv6Tuple, Ipv6Family>(StripeLocks.Count > FewLocks ? 21 : 6);

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
                bool opens = random.Next(100) < 52;
                uint index = opens ? test.Build(Ipv4Family.Numbered(++number), Ipv4Family.Numbered(number).Inverted, worker: worker) : 0;
                if (index != 0)
                {
                    int now = Interlocked.Increment(ref live);
                    InterlockedMax(ref most, now);
                    Assert.Equal(InsertResult.Inserted, test.Table->Insert(test.Memory.Slot(worker), index, 1000, out _));
                    held.Enqueue(index);
                }
                else if (held.TryDequeue(out uint oldest))
                {
                    Interlocked.Add(ref refusals, opens ? 1 : 0);
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

    /// <summary>Two workers that look up, insert, remove, expire, refresh, close, evict and hand over, a thread that dumps, and one that
    /// resizes and moves limits: nothing lost, nothing twice, nothing dead found, nothing left behind.</summary>
    private void Agree<TTuple, TFamily>(int seconds)
        where TTuple : unmanaged
        where TFamily : ITupleFamily<TTuple>
    {
        using var run = new ConcurrencyRun<TTuple, TFamily>(new ConcurrencySetup
        {
            Duration = TimeSpan.FromSeconds(seconds),
            EntriesMax = 9000,
            Steady = 6000,
            Mortal = 4000,
            Evictable = 2000,
            Racing = 48,
            RacingShare = 10,
            BucketCounts = [4096, 8192, 16384, 32768],
            ChangesLimits = true,
            Dumps = true,
        });
        run.Execute();
        output.WriteLine($"seed {run.Seed}, {run.Tally}");
        ConcurrencyAudit<TTuple, TFamily>.Check(run);
        AssertEventful(run.Tally);
    }

    /// <summary>Everything that the run is about did happen. Low bars: a machine may be busy.</summary>
    private static void AssertEventful(ConcurrencyTally tally)
    {
        Assert.InRange(tally.Conclusive, tally.Lookups / 4, tally.Lookups);
        long[] common = [tally.Conclusive, tally.Inserted, tally.Removed, tally.Swept, tally.OverCorpse, tally.Refreshed, tally.Closed, tally.Assured];
        long[] rare = [tally.Reopened, tally.Evicted, tally.Moved, tally.OriginalClashes, tally.ReplyClashes, tally.Refused, tally.Sides];
        long[] slow = [tally.Naps, tally.Resizes, tally.LimitChanges, tally.Dumps];
        Assert.All(common, count => Assert.InRange(count, 500, long.MaxValue));
        Assert.All(rare, count => Assert.InRange(count, 50, long.MaxValue));
        Assert.All(slow, count => Assert.InRange(count, 4, long.MaxValue));
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
