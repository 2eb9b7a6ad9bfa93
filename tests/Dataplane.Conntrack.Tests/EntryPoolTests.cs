using System.Collections.Generic;
using Dataplane.Packet;
using Xunit;

namespace Dataplane.Conntrack.Tests;

/// <summary>The limit is exact, and every index and every credit comes back.</summary>
[Trait("Category", "Portable")]
public sealed unsafe class EntryPoolTests
{
    [Theory]
    [InlineData(1u)]
    [InlineData(31u)]
    [InlineData(128u)]
    [InlineData(1000u)]
    public void One_worker_reaches_the_maximum_exactly_and_no_more(uint entriesMax)
    {
        using TestTable<Ipv4Tuple, Ipv4Family> test = new(entriesMax, bucketsMin: 16 * (uint)StripeLocks.Count);
        uint last = 0;
        for (uint number = 0; number < entriesMax; number++)
        {
            last = test.Insert(number);
        }

        Assert.Equal(0u, test.Build(Ipv4Family.Numbered(entriesMax), Ipv4Family.Numbered(entriesMax).Inverted));

        // The credit is free at once, the index after its grace period: the reserve bridges the two.
        Assert.True(test.Remove(last));
        test.Insert(entriesMax);
        Assert.Equal(0u, test.Build(Ipv4Family.Numbered(0), Ipv4Family.Numbered(0).Inverted));
        Assert.Equal(entriesMax, test.Memory.Count());
    }

    [Theory]
    [InlineData(10u)]
    [InlineData(700u)]
    [InlineData(5000u)]
    public void Two_workers_together_never_pass_the_maximum_and_reach_it_once_idle_credits_are_handed_in(uint entriesMax)
    {
        using TestTable<Ipv4Tuple, Ipv4Family> test = new(entriesMax, workers: 2, bucketsMin: 16 * (uint)StripeLocks.Count);

        // Worker 1 works while credits are plenty, and ends with some in hand: what it took in batches and what removals gave back.
        var held = new List<uint>();
        for (uint number = 0; number < entriesMax / 4; number++)
        {
            held.Add(test.Insert(number, worker: 1));
        }

        foreach (uint index in held)
        {
            Assert.True(test.Remove(index, worker: 1));
        }

        uint inserted = 0;
        while (test.Build(Ipv4Family.Numbered(10_000 + inserted), Ipv4Family.Numbered(10_000 + inserted).Inverted) is uint index and not 0)
        {
            Assert.Equal(InsertResult.Inserted, test.Table->Insert(test.Memory.Slot(0), index, 1000, out _));
            inserted++;
        }

        Assert.Equal(entriesMax, inserted + (uint)test.Memory.Slot(1)->Credits);
        test.Memory.Pool->HandIn(test.Memory.Slot(1));
        Assert.Equal(0, test.Memory.Slot(1)->Credits);
        for (; inserted < entriesMax; inserted++)
        {
            test.Insert(10_000 + inserted);
        }

        Assert.Equal(0u, test.Build(Ipv4Family.Numbered(1), Ipv4Family.Numbered(1).Inverted));
        Assert.Equal(0u, test.Build(Ipv4Family.Numbered(1), Ipv4Family.Numbered(1).Inverted, worker: 1));
        test.AssertConsistent();
    }

    [Fact]
    public void A_worker_with_idle_credits_keeps_them_while_there_are_plenty()
    {
        using TestTable<Ipv4Tuple, Ipv4Family> test = new(100_000);
        test.Insert(1);
        int credits = test.Memory.Slot(0)->Credits;
        Assert.True(credits > 0);
        test.Memory.Pool->HandIn(test.Memory.Slot(0));
        Assert.Equal(credits, test.Memory.Slot(0)->Credits);
    }

    /// <summary>Whatever a worker has in hand, the entries that it is about to take are there when their lines are asked for.</summary>
    [Theory]
    [InlineData(32)]
    [InlineData(128)]
    public void Entries_that_are_about_to_be_taken_are_at_hand(int count)
    {
        using TestTable<Ipv4Tuple, Ipv4Family> test = new(10_000);
        WorkerSlot* slot = test.Memory.Slot(0);
        for (uint number = 0; number < 1000; number++)
        {
            test.Table->PrefetchFree(slot, count);
            Assert.InRange(slot->Entries.Count, count, IndexCache.Capacity);
            test.Insert(number);
        }

        test.AssertConsistent();
    }

    [Fact]
    public void Asking_for_more_than_there_are_takes_what_there_is_and_nothing_of_others()
    {
        using TestTable<Ipv4Tuple, Ipv4Family> test = new(10, workers: 2);
        for (int round = 0; round < 10; round++)
        {
            test.Table->PrefetchFree(test.Memory.Slot(0), IndexCache.Capacity);
            test.Table->PrefetchFree(test.Memory.Slot(0), 0);
        }

        Assert.InRange(test.Memory.Slot(0)->Entries.Count, 10, IndexCache.Capacity);
        for (uint number = 0; number < 10; number++)
        {
            test.Insert(number, worker: 1);
        }

        test.AssertConsistent();
    }

    [Fact]
    public void There_is_room_as_long_as_a_connection_could_be_opened()
    {
        using TestTable<Ipv4Tuple, Ipv4Family> test = new(3);
        for (uint number = 0; number < 3; number++)
        {
            Assert.True(test.Table->HasRoom(test.Memory.Slot(0), zone: 0));
            test.Insert(number);
        }

        Assert.False(test.Table->HasRoom(test.Memory.Slot(0), zone: 0));
    }

    [Fact]
    public void An_abandoned_entry_gives_index_and_credit_back_at_once()
    {
        using TestTable<Ipv4Tuple, Ipv4Family> test = new(1);
        for (int round = 0; round < 20_000; round++)
        {
            uint index = test.Build(Ipv4Family.Numbered(1), Ipv4Family.Numbered(1).Inverted);
            Assert.NotEqual(0u, index);
            test.Table->Abandon(test.Memory.Slot(0), index);
        }
    }

    [Fact]
    public void Every_index_but_0_is_handed_out_once()
    {
        using TestTable<Ipv4Tuple, Ipv4Family> test = new(3000, workers: 2);
        var seen = new HashSet<uint>();
        for (uint number = 0; number < 3000; number++)
        {
            uint index = test.Build(Ipv4Family.Numbered(number), Ipv4Family.Numbered(number).Inverted, worker: (int)(number % 2));
            if (index != 0)
            {
                Assert.InRange(index, 1u, test.Memory.EntryCount - 1);
                Assert.True(seen.Add(index));
            }
        }

        // At most 64 credits can rest with the worker that found none.
        Assert.InRange(seen.Count, 3000 - 64, 3000);
    }

    [Fact]
    public void A_reused_entry_starts_clean()
    {
        using TestTable<Ipv4Tuple, Ipv4Family> test = new(1);
        uint first = test.Insert(1);
        test.Head(first)->NextHopOriginal = 7;
        test.Head(first)->NextHopReply = 8;
        test.Head(first)->Rewrite = 9;
        Entry<Ipv4Tuple>.Head(test.Table->EntryAt(first))->Mark = 11;
        Assert.True(test.Remove(first));
        test.QuiesceAll();
        uint second = test.Build(Ipv4Family.Numbered(2), Ipv4Family.Numbered(2).Inverted);
        Assert.Equal(first, second);
        Assert.Equal(0u, test.Head(second)->NextHopOriginal | test.Head(second)->NextHopReply | test.Head(second)->Side);
        Assert.Equal(0u, test.Head(second)->Rewrite);
        Assert.Equal(0u, Entry<Ipv4Tuple>.Head(test.Table->EntryAt(second))->Mark);
    }

    [Fact]
    public void Indexes_move_between_workers_through_the_pool()
    {
        // Worker 0 only inserts, worker 1 only removes, ten times the arena's size in all.
        using TestTable<Ipv4Tuple, Ipv4Family> test = new(2000, workers: 2, bucketsMin: 16 * (uint)StripeLocks.Count);
        for (uint round = 0; round < 200; round++)
        {
            var indexes = new List<uint>();
            for (uint number = 0; number < 1500; number++)
            {
                indexes.Add(test.Insert(number, worker: 0));
            }

            Assert.All(indexes, index => Assert.True(test.Remove(index, worker: 1)));
            test.QuiesceAll();
        }

        test.AssertConsistent();
    }
}
