using Dataplane.Packet;
using Xunit;

namespace Dataplane.Conntrack.Tests;

/// <summary>What begins and what ends a change of the number of buckets, what is refused, and when memory comes back.</summary>
[Trait("Category", "Portable")]
public sealed unsafe class ResizeStartTests
{
    private const uint Locks = (uint)StripeLocks.Count;
    private const uint Least = Locks * BucketArray.ProbesMax;

    /// <summary>Connections that half of the places of the smallest table hold.</summary>
    private const uint LeastHolds = Least * Bucket.Places / 4;

    [Theory]
    [InlineData(Least + 1, 2 * Least)]
    [InlineData(2 * Least, 2 * Least)]
    [InlineData(5 * Least, 8 * Least)]
    public void The_number_of_buckets_is_rounded_up_to_a_power_of_two(long asked, uint given)
    {
        using TestTable<Ipv4Tuple, Ipv4Family> test = new(100);
        Assert.Equal(ResizeStart.Begun, test.Memory.TryResize(asked));
        Assert.Equal(given, test.Memory.BucketCount);
        Assert.True(test.Memory.IsResizing);
    }

    [Theory]
    [InlineData(long.MinValue)]
    [InlineData(-1L)]
    [InlineData(0L)]
    [InlineData(1L)]
    [InlineData((long)Least)]
    public void The_number_that_the_table_has_already_changes_nothing(long asked)
    {
        using TestTable<Ipv4Tuple, Ipv4Family> test = new(100);
        long bytes = test.Memory.TotalBytes;
        Assert.Equal(ResizeStart.Unchanged, test.Memory.TryResize(asked));
        AssertAtRest(test, Least, bytes);
    }

    [Theory]
    [InlineData((1L << 31) + 1)]
    [InlineData(long.MaxValue)]
    public void More_buckets_than_there_can_be_are_refused(long asked)
    {
        using TestTable<Ipv4Tuple, Ipv4Family> test = new(100);
        long bytes = test.Memory.TotalBytes;
        Assert.Equal(ResizeStart.TooMany, test.Memory.TryResize(asked));
        AssertAtRest(test, Least, bytes);
    }

    [Fact]
    public void Fewer_buckets_than_the_limit_needs_are_refused_until_the_limit_is_lowered()
    {
        using TestTable<Ipv4Tuple, Ipv4Family> test = new(LeastHolds + 1);
        long bytes = test.Memory.TotalBytes;
        Assert.Equal(2 * Least, test.Memory.BucketsLeastNow());
        Assert.Equal(ResizeStart.TooFew, test.Memory.TryResize(Least));
        AssertAtRest(test, 2 * Least, bytes);
        Assert.True(test.Memory.TrySetEntriesMax(LeastHolds));
        Assert.Equal(Least, test.Memory.BucketsLeastNow());
        Assert.Equal(ResizeStart.Begun, test.Memory.TryResize(Least));
    }

    [Fact]
    public void Fewer_buckets_than_the_open_connections_need_are_refused_even_below_a_lowered_limit()
    {
        using TestTable<Ipv4Tuple, Ipv4Family> test = new(LeastHolds + 1);
        for (uint number = 0; number <= LeastHolds; number++)
        {
            test.Insert(number);
        }

        Assert.True(test.Memory.TrySetEntriesMax(1));
        Assert.Equal(ResizeStart.TooFew, test.Memory.TryResize(Least));
        Assert.True(test.Remove(test.Find(Ipv4Family.Numbered(0)).Index));
        Assert.Equal(ResizeStart.Begun, test.Memory.TryResize(Least));
        test.MoveAll();
        test.AssertConsistent();
    }

    [Fact]
    public void A_second_resize_is_refused_while_one_runs_and_until_its_memory_is_back()
    {
        using TestTable<Ipv4Tuple, Ipv4Family> test = new(100);
        test.Table->Quiescence->GoOnline(0);
        Assert.Equal(ResizeStart.Begun, test.Memory.TryResize(2 * Least));
        Assert.Equal(ResizeStart.Running, test.Memory.TryResize(4 * Least));
        while (test.Table->MoveStep() != 0)
        {
            Assert.False(test.Memory.FinishResize());
        }

        // All is moved, but the worker may still look into the old array.
        Assert.Equal(ResizeStart.Running, test.Memory.TryResize(4 * Least));
        test.Table->Quiescence->Quiescent(0);
        Assert.Equal(ResizeStart.Begun, test.Memory.TryResize(4 * Least));
        Assert.Equal(4 * Least, test.Memory.BucketCount);
        Assert.Equal(2 * Least, test.Memory.PreviousBucketCount);
    }

    [Fact]
    public void The_old_array_is_given_back_when_every_worker_has_passed_a_quiescent_point_since_the_end()
    {
        using TestTable<Ipv4Tuple, Ipv4Family> test = new(100, workers: 3);
        long rest = test.Memory.TotalBytes - test.Memory.BucketBytes;
        for (int worker = 0; worker < 3; worker++)
        {
            test.Table->Quiescence->GoOnline(worker);
        }

        Assert.Equal(ResizeStart.Begun, test.Memory.TryResize(2 * Least));
        AssertBytes(test, rest, 3 * Least);
        test.Table->Quiescence->Quiescent(1);
        while (test.Table->MoveStep() != 0)
        {
            test.Table->Quiescence->Quiescent(1);
            AssertBytes(test, rest, 3 * Least);
        }

        // A quiescent point before the end counts for nothing.
        Assert.False(test.Memory.FinishResize());
        test.Table->Quiescence->Quiescent(0);
        Assert.False(test.Memory.FinishResize());
        test.Table->Quiescence->Quiescent(1);
        Assert.False(test.Memory.FinishResize());
        AssertBytes(test, rest, 3 * Least);
        Assert.True(test.Memory.IsResizing);

        // A worker that sleeps holds nothing.
        test.Table->Quiescence->GoOffline(2);
        Assert.True(test.Memory.FinishResize());
        Assert.False(test.Memory.IsResizing);
        AssertBytes(test, rest, 2 * Least);
        Assert.True(test.Memory.FinishResize());
    }

    [Fact]
    public void A_table_at_rest_has_nothing_to_finish()
    {
        using TestTable<Ipv4Tuple, Ipv4Family> test = new(100);
        Assert.True(test.Memory.FinishResize());
        Assert.Equal(0ul, test.Memory.Resizes);
        Assert.Equal(0ul, test.Table->View->Number);
        Assert.Equal(0u, test.Table->MoveStep());
    }

    [Fact]
    public void A_table_is_given_back_whole_in_the_middle_of_a_resize()
    {
        TestTable<Ipv4Tuple, Ipv4Family> test = new(100);
        Assert.Equal(ResizeStart.Begun, test.Memory.TryResize(2 * Least));
        test.Table->MoveStep();
        test.Dispose();
        test.Dispose();
    }

    private static void AssertBytes(TestTable<Ipv4Tuple, Ipv4Family> test, long rest, uint buckets)
    {
        Assert.Equal((long)buckets * Bucket.SizeBytes, test.Memory.BucketBytes);
        Assert.Equal(rest + test.Memory.BucketBytes, test.Memory.TotalBytes);
    }

    private static void AssertAtRest(TestTable<Ipv4Tuple, Ipv4Family> test, uint buckets, long bytes)
    {
        Assert.False(test.Memory.IsResizing);
        Assert.Equal(buckets, test.Memory.BucketCount);
        Assert.Equal(bytes, test.Memory.TotalBytes);
        Assert.Equal(0ul, test.Table->View->Number);
    }
}
