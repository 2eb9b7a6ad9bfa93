using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using Dataplane.Bench.Compare;
using Dataplane.Os;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Dataplane.Bench.Tests;

/// <summary>Processor time by thread: what /proc says, and what polling threads have had between two readings.</summary>
public sealed class ThreadTimesTests
{
    private const string Stat =
        """
        cpu  35 148 660 5089 7452 0 99 140 0 0
        cpu0 16 147 270 2758 2077 1 3 5 0 0
        cpu1 18 1 389 2331 5375 0 92 132 0 0
        cpu12 1 1 1 1 1 2 1 0
        intr 44623009 0 0
        """;

    [Theory]
    [InlineData("123456789 42 7\n", 123456789, 42)]
    [InlineData("0 0 0\n", 0, 0)]
    public void The_first_numbers_of_schedstat_are_time_with_and_without_a_processor(string text, long expected, long without)
    {
        Assert.True(ThreadTimes.TryParse(text, out long nanoseconds, out long waited));
        Assert.Equal((expected, without), (nanoseconds, waited));
    }

    [Theory]
    [InlineData("123456789\n")]
    [InlineData("123456789 42\n")]
    [InlineData(" 1 2 3\n")]
    [InlineData("1 2 3 4\n")]
    [InlineData("-5 2 3\n")]
    [InlineData("5 -2 3\n")]
    [InlineData("99999999999999999999 2 3\n")]
    [InlineData("")]
    public void Another_schedstat_is_not_understood(string text) => Assert.False(ThreadTimes.TryParse(text, out _, out _));

    [Fact]
    public void Every_number_of_nanoseconds_is_read_back() =>
        Prop.ForAll(Gen.Choose(0, int.MaxValue).Two().ToArbitrary(), pair =>
        {
            long number = ((long)pair.Item1 << 31) + pair.Item2;
            string text = string.Create(CultureInfo.InvariantCulture, $"{number} {pair.Item2} 1\n");
            return ThreadTimes.TryParse(text, out long read, out long waited) && read == number && waited == pair.Item2;
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

    // Of two seconds the thread had 1.2 and waited 0.3; the host took 0.1.
    [Theory]
    [InlineData(1_200, 300, 100, 700, 400)] // the rest is what interrupts did in its place
    [InlineData(1_200, 300, 100, 250, 250)] // as far as there were any
    [InlineData(1_200, 300, 100, 0, 0)]
    [InlineData(1_600, 300, 100, 700, 0)]   // nothing is missing: interrupts are in its own time
    [InlineData(1_530, 300, 100, 700, 0)]   // 70 ms are noise
    [InlineData(1_510, 300, 100, 700, 90)]  // 80 are the limit
    [InlineData(1_200, 700, 100, 700, 0)]   // others had the processor
    [InlineData(1_200, 300, 500, 700, 0)]   // the host had it
    [InlineData(2_100, 0, 0, 700, 0)]
    public void What_the_clock_has_and_no_thread_was_interrupts(long own, long waited, long stolen, long interrupts, long expected)
    {
        const long million = 1_000_000;
        ThreadTimes before = Times(kernel: 0, (1, 900 * million), (2, 50)) with
        {
            Moment = 77, Waiting = new Dictionary<int, long> { [1] = 6 }, Processor = new ProcessorTimes(5 * million, 9 * million),
        };
        ThreadTimes after = Times(kernel: 80 * million, (1, (900 + own) * million), (2, 60)) with
        {
            Moment = 77 + 2_000 * million,
            Waiting = new Dictionary<int, long> { [1] = 6 + waited * million, [2] = 1_900 * million },
            Processor = new ProcessorTimes((5 + interrupts) * million, (9 + stolen) * million),
        };
        Assert.Equal(expected * million, after.InterruptedSince(before));
        Assert.Equal(0, (after with { Processor = null }).InterruptedSince(before));
        Assert.Equal(0, after.InterruptedSince(before with { Processor = null }));
    }

    [Fact]
    public void Only_of_the_processor_that_is_asked_for_interrupts_are_read()
    {
        Assert.Null(ThreadTimes.Read(Environment.ProcessId, 0).Processor);
        ThreadTimes times = ThreadTimes.Read(Environment.ProcessId, 0, CpuAffinity.GetCurrentThread()[0]);
        Assert.NotNull(times.Processor);
        Assert.Equal(times.Nanoseconds.Keys.Order(), times.Waiting.Keys.Order());
        Assert.True(times.Moment > 0);
    }

    [Theory]
    [InlineData(0, 40, 50)]
    [InlineData(1, 920, 1320)]
    [InlineData(12, 30, 0)]
    public void Interrupts_and_the_hosts_share_are_columns_of_the_processors_line(int cpu, long interruptMs, long stolenMs)
    {
        Assert.True(ProcessorTimes.TryParse(Stat, cpu, out ProcessorTimes? times));
        Assert.Equal(new ProcessorTimes(interruptMs * 1_000_000, stolenMs * 1_000_000), times);
    }

    [Theory]
    [InlineData(Stat, 2)] // not cpu 12's
    [InlineData("cpu3 1 2 3 4 5 6 7\n", 3)] // a kernel from before hosts were known
    [InlineData("cpu3 1 2 3 4 5 6 x 8 9 10\n", 3)]
    [InlineData("cpu3 1 2 3 4 5 -6 7 8 9 10\n", 3)]
    [InlineData("cpu3 1 2 3 4 5 6 7 9223372036854775807 9 10\n", 3)]
    [InlineData("", 0)]
    public void Other_times_of_processors_are_not_understood(string text, int cpu)
    {
        Assert.False(ProcessorTimes.TryParse(text, cpu, out ProcessorTimes? times));
        Assert.Null(times);
    }

    private static ThreadTimes Times(long kernel, params (int Id, long Nanoseconds)[] threads) =>
        new(threads.ToDictionary(thread => thread.Id, thread => thread.Nanoseconds), kernel);
}
