using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using Dataplane.Bench.Compare;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Dataplane.Bench.Tests;

/// <summary>Processor time by thread: what /proc says, and what polling threads have had between two readings.</summary>
public sealed class ThreadTimesTests
{
    [Theory]
    [InlineData("123456789 42 7\n", true, 123456789)]
    [InlineData("0 0 0\n", true, 0)]
    [InlineData("123456789\n", false, 0)]
    [InlineData(" 1 2 3\n", false, 0)]
    [InlineData("-5 2 3\n", false, 0)]
    [InlineData("99999999999999999999 2 3\n", false, 0)]
    [InlineData("", false, 0)]
    public void The_first_number_of_schedstat_is_time_on_a_processor(string text, bool isRead, long expected)
    {
        Assert.Equal(isRead, ThreadTimes.TryParse(text, out long nanoseconds));
        Assert.Equal(expected, nanoseconds);
    }

    [Fact]
    public void Every_number_of_nanoseconds_is_read_back() =>
        Prop.ForAll(Gen.Choose(0, int.MaxValue).Two().ToArbitrary(), pair =>
        {
            long number = ((long)pair.Item1 << 31) + pair.Item2;
            string text = string.Create(CultureInfo.InvariantCulture, $"{number} {pair.Item2} 1\n");
            return ThreadTimes.TryParse(text, out long read) && read == number;
        }).Check(Config.QuickThrowOnFailure);

    [Fact]
    public void A_thread_that_works_is_seen_to()
    {
        ThreadTimes before = ThreadTimes.Read(Environment.ProcessId, 0);
        long began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began).TotalMilliseconds < 50)
        {
        }

        ThreadTimes after = ThreadTimes.Read(Environment.ProcessId, 0);
        Assert.InRange(after.BusiestSince(before), 1, long.MaxValue);
    }

    [Fact]
    public void A_process_that_has_ended_is_an_error() =>
        _ = Assert.Throws<PeerException>(() => ThreadTimes.Read(int.MaxValue, 0));

    [Fact]
    public void The_busiest_thread_is_the_one_that_gained_most()
    {
        ThreadTimes before = Times(kernel: 0, (1, 1_000), (2, 10));
        ThreadTimes after = Times(kernel: 0, (1, 1_100), (2, 510), (3, 400));
        Assert.Equal(500, after.BusiestSince(before));
    }

    [Fact]
    public void Of_several_polling_threads_the_mean_is_taken()
    {
        ThreadTimes before = Times(kernel: 0, (1, 1_000), (2, 10), (4, 5));
        ThreadTimes after = Times(kernel: 0, (1, 1_100), (2, 510), (3, 400), (4, 6));
        Assert.Equal(450, after.BusiestSince(before, threads: 2));
    }

    [Fact]
    public void What_the_kernel_did_for_it_is_added() =>
        Assert.Equal(570, Times(kernel: 90, (2, 510)).BusiestSince(Times(kernel: 20, (2, 10))));

    [Fact]
    public void No_order_of_threads_changes_the_outcome() =>
        Prop.ForAll(Gen.Choose(0, 1_000_000).NonEmptyListOf().ToArbitrary(), gains =>
        {
            ThreadTimes before = new(new Dictionary<int, long>(), 0);
            (int, long)[] threads = [.. gains.Select((gain, id) => (id, (long)gain))];
            long forward = Times(0, threads).BusiestSince(before, 2);
            long backward = Times(0, [.. threads.Reverse()]).BusiestSince(before, 2);
            return forward == backward && forward <= gains.Max() && forward >= gains.Max() / 2;
        }).Check(Config.QuickThrowOnFailure);

    private static ThreadTimes Times(long kernel, params (int Id, long Nanoseconds)[] threads) =>
        new(threads.ToDictionary(thread => thread.Id, thread => thread.Nanoseconds), kernel);
}
