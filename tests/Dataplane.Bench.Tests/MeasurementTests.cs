using System.Linq;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Dataplane.Bench.Tests;

/// <summary>Medians and ranges of repeated runs.</summary>
public sealed class MeasurementTests
{
    [Theory]
    [InlineData(new double[] { 3 }, 3)]
    [InlineData(new double[] { 9, 1, 5 }, 5)]
    [InlineData(new double[] { 9, 1, 5, 6 }, 5.5)]
    public void The_median_is_in_the_middle_whatever_the_order(double[] runs, double median) =>
        Assert.Equal(median, new Measurement(runs).Median);

    [Fact]
    public void As_many_runs_are_above_the_median_as_below_it() =>
        Prop.ForAll(Gen.Choose(-1000, 1000).NonEmptyListOf().ToArbitrary(), numbers =>
        {
            Measurement measurement = new([.. numbers.Select(number => (double)number)]);
            int below = measurement.Runs.Count(run => run < measurement.Median);
            int above = measurement.Runs.Count(run => run > measurement.Median);
            return below <= numbers.Count / 2 && above <= numbers.Count / 2
                && measurement.Lowest <= measurement.Median && measurement.Median <= measurement.Highest;
        }).Check(Config.QuickThrowOnFailure);
}
