using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Threading;
using Dataplane.Packet;
using Xunit;

namespace Dataplane.Conntrack.Tests;

/// <summary>
/// What a reader has found stays whole for its burst. The same watcher first has to catch two writers that are known to be
/// wrong: one that reuses entries without a grace period, and one that publishes them before they are built.
/// </summary>
[Collection(nameof(ConcurrencyCollection))]
public sealed unsafe class ReaderSafetyTests
{
    private const uint Numbers = 64;
    private static readonly TimeSpan s_enough = TimeSpan.FromSeconds(2);
    private static readonly PlantedHastyReclaim<Ipv4Tuple, Ipv4Family> s_hasty = new();
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    [Fact]
    public void The_watcher_catches_reuse_without_a_grace_period() =>
        Assert.True(Violations(publishFirst: false, test => s_hasty.Reclaim(test, test.Memory.Slot(0)), s_patience, stopAtFirst: true).Reused > 0);

    [Fact]
    public void The_watcher_catches_publication_before_the_entry_is_built() =>
        Assert.True(Violations(publishFirst: true, GracefulReclaim, s_patience, stopAtFirst: true).Unbuilt > 0);

    [Fact]
    public void An_entry_is_neither_reused_under_a_reader_nor_visible_before_it_is_built()
    {
        Outcome outcome = Violations(publishFirst: false, GracefulReclaim, s_enough, stopAtFirst: false);
        Assert.Equal(0, outcome.Reused);
        Assert.Equal(0, outcome.Unbuilt);
        Assert.True(outcome.Found > 1000, $"the reader found something {outcome.Found} times only");
    }

    [Fact]
    public void A_dump_beside_a_busy_writer_never_mixes_two_connections_and_misses_none_that_stays()
    {
        using TestTable<Ipv4Tuple, Ipv4Family> test = new(1000, workers: 2);
        var staying = new HashSet<uint>();
        for (uint number = Numbers; number < Numbers + 300; number++)
        {
            staying.Add(InsertMarked(test, number, publishFirst: false));
        }

        bool isOver = false;
        int walks = 0;
        ConcurrencyTests.Run(test, worker =>
        {
            if (worker == 0)
            {
                while (!Volatile.Read(ref isOver))
                {
                    Turn(test, publishFirst: false, GracefulReclaim);
                }

                return;
            }

            try
            {
                // A dump needs no slot of its own: it is offline while it walks.
                test.Table->Quiescence->GoOffline(1);
                for (var clock = Stopwatch.StartNew(); clock.Elapsed < s_enough; walks++)
                {
                    HashSet<uint> seen = Dump(test);
                    Assert.Subset(seen, staying);
                }
            }
            finally
            {
                Volatile.Write(ref isOver, true);
            }
        });
        Assert.True(walks > 10, $"only {walks} walks");
    }

    private static HashSet<uint> Dump(TestTable<Ipv4Tuple, Ipv4Family> test)
    {
        byte* copy = stackalloc byte[Entry<Ipv4Tuple>.SizeBytes];
        var seen = new HashSet<uint>();
        uint cursor = 0;
        while (test.Table->CopyNext(ref cursor, 1000, uint.MaxValue, copy) is uint index and not 0)
        {
            Ipv4Tuple original = *Entry<Ipv4Tuple>.Tuple(copy, Direction.Original);
            Assert.Equal(original.Inverted, *Entry<Ipv4Tuple>.Tuple(copy, Direction.Reply));
            Assert.Equal(MarkOf(original), Entry<Ipv4Tuple>.Head(copy)->Rewrite);
            Assert.True(seen.Add(index));
        }

        return seen;
    }

    private static Outcome Violations(bool publishFirst, Reclaim reclaim, TimeSpan duration, bool stopAtFirst)
    {
        using TestTable<Ipv4Tuple, Ipv4Family> test = new(1000, workers: 2);
        Outcome outcome = default;
        bool isOver = false;
        ConcurrencyTests.Run(test, worker =>
        {
            if (worker == 0)
            {
                while (!Volatile.Read(ref isOver))
                {
                    Turn(test, publishFirst, reclaim);
                }

                return;
            }

            for (var clock = Stopwatch.StartNew(); clock.Elapsed < duration && !(stopAtFirst && outcome.Any);)
            {
                Watch(test, ref outcome);
                test.Table->Quiescence->Quiescent(1);
            }

            Volatile.Write(ref isOver, true);
        });
        return outcome;
    }

    /// <summary>The reader's burst: finds connections, and looks at what it found for a while.</summary>
    private static void Watch(TestTable<Ipv4Tuple, Ipv4Family> test, ref Outcome outcome)
    {
        for (uint number = 0; number < Numbers; number++)
        {
            Ipv4Tuple tuple = Ipv4Family.Numbered(number);
            EntryReference found = test.Find(tuple, worker: 1);
            if (found.IsNone)
            {
                continue;
            }

            outcome.Found++;
            byte* entry = test.Table->EntryAt(found.Index);
            outcome.Unbuilt += Volatile.Read(ref Entry<Ipv4Tuple>.Head(entry)->Rewrite) != MarkOf(tuple) ? 1 : 0;
            for (int look = 0; look < 50; look++)
            {
                Thread.MemoryBarrier();
                if (*Entry<Ipv4Tuple>.Tuple(entry, Direction.Original) != tuple)
                {
                    outcome.Reused++;
                    break;
                }
            }
        }
    }

    /// <summary>The writer's poll: opens every connection and closes it again, so that entries are reused as fast as may be.</summary>
    private static void Turn(TestTable<Ipv4Tuple, Ipv4Family> test, bool publishFirst, Reclaim reclaim)
    {
        for (uint number = 0; number < Numbers; number++)
        {
            uint index = InsertMarked(test, number, publishFirst);
            Assert.True(test.Remove(index));
            reclaim(test);
        }
    }

    private static uint InsertMarked(TestTable<Ipv4Tuple, Ipv4Family> test, uint number, bool publishFirst)
    {
        Ipv4Tuple tuple = Ipv4Family.Numbered(number);
        uint index = test.Build(tuple, tuple.Inverted);
        Assert.NotEqual(0u, index);
        if (!publishFirst)
        {
            test.Head(index)->Rewrite = MarkOf(tuple);
        }

        Assert.Equal(InsertResult.Inserted, test.Table->Insert(test.Memory.Slot(0), index, 1000, out _));
        if (publishFirst)
        {
            Thread.SpinWait(20);
            Volatile.Write(ref test.Head(index)->Rewrite, MarkOf(tuple));
        }

        return index;
    }

    private static uint MarkOf(Ipv4Tuple tuple) => (tuple.Source.Raw ^ (uint)tuple.SourcePort.Raw << 16 | 1) * 0x9E37_79B9u;

    private static void GracefulReclaim(TestTable<Ipv4Tuple, Ipv4Family> test)
    {
        test.Table->Quiescence->Quiescent(0);
        test.Table->Reclaim(test.Memory.Slot(0));
        while (test.Memory.Slot(0)->Retired.Room < RetireRing.Capacity / 2)
        {
            Thread.Yield();
            test.Table->Quiescence->Quiescent(0);
            test.Table->Reclaim(test.Memory.Slot(0));
        }
    }

    private delegate void Reclaim(TestTable<Ipv4Tuple, Ipv4Family> test);

    private struct Outcome
    {
        public long Found;
        public long Reused;
        public long Unbuilt;

        public readonly bool Any => Reused + Unbuilt > 0;
    }
}
