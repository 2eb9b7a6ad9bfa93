using System;
using System.Diagnostics;
using System.Threading;

namespace Dataplane.Bench.Compare;

/// <summary>Starts a peer, waits until it is in the state to measure, measures, stops it.</summary>
internal static class PeerRun
{
    private const double OpeningSecondsMin = 20;
    private const double OpenedPerSecondMin = 50_000; // a program slower than this at opening is given up
    private const double OpeningMeasuredMax = 10;
    private const double OpenShareMin = 0.99;
    private const double OtherSeconds = 120; // a start, settling, an end
    private const int Windows = 3;           // as many as any measurement of one start has: a latency's loads
    private static readonly TimeSpan s_settle = TimeSpan.FromMilliseconds(300);

    /// <summary>Measures.</summary>
    /// <exception cref="PeerSkippedException">The peer cannot run here.</exception>
    /// <exception cref="PeerException">It failed.</exception>
    public static PeerFigure Measure(Peer peer, Traffic traffic, CompareSettings settings, bool verify = false)
    {
        using PeerProcess process = PeerProcess.Start(peer, traffic, settings, verify);
        using TelemetrySocket telemetry = process.Connect();
        GeneratorReader reader = new(
            telemetry, ThreadTimes.KernelThreadOf(settings.WorkerCpu), peer.IsKernel ? settings.WorkerCpu : null);
        WaitFor(process, 60, "its ports do not appear", reader.FindPorts);
        return traffic.Kind switch
        {
            TrafficKind.Opening => Opening(process, reader, traffic),
            TrafficKind.Flood => Flood(process, reader, traffic, settings.Seconds),
            TrafficKind.BesideFlood => BesideFlood(process, telemetry, reader, traffic, settings.Seconds),
            _ => Established(process, reader, traffic, settings.Seconds),
        };
    }

    private static PeerFigure Established(PeerProcess process, GeneratorReader reader, Traffic traffic, double seconds)
    {
        double opening = WaitForFlows(process, reader, traffic);
        GeneratorSnapshot before = reader.Read();
        Thread.Sleep(TimeSpan.FromSeconds(seconds));
        GeneratorSnapshot after = reader.Read();
        return PeerFigure.Between(before, after, after.Returned - before.Returned, traffic.Workers, opening);
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
                return PeerFigure.Between(first, last, Opened(last) - Opened(first), traffic.Workers);
            }
        }
    }

    /// <summary>After twice as many segments as the table holds.</summary>
    private static PeerFigure Flood(PeerProcess process, GeneratorReader reader, Traffic traffic, double seconds)
    {
        WaitForFullTable(process, traffic, () => reader.Read().Inside["sent_packets"]);
        GeneratorSnapshot before = reader.Read();
        Thread.Sleep(TimeSpan.FromSeconds(seconds));
        GeneratorSnapshot after = reader.Read();
        return PeerFigure.Between(before, after, after.Inside["sent_packets"] - before.Inside["sent_packets"], traffic.Workers);
    }

    /// <summary>
    /// Connections are opened, then a flood begins beside them and fills the table. Losses are counted from before the flood to
    /// after it, both times with all ports at rest, so that nothing is under way.
    /// </summary>
    private static PeerFigure BesideFlood(
        PeerProcess process, TelemetrySocket telemetry, GeneratorReader reader, Traffic traffic, double seconds)
    {
        const string rate = "/generator/rate";
        const string stop = "paused";
        const string go = "0";
        static long Taken(GeneratorSnapshot snapshot) =>
            snapshot.Flood?["sent_packets"] ?? throw new PeerException("has no port that floods");
        void Established(string what)
        {
            telemetry.Order(rate, $"{Traffic.InsideDevice},{what}");
            telemetry.Order(rate, $"{Traffic.OutsideDevice},{what}");
        }

        double opening = WaitForFlows(process, reader, traffic);
        Established(stop);
        Thread.Sleep(s_settle);
        GeneratorSnapshot quiet = reader.Read();
        Established(go);
        telemetry.Order(rate, $"{Traffic.FloodDevice},{go}");
        WaitForFullTable(process, traffic, () => Taken(reader.Read()));
        GeneratorSnapshot before = reader.Read();
        Thread.Sleep(TimeSpan.FromSeconds(seconds));
        GeneratorSnapshot after = reader.Read();
        telemetry.Order(rate, $"{Traffic.FloodDevice},{stop}");
        Established(stop);
        Thread.Sleep(s_settle);
        GeneratorSnapshot end = reader.Read();
        long returned = after.Returned - before.Returned;
        PeerFigure figure = PeerFigure.Between(before, after, returned, traffic.Workers, opening);
        return figure with
        {
            FloodRate = figure.Rate * (Taken(after) - Taken(before)) / returned, // per second of the same processor time
            Lost = end.Lost - quiet.Lost,
            LostOf = end.Sent - quiet.Sent,
        };
    }

    /// <summary>Seconds that a program may take to open so many connections.</summary>
    public static double OpeningPatience(long connections) => OpeningSecondsMin + connections / OpenedPerSecondMin;

    /// <summary>
    /// Seconds after which a program's script ends by itself, should nobody end it: what opening connections and filling a table may
    /// take, what is measured, and two minutes for everything else.
    /// </summary>
    /// <param name="traffic">Connections are opened, then perhaps a table is filled.</param>
    /// <param name="seconds">Length of a measurement.</param>
    public static int LimitSeconds(Traffic traffic, double seconds) =>
        (int)Math.Ceiling(OpeningPatience(traffic.Flows) + OpeningPatience(2L * traffic.Entries) + Windows * seconds + OtherSeconds);

    /// <summary>Until all flows are open and chosen at random; the seconds that took.</summary>
    private static double WaitForFlows(PeerProcess process, GeneratorReader reader, Traffic traffic)
    {
        double patience = OpeningPatience(traffic.Flows);
        WaitFor(process, 60, "no packet moves", () => reader.Read().Sent > 0);
        long began = Stopwatch.GetTimestamp();
        WaitFor(process, patience, $"the flows do not open within {patience:F0} s", () => reader.Read().IsOpen);
        double opening = Stopwatch.GetElapsedTime(began).TotalSeconds;
        Thread.Sleep(s_settle);
        long open = reader.Read().Inside["flows_open"];
        return open >= traffic.Flows * OpenShareMin
            ? opening
            : throw new PeerException($"only {open} of {traffic.Flows} flows came back from both sides");
    }

    private static void WaitForFullTable(PeerProcess process, Traffic traffic, Func<long> taken)
    {
        double patience = OpeningPatience(2L * traffic.Entries);
        WaitFor(process, patience, "the table does not fill", () => taken() > 2L * traffic.Entries);
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
