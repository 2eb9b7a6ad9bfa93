using System;
using System.Threading;
using Xunit;

namespace Dataplane.Os.Tests;

/// <summary>Lists of processors as text, and a thread's own.</summary>
public class CpuAffinityTests
{
    [Theory]
    [InlineData("0", new[] { 0 }, "0")]
    [InlineData("1-2,4", new[] { 1, 2, 4 }, "1-2,4")]
    [InlineData(" 6 , 3-5 ", new[] { 3, 4, 5, 6 }, "3-6")]
    [InlineData("8191", new[] { 8191 }, "8191")]
    public void A_list_is_read_in_ascending_order_and_written_shortest(string text, int[] cpus, string shortest)
    {
        Assert.True(CpuAffinity.TryParse(text, out int[] found, out string error), error);
        Assert.Equal(cpus, found);
        Assert.Equal(shortest, CpuAffinity.Format(found));
    }

    [Theory]
    [InlineData("")]
    [InlineData(",")]
    [InlineData("1,")]
    [InlineData("-1")]
    [InlineData("1-")]
    [InlineData("2-1")]
    [InlineData("1,1")]
    [InlineData("1-3,2")]
    [InlineData("8192")]
    [InlineData("99999999999")]
    [InlineData("one")]
    [InlineData("1 2")]
    public void Anything_else_is_refused_with_a_reason(string text)
    {
        Assert.False(CpuAffinity.TryParse(text, out int[] cpus, out string error));
        Assert.Empty(cpus);
        Assert.NotEmpty(error);
    }

    [Fact]
    public void A_thread_runs_where_it_is_told_and_others_stay()
    {
        int[] before = CpuAffinity.GetCurrentThread();
        int[]? inside = null;
        Thread thread = new(() =>
        {
            CpuAffinity.SetCurrentThread([before[^1]]);
            inside = CpuAffinity.GetCurrentThread();
        });
        thread.Start();
        thread.Join();
        Assert.Equal([before[^1]], inside!);
        Assert.Equal(before, CpuAffinity.GetCurrentThread());
    }

    [Fact]
    public void A_processor_that_does_not_exist_is_an_error()
    {
        OsException error = Assert.Throws<OsException>(() => CpuAffinity.SetCurrentThread([CpuAffinity.CpusMax - 1]));
        Assert.Contains("8191", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => CpuAffinity.SetCurrentThread([CpuAffinity.CpusMax]));
        Assert.Throws<ArgumentOutOfRangeException>(() => CpuAffinity.SetCurrentThread([-1]));
    }
}
