using System;
using Xunit;

namespace Dataplane.Bench.Tests;

/// <summary>How fast the time stamp counter ticks.</summary>
public sealed class TimeStampCounterTests
{
    [NativeFact]
    public void Two_measurements_agree_within_a_hundredth()
    {
        double first = TimeStampCounter.Measure(TimeSpan.FromMilliseconds(30));
        double second = TimeStampCounter.Measure(TimeSpan.FromMilliseconds(70));
        Assert.InRange(second / first, 0.99, 1.01);
        Assert.InRange(TimeStampCounter.Gigahertz / first, 0.99, 1.01);
    }

    [NativeFact]
    public void The_frequency_is_one_that_processors_have() => Assert.InRange(TimeStampCounter.Gigahertz, 0.4, 8);

    [NativeFact]
    public void It_is_measured_once() => Assert.Equal(TimeStampCounter.Gigahertz, TimeStampCounter.Gigahertz);
}
