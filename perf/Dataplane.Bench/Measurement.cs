using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace Dataplane.Bench;

/// <summary>Repeated runs of one figure.</summary>
internal sealed record Measurement(IReadOnlyList<double> Runs)
{
    public double Median => Runs.Order().ElementAt(Runs.Count / 2);

    public double Lowest => Runs.Min();

    public double Highest => Runs.Max();

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Median:F2} ({Lowest:F2} - {Highest:F2})");
}
