using System.Collections.Generic;

namespace Dataplane.Bench.Trafgen;

/// <summary>The table at a moment of the flood, in seconds since it was started.</summary>
internal readonly record struct TableSample(double Seconds, TableState State);

/// <summary>How fast connections opened while the table had room, and once it was full.</summary>
/// <param name="Opened">Connections opened in all.</param>
/// <param name="FillSeconds">From the first to the full table; null when it did not fill.</param>
/// <param name="WithRoom">Connections a second until then, or over the whole time.</param>
/// <param name="WhenFull">Connections a second after that; null when it did not fill.</param>
internal sealed record OpeningRates(long Opened, double? FillSeconds, double WithRoom, double? WhenFull)
{
    // Netfilter throws out before it puts in, so that its table is never quite full.
    private const double FullShare = 0.999;

    /// <summary>Derives the rates.</summary>
    /// <param name="samples">In order of time, the first from before the flood, the last from after it.</param>
    /// <param name="entriesMax">Connections that the table holds.</param>
    public static OpeningRates Of(IReadOnlyList<TableSample> samples, int entriesMax)
    {
        (TableSample first, TableSample last) = (samples[0], samples[^1]);
        TableSample? full = null;
        foreach (TableSample sample in samples)
        {
            if (sample.State.Opened == samples[0].State.Opened)
            {
                first = sample; // the program has not begun to send
            }
            else if (full is null && sample.State.Entries >= FullShare * entriesMax)
            {
                full = sample;
            }
        }

        long opened = last.State.Opened - first.State.Opened;
        return full is { } then
            ? new OpeningRates(opened, then.Seconds - first.Seconds, Rate(first, then), Rate(then, last))
            : new OpeningRates(opened, null, Rate(first, last), null);
    }

    private static double Rate(TableSample from, TableSample to) =>
        to.Seconds > from.Seconds ? (to.State.Opened - from.State.Opened) / (to.Seconds - from.Seconds) : 0;
}
