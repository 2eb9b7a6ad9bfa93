using System;
using Dataplane.Bench.Compare;
using Xunit;

namespace Dataplane.Bench.Tests;

/// <summary>The estimate of how long a comparison still takes.</summary>
public sealed class RemainingTimeTests
{
    private static readonly Peer s_own = Peer.Find(Peer.Own)!;
    private static readonly Peer s_other = Peer.Find(Peer.Reference)!;
    private static readonly Traffic s_small = Traffic.Find("udp-1k")!;
    private static readonly Traffic s_large = Traffic.Find("udp-10m")!;

    [Fact]
    public void A_repeat_takes_as_long_as_the_run_before()
    {
        RemainingTime time = new();
        time.Add(s_own, s_small);
        time.Add(s_own, s_small);
        time.Add(s_own, s_small);
        time.Done(s_own, s_small, TimeSpan.FromSeconds(7));
        Assert.Equal(14, time.Left.TotalSeconds, 6);
        time.Done(s_own, s_small, TimeSpan.FromSeconds(9));
        Assert.Equal(9, time.Left.TotalSeconds, 6);
        time.Done(s_own, s_small, TimeSpan.FromSeconds(9));
        Assert.Equal(0, time.Left.TotalSeconds, 6);
    }

    [Fact]
    public void What_has_not_run_is_scaled_by_what_has()
    {
        RemainingTime slow = new(), quick = new();
        foreach ((RemainingTime time, double seconds) in ((RemainingTime, double)[])[(slow, 20), (quick, 5)])
        {
            time.Add(s_own, s_small);
            time.Add(s_other, s_small);
            time.Done(s_own, s_small, TimeSpan.FromSeconds(seconds));
        }

        Assert.Equal(20, slow.Left.TotalSeconds, 6);
        Assert.Equal(5, quick.Left.TotalSeconds, 6);
    }

    [Fact]
    public void More_connections_take_longer()
    {
        RemainingTime small = new(), large = new();
        small.Add(s_own, s_small);
        large.Add(s_own, s_large);
        Assert.True(large.Left > small.Left);
    }

    [Fact]
    public void What_is_skipped_takes_nothing_and_teaches_nothing()
    {
        RemainingTime time = new();
        time.Add(s_own, s_small);
        time.Add(s_other, s_small);
        time.Add(s_other, s_small);
        TimeSpan one = time.Left / 3;
        time.Done(s_other, s_small, TimeSpan.Zero);
        Assert.Equal(one, time.Left);
    }
}
