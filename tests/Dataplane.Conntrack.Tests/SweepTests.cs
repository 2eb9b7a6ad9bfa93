using System;
using System.Linq;
using Dataplane.Packet;
using Xunit;

namespace Dataplane.Conntrack.Tests;

/// <summary>The sweep looks at everything once a period, in bounded steps, whatever the rhythm of the polls is.</summary>
[Trait("Category", "Portable")]
public sealed unsafe class SweepTests
{
    private const uint EntriesMax = 6000;
    private const long Period = ConntrackTable<Ipv4Tuple>.SweepPeriodSeconds * 1_000_000_000L;
    private const long Start = 1000 * 1_000_000_000L;

    /// <summary>Nanoseconds between polls: bursts, a step just short of another entry, an idle worker's sleep.</summary>
    [Theory]
    [InlineData(3_000L)]
    [InlineData(1_000_000L)]
    [InlineData(18_790_000L)]
    [InlineData(100_000_000L)]
    [InlineData(500_000_000L)]
    public void Every_expired_entry_is_gone_after_one_period(long interval)
    {
        using TestTable<Ipv4Tuple, Ipv4Family> test = Filled(workers: 1);
        WorkerSlot* slot = test.Memory.Slot(0);
        slot->SweepNanoseconds = Start;

        // The entries have the lowest indexes: with the cursor behind them the pass comes to them at its end.
        slot->SweepCursor = EntriesMax + 1;

        // The last step that still belongs to the period ends at most one interval, and the smallest step, behind it.
        long smallestStep = Period * 16 / test.Memory.EntryCount + 1;
        int removed = 0;
        for (long now = Start; now <= Start + Period + interval + smallestStep; now += interval)
        {
            test.Table->Quiescence->Quiescent(0);
            test.Table->Reclaim(slot);
            removed += test.Table->Sweep(slot, now);
        }

        Assert.Equal((int)EntriesMax, removed);
        Assert.Equal(0, test.Memory.Count());
        Assert.Equal(EntriesMax, test.Memory.Counters().Expired);
        test.AssertConsistent();
    }

    [Fact]
    public void Workers_share_the_arena_and_leave_no_gap()
    {
        using TestTable<Ipv4Tuple, Ipv4Family> test = Filled(workers: 3);
        for (int worker = 0; worker < 3; worker++)
        {
            test.Memory.Slot(worker)->SweepNanoseconds = Start;
        }

        int[] removed = new int[3];
        for (long now = Start; now <= Start + Period + 200_000_000; now += 50_000_000)
        {
            for (int worker = 0; worker < 3; worker++)
            {
                test.Table->Quiescence->Quiescent(worker);
                test.Table->Reclaim(test.Memory.Slot(worker));
                removed[worker] += test.Table->Sweep(test.Memory.Slot(worker), now);
            }
        }

        Assert.Equal((int)EntriesMax, removed.Sum());
        Assert.Equal(0, test.Memory.Count());
    }

    [Fact]
    public void A_step_is_bounded_and_the_next_goes_on_where_it_stopped()
    {
        using TestTable<Ipv4Tuple, Ipv4Family> test = Filled(workers: 1);
        WorkerSlot* slot = test.Memory.Slot(0);
        slot->SweepNanoseconds = Start;
        long now = Start + Period / 2;
        int steps = 0;
        int removed = 0;
        while (true)
        {
            uint cursor = slot->SweepCursor;
            int step = test.Table->Sweep(slot, now);
            uint moved = slot->SweepCursor - cursor;
            Assert.InRange(moved, 0u, 1024u);
            Assert.InRange(step, 0, (int)Math.Min(moved, 512));
            removed += step;
            if (moved == 0)
            {
                break;
            }

            steps++;
        }

        // Half a period owes half of the arena, paid without the clock moving on in steps of 1024 entries or 512 removals.
        Assert.InRange(slot->SweepCursor, test.Memory.EntryCount / 2 - 16, test.Memory.EntryCount / 2);
        Assert.InRange(steps, (int)(test.Memory.EntryCount / 2 / 1024) + 1, (int)(test.Memory.EntryCount / 2 / 1024) + removed / 512 + 2);
        Assert.Equal(EntriesMax - test.Memory.Count(), removed);
    }

    [Fact]
    public void Live_entries_stay()
    {
        using TestTable<Ipv4Tuple, Ipv4Family> test = new(EntriesMax);
        for (uint number = 0; number < 1000; number++)
        {
            test.Insert(number, deadline: number % 2 == 0 ? 999u : 2000u);
        }

        WorkerSlot* slot = test.Memory.Slot(0);
        slot->SweepNanoseconds = Start;
        for (long now = Start; now <= Start + 2 * Period; now += 20_000_000)
        {
            test.Table->Sweep(slot, now);
        }

        Assert.Equal(500, test.Memory.Count());
        for (uint number = 0; number < 1000; number++)
        {
            Assert.Equal(number % 2 == 0, test.Find(Ipv4Family.Numbered(number)).IsNone);
        }
    }

    [Fact]
    public void A_worker_that_was_away_for_longer_than_a_period_owes_one_step_only()
    {
        using TestTable<Ipv4Tuple, Ipv4Family> test = Filled(workers: 1);
        WorkerSlot* slot = test.Memory.Slot(0);
        Assert.InRange(test.Table->Sweep(slot, Start), 1, 1024);
        Assert.Equal(0, test.Table->Sweep(slot, Start));
    }

    private static TestTable<Ipv4Tuple, Ipv4Family> Filled(int workers)
    {
        TestTable<Ipv4Tuple, Ipv4Family> test = new(EntriesMax, workers, 16 * (uint)StripeLocks.Count);
        for (uint number = 0; number < EntriesMax; number++)
        {
            test.Insert(number, deadline: 1000);
        }

        return test;
    }
}
