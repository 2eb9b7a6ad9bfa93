using System;
using System.Diagnostics;
using System.Threading;
using Xunit;

namespace Dataplane.Bench.Tests;

/// <summary>The rate of workers that were started together.</summary>
public sealed class WorkerSpanTests
{
    [Fact]
    public void One_worker_has_its_own_rate() => Assert.Equal(3, WorkerSpan.Mpps([Span(6_000_000, 10, 12)]), 6);

    [Fact]
    public void Workers_in_the_same_time_have_the_sum_of_their_rates() =>
        Assert.Equal(5, WorkerSpan.Mpps([Span(6_000_000, 10, 12), Span(4_000_000, 10, 12)]), 6);

    [Fact]
    public void One_after_the_other_they_have_the_rate_of_one() =>
        Assert.Equal(3, WorkerSpan.Mpps([Span(6_000_000, 10, 12), Span(6_000_000, 12, 14)]), 6);

    [Fact]
    public void Who_ends_early_or_begins_late_does_not_raise_the_rate_of_all() =>
        Assert.Equal(2, WorkerSpan.Mpps([Span(6_000_000, 10, 13), Span(2_000_000, 13, 14), Span(0, 11, 11)]), 6);

    [Fact]
    public void Every_worker_runs_once_and_its_span_is_kept()
    {
        int workers = Math.Min(2, Environment.ProcessorCount);
        int runs = 0;
        WorkerSpan[] spans = WorkerSpan.Run(workers, worker =>
        {
            Interlocked.Increment(ref runs);
            return new WorkerSpan(worker + 1, 0, 1, 0);
        });
        Assert.Equal(workers, runs);
        Assert.Equal(workers, spans.Length);
        Assert.All(spans, (span, worker) => Assert.Equal(worker + 1, span.Packets));
    }

    private static WorkerSpan Span(long packets, double beginSeconds, double endSeconds) =>
        new(packets, (long)(beginSeconds * Stopwatch.Frequency), (long)(endSeconds * Stopwatch.Frequency), 0);
}
