using Dataplane.Packet;
using Xunit;

namespace Dataplane.Conntrack.Tests;

/// <summary>What a worker found stays what it is until that worker has said that it holds nothing.</summary>
[Trait("Category", "Portable")]
public sealed unsafe class QuiescenceTests
{
    [Fact]
    public void An_online_worker_that_has_not_passed_a_quiescent_point_blocks_the_reuse()
    {
        using TestTable<Ipv4Tuple, Ipv4Family> test = new(100, workers: 2);
        test.Table->Quiescence->GoOnline(0);
        test.Table->Quiescence->GoOnline(1);
        uint removed = test.Insert(1);
        uint generation = test.Head(removed)->Generation;
        Assert.True(test.Remove(removed));
        for (int poll = 0; poll < 10; poll++)
        {
            Poll(test, 0);
            Assert.Equal(1u, Waiting(test, 0));
            Assert.Equal(generation, test.Head(removed)->Generation);
            Assert.Equal(Ipv4Family.Numbered(1), test.Tuple(removed, Direction.Original));
        }

        test.Table->Quiescence->Quiescent(1);
        Poll(test, 0);
        Assert.Equal(0u, Waiting(test, 0));
        Assert.Equal(removed, test.Insert(2));
    }

    [Fact]
    public void A_worker_does_not_reuse_what_it_may_still_hold_itself()
    {
        using TestTable<Ipv4Tuple, Ipv4Family> test = new(100);
        test.Table->Quiescence->GoOnline(0);
        uint removed = test.Insert(1);
        Assert.True(test.Remove(removed));
        test.Table->Reclaim(test.Memory.Slot(0));
        Assert.Equal(1u, Waiting(test, 0));
        test.Table->Reclaim(test.Memory.Slot(0));
        Assert.Equal(1u, Waiting(test, 0));
        Poll(test, 0);
        Assert.Equal(0u, Waiting(test, 0));
    }

    [Fact]
    public void A_worker_that_is_offline_is_not_waited_for()
    {
        using TestTable<Ipv4Tuple, Ipv4Family> test = new(100, workers: 2);
        test.Table->Quiescence->GoOnline(0);
        test.Table->Quiescence->GoOnline(1);
        Assert.True(test.Remove(test.Insert(1)));
        Poll(test, 0);
        Poll(test, 0);
        Assert.Equal(1u, Waiting(test, 0));
        test.Table->Quiescence->GoOffline(1);
        Poll(test, 0);
        Assert.Equal(0u, Waiting(test, 0));
    }

    [Fact]
    public void A_worker_that_came_back_before_the_removal_is_waited_for_again()
    {
        using TestTable<Ipv4Tuple, Ipv4Family> test = new(100, workers: 2);
        test.Table->Quiescence->GoOnline(0);
        uint removed = test.Insert(1);
        test.Table->Quiescence->GoOnline(1);
        Assert.True(test.Remove(removed));
        Poll(test, 0);
        Poll(test, 0);
        Assert.Equal(1u, Waiting(test, 0));
    }

    [Fact]
    public void A_quiescent_point_before_the_removal_does_not_end_the_grace_period()
    {
        using TestTable<Ipv4Tuple, Ipv4Family> test = new(100, workers: 2);
        test.Table->Quiescence->GoOnline(0);
        test.Table->Quiescence->GoOnline(1);
        uint first = test.Insert(1);
        uint second = test.Insert(2);
        Assert.True(test.Remove(first));
        Poll(test, 0);
        test.Table->Quiescence->Quiescent(1);
        Assert.True(test.Remove(second));
        Poll(test, 0);
        Assert.Equal(1u, Waiting(test, 0));
        Assert.Equal(Ipv4Family.Numbered(2), test.Tuple(second, Direction.Original));
        Poll(test, 0);
        Assert.Equal(1u, Waiting(test, 0));
    }

    [Fact]
    public void A_worker_with_all_its_retirements_waiting_removes_no_more_until_some_are_over()
    {
        using TestTable<Ipv4Tuple, Ipv4Family> test = new(10, workers: 2);
        test.Table->Quiescence->GoOnline(1);
        for (uint number = 0; number < RetireRing.Capacity; number++)
        {
            Assert.True(test.Remove(test.Insert(number)));
        }

        uint index = test.Insert(RetireRing.Capacity);
        Assert.Equal(0u, test.Memory.Slot(0)->Retired.Room);
        Assert.False(test.Remove(index));
        Assert.True(test.Word(index).IsLive);
        Assert.Equal(index, test.Find(Ipv4Family.Numbered(RetireRing.Capacity)).Index);

        Poll(test, 0);
        test.Table->Quiescence->Quiescent(1);
        Poll(test, 0);
        Assert.True(test.Remove(index));
        test.AssertConsistent();
    }

    [Fact]
    public void A_generation_is_odd_while_free_or_being_built_and_even_while_in_the_table()
    {
        using TestTable<Ipv4Tuple, Ipv4Family> test = new(1);
        for (uint round = 0; round < 5; round++)
        {
            uint index = test.Build(Ipv4Family.Numbered(round), Ipv4Family.Numbered(round).Inverted);
            Assert.Equal(2 * round + 1, test.Head(index)->Generation);
            Assert.Equal(InsertResult.Inserted, test.Table->Insert(test.Memory.Slot(0), index, 1000, out _));
            Assert.Equal(2 * round + 2, test.Head(index)->Generation);
            Assert.True(test.Remove(index));
            Assert.Equal(2 * round + 2, test.Head(index)->Generation);
            test.QuiesceAll();
            Assert.Equal(2 * round + 3, test.Head(index)->Generation);
        }
    }

    [Fact]
    public void A_refused_insertion_leaves_the_generation_odd()
    {
        using TestTable<Ipv4Tuple, Ipv4Family> test = new(10);
        test.Insert(1);
        uint index = test.Build(Ipv4Family.Numbered(1), Ipv4Family.Numbered(2).Inverted);
        Assert.Equal(InsertResult.OriginalExists, test.Table->Insert(test.Memory.Slot(0), index, 1000, out _));
        Assert.Equal(1u, test.Head(index)->Generation & 1);
        Assert.False(test.Word(index).IsLive);
    }

    private static void Poll(TestTable<Ipv4Tuple, Ipv4Family> test, int worker)
    {
        test.Table->Quiescence->Quiescent(worker);
        test.Table->Reclaim(test.Memory.Slot(worker));
    }

    private static uint Waiting(TestTable<Ipv4Tuple, Ipv4Family> test, int worker) =>
        test.Memory.Slot(worker)->Retired.Count;
}
