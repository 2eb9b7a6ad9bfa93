using System;
using System.Diagnostics;
using System.Threading;

namespace Dataplane.Bench.Compare;

/// <summary>One figure of one peer.</summary>
/// <param name="Rate">Millions a second of the polling thread's processor time: packets that came back, connections, or for a
/// flood packets that were taken.</param>
/// <param name="WallRate">The same by the clock on the wall.</param>
/// <param name="ProcessorShare">Of the measured time that thread had a processor for.</param>
/// <param name="Delivered">Packets that came back, as a share of those taken.</param>
/// <param name="Seconds">How long was measured.</param>
/// <param name="OpeningSeconds">How long all flows took to open.</param>
/// <param name="Wrong">Packets that the generator found wrong; looked for only in a check.</param>
internal sealed record PeerFigure(
    double Rate, double WallRate, double ProcessorShare, double Delivered, double Seconds, double OpeningSeconds, long Wrong)
{
    /// <summary>Nanoseconds of the polling thread for one of what <see cref="Rate"/> counts.</summary>
    public double Nanoseconds => 1000 / Rate;
}

/// <summary>Starts a peer, waits until it is in the state to measure, measures, stops it.</summary>
internal static class PeerRun
{
    private const double OpeningSecondsMin = 20;
    private const double OpenedPerSecondMin = 100_000; // a program slower than this at opening is given up
    private const double OpeningMeasuredMax = 10;
    private const double OpenShareMin = 0.99;
    private static readonly TimeSpan s_settle = TimeSpan.FromMilliseconds(300);

    /// <summary>Measures.</summary>
    /// <exception cref="PeerSkippedException">The peer cannot run here.</exception>
    /// <exception cref="PeerException">It failed.</exception>
    public static PeerFigure Measure(Peer peer, Traffic traffic, CompareSettings settings, bool verify = false)
    {
        using PeerProcess process = PeerProcess.Start(peer, traffic, settings, verify);
        using TelemetrySocket telemetry = process.Connect();
        GeneratorReader reader = new(telemetry, ThreadTimes.KernelThreadOf(settings.WorkerCpu));
        WaitFor(process, 60, "its ports do not appear", reader.FindPorts);
        return traffic.Kind switch
        {
            TrafficKind.Opening => Opening(process, reader, traffic),
            TrafficKind.Flood => Flood(process, reader, traffic, settings.Seconds),
            _ => Established(process, reader, traffic, settings.Seconds),
        };
    }

    private static PeerFigure Established(PeerProcess process, GeneratorReader reader, Traffic traffic, double seconds)
    {
        double patience = OpeningSecondsMin + traffic.Flows / OpenedPerSecondMin;
        WaitFor(process, 60, "no packet moves", () => reader.Read().Sent > 0);
        long began = Stopwatch.GetTimestamp();
        WaitFor(process, patience, $"the flows do not open within {patience:F0} s", () => reader.Read().IsOpen);
        double opening = Stopwatch.GetElapsedTime(began).TotalSeconds;
        Thread.Sleep(s_settle);
        GeneratorSnapshot before = reader.Read();
        if (before.Inside["flows_open"] < traffic.Flows * OpenShareMin)
        {
            throw new PeerException($"only {before.Inside["flows_open"]} of {traffic.Flows} flows came back from both sides");
        }

        Thread.Sleep(TimeSpan.FromSeconds(seconds));
        GeneratorSnapshot after = reader.Read();
        return Figure(before, after, after.Returned - before.Returned, opening);
    }

    /// <summary>From the first connection to the number wanted, or for as long as a run may take.</summary>
    private static PeerFigure Opening(PeerProcess process, GeneratorReader reader, Traffic traffic)
    {
        // Packets that come out at the outside, each of a connection of its own.
        static long Opened(GeneratorSnapshot snapshot) => snapshot.Outside["returned_packets"];
        GeneratorSnapshot first = reader.Read();
        WaitFor(process, 60, "no connection opens", () => Opened(first = reader.Read()) > 0);
        GeneratorSnapshot last = first;
        while (true)
        {
            Thread.Sleep(5);
            GeneratorSnapshot now = reader.Read();
            bool isEnough = Opened(now) > traffic.Flows;
            if (!isEnough || last == first)
            {
                last = now;
            }

            if (isEnough || now.SecondsSince(first) > OpeningMeasuredMax)
            {
                return Figure(first, last, Opened(last) - Opened(first), 0);
            }
        }
    }

    /// <summary>After twice as many segments as the table holds.</summary>
    private static PeerFigure Flood(PeerProcess process, GeneratorReader reader, Traffic traffic, double seconds)
    {
        double patience = OpeningSecondsMin + 2 * traffic.Entries / OpenedPerSecondMin;
        WaitFor(process, patience, "the table does not fill", () => reader.Read().Inside["sent_packets"] > 2L * traffic.Entries);
        GeneratorSnapshot before = reader.Read();
        Thread.Sleep(TimeSpan.FromSeconds(seconds));
        GeneratorSnapshot after = reader.Read();
        return Figure(before, after, after.Inside["sent_packets"] - before.Inside["sent_packets"], 0);
    }

    private static PeerFigure Figure(GeneratorSnapshot before, GeneratorSnapshot after, long counted, double opening)
    {
        double seconds = after.SecondsSince(before);
        double processor = after.Threads.BusiestSince(before.Threads) / 1e9;
        if (counted <= 0 || processor <= 0)
        {
            throw new PeerException("nothing came back while it was measured");
        }

        long sent = after.Sent - before.Sent;
        return new PeerFigure(
            counted / processor / 1e6, counted / seconds / 1e6, processor / seconds,
            sent > 0 ? (double)(after.Returned - before.Returned) / sent : 0, seconds, opening, after.Wrong);
    }

    private static void WaitFor(PeerProcess process, double seconds, string failure, Func<bool> isSo)
    {
        long began = Stopwatch.GetTimestamp();
        while (!isSo())
        {
            process.Check();
            if (Stopwatch.GetElapsedTime(began).TotalSeconds > seconds)
            {
                throw new PeerException(failure);
            }

            Thread.Sleep(2);
        }
    }
}
