using System.Linq;
using Dataplane.Packet;
using Xunit;

namespace Dataplane.Datapath.Tests;

public class RateLimiterTests
{
    private static readonly Ipv4Address s_source = Ipv4Address.Parse("10.0.1.10");

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(10)]
    [InlineData(1000)]
    public void A_source_gets_its_rate_and_one_second_of_savings(uint perSecond)
    {
        RateLimiter limiter = default;
        limiter.Initialize(12345);
        const long start = 77_000_000_000;
        Assert.Equal((int)perSecond, Enumerable.Range(0, 5000).Count(_ => limiter.TryTake(s_source, perSecond, start)));

        // Ten seconds of asking every 100 microseconds: the rate, give or take the token that is being saved.
        int taken = Enumerable.Range(1, 100_000).Count(step => limiter.TryTake(s_source, perSecond, start + step * 100_000L));
        Assert.InRange(taken, 10 * (int)perSecond - 1, 10 * (int)perSecond + 1);

        // A long silence saves up no more than one second's worth.
        Assert.Equal((int)perSecond, Enumerable.Range(0, 5000).Count(_ => limiter.TryTake(s_source, perSecond, start + 3_600_000_000_000)));
    }

    [Fact]
    public void Zero_refuses_everything()
    {
        RateLimiter limiter = default;
        Assert.False(limiter.TryTake(s_source, 0, 1_000_000_000));
    }

    [Fact]
    public void Sources_have_tokens_of_their_own_but_for_few_that_share()
    {
        RateLimiter limiter = default;
        limiter.Initialize(99);
        int served = Enumerable.Range(0, 100).Count(host => limiter.TryTake(Ipv4Address.FromHost(0x0A000000u + (uint)host), 1, 5_000_000_000));
        Assert.InRange(served, 80, 100);
    }

    [Fact]
    public void An_ipv6_network_of_64_bits_is_one_source_and_others_have_tokens_of_their_own()
    {
        RateLimiter limiter = default;
        limiter.Initialize(99);
        int near = Enumerable.Range(1, 100).Count(host => limiter.TryTake(Ipv6Address.Parse($"2001:db8::{host}"), 3, 5_000_000_000));
        Assert.Equal(3, near);
        int far = Enumerable.Range(1, 100).Count(net => limiter.TryTake(Ipv6Address.Parse($"2001:db8:1:{net}::1"), 1, 5_000_000_000));
        Assert.InRange(far, 80, 100);
    }
}
