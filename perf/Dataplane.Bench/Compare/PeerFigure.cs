namespace Dataplane.Bench.Compare;

/// <summary>One figure of one peer.</summary>
/// <param name="Rate">Millions a second of the polling threads' processor time: packets that came back, connections, or for a
/// flood packets that were taken. Of several threads: the packets of all in a second of their mean time, the sum of their rates.</param>
/// <param name="WallRate">The same by the clock on the wall.</param>
/// <param name="ProcessorShare">Of the measured time that a polling thread had a processor for, in the mean.</param>
/// <param name="Delivered">Packets that came back, as a share of those taken; a flood beside other traffic is not among them.</param>
/// <param name="Seconds">How long was measured.</param>
/// <param name="OpeningSeconds">How long all flows took to open.</param>
/// <param name="Wrong">Packets that the generator found wrong; looked for only in a check.</param>
internal sealed record PeerFigure(
    double Rate, double WallRate, double ProcessorShare, double Delivered, double Seconds, double OpeningSeconds, long Wrong)
{
    /// <summary>Nanoseconds of the polling threads for one of what <see cref="Rate"/> counts.</summary>
    public double Nanoseconds => 1000 / Rate;

    /// <summary>Segments of a flood beside this traffic that were taken, in millions a second as <see cref="Rate"/>; else null.</summary>
    public double? FloodRate { get; init; }

    /// <summary>Packets of established connections that did not come back since the flood beside them began; else null.</summary>
    public long? Lost { get; init; }

    /// <summary>Packets that were sent for <see cref="Lost"/>; else null.</summary>
    public long? LostOf { get; init; }

    /// <summary>A figure from the counters at the two ends of a measurement.</summary>
    /// <param name="before">At its beginning.</param>
    /// <param name="after">At its end.</param>
    /// <param name="counted">What the rate is of.</param>
    /// <param name="workers">Threads that polled.</param>
    /// <param name="openingSeconds">How long all flows took to open; 0 where none were.</param>
    /// <exception cref="PeerException">Nothing was counted, or no thread ran.</exception>
    public static PeerFigure Between(
        GeneratorSnapshot before, GeneratorSnapshot after, long counted, int workers = 1, double openingSeconds = 0)
    {
        double seconds = after.SecondsSince(before);
        long interrupted = after.Threads.InterruptedSince(before.Threads);
        double processor = (after.Threads.BusiestSince(before.Threads, workers) + interrupted) / 1e9;
        if (counted <= 0 || processor <= 0 || seconds <= 0)
        {
            throw new PeerException("nothing came back while it was measured");
        }

        long sent = after.Sent - before.Sent;
        double delivered = sent > 0 ? (double)(after.Returned - before.Returned) / sent : 0;
        return new PeerFigure(
            counted / processor / 1e6, counted / seconds / 1e6, processor / seconds, delivered, seconds, openingSeconds, after.Wrong);
    }
}
