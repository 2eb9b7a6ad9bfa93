using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace Dataplane.Bench;

/// <summary>Repeated runs of one figure.</summary>
internal sealed record Measurement(IReadOnlyList<double> Runs)
{
    /// <summary>Between the two in the middle when the number of runs is even.</summary>
    public double Median
    {
        get
        {
            double[] sorted = [.. Runs.Order()];
            return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
        }
    }

    public double Lowest => Runs.Min();

    public double Highest => Runs.Max();

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Median:F2} ({Lowest:F2} - {Highest:F2})");
}
