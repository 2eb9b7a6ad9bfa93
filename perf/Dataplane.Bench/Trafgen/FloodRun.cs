using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Net;
using System.Threading;
using System.Threading.Tasks;
using Dataplane.Lab;

namespace Dataplane.Bench.Trafgen;

/// <summary>One flood against one router, in a lab of its own: everything that it makes is gone afterwards.</summary>
internal static class FloodRun
{
    private const int SampleMs = 10;
    private const int EchoPort = 7;
    private const double HonestAt = 0.6; // of the flood: its table is full by then, and a second SYN still meets it
    private static readonly TimeSpan s_idlePatience = TimeSpan.FromSeconds(3);

    // Long enough for the second SYN, which Linux sends after a second.
    private static readonly TimeSpan s_honestPatience = TimeSpan.FromSeconds(1.5);

    /// <summary>Measures.</summary>
    /// <exception cref="LabException">The lab, the router or a program did not do what it should; nothing was measured.</exception>
    public static FloodResult Measure(FloodedPeer peer, Flood flood, FloodSettings settings)
    {
        double othersReady = MachineLoad.OthersReady();
        using Lab.Lab lab = Lab.Lab.Create(new LabOptions());
        using FloodedRouter router = peer.Start(lab, settings);
        IPEndPoint echo = new(IPAddress.Parse(LabAddresses.Far), EchoPort);
        using EchoServer server = new(lab.Topology.Internet, echo);
        using EchoClients idle = new(lab.Topology.Client, echo, FloodSettings.IdleConnections);
        int open = idle.CountOpening(s_idlePatience);
        if (open != FloodSettings.IdleConnections)
        {
            throw new LabException($"only {open} of {FloodSettings.IdleConnections} connections opened before the flood");
        }

        FloodSource source = new(lab, settings, flood);
        TimeSpan length = 2 * FloodSettings.Quiet + TimeSpan.FromSeconds(settings.Seconds + 1);
        IperfStream iperf = IperfStream.Start(lab, length);
        Thread.Sleep(FloodSettings.Quiet);
        RouterReading before = router.Read();
        TimeSpan began = iperf.Elapsed;
        ((long sent, double seconds), IReadOnlyList<TableSample> samples, int honest) = Send(lab, source, router, settings, echo);
        TimeSpan ended = iperf.Elapsed;
        RouterReading after = router.Read();
        int answered = idle.CountAnswering(s_idlePatience);
        IReadOnlyList<IperfInterval> intervals = iperf.Finish();
        OpeningRates rates = OpeningRates.Of(samples, settings.EntriesMax);
        return new FloodResult
        {
            OthersReady = othersReady,
            Seconds = seconds,
            Sent = sent,
            Taken = after.Taken - before.Taken,
            Opening = rates with { Opened = rates.Opened - honest },
            Entries = after.Table.Entries,
            Evicted = after.Evicted - before.Evicted,
            Drops = after.DropsSince(before),
            IperfBefore = IperfStream.Between(intervals, TimeSpan.Zero, began),
            IperfDuring = IperfStream.Between(intervals, began, ended),
            IperfAfter = IperfStream.Between(intervals, ended, TimeSpan.MaxValue),
            IdleAnswered = answered,
            HonestOpened = honest,
        };
    }

    /// <summary>Sends the flood, watches the table, and tries to open connections in the middle of it.</summary>
    private static ((long Packets, double Seconds) Sent, IReadOnlyList<TableSample> Samples, int Honest) Send(
        Lab.Lab lab, FloodSource source, FloodedRouter router, FloodSettings settings, IPEndPoint echo)
    {
        List<TableSample> samples = [new TableSample(0, router.ReadTable())];
        long began = Stopwatch.GetTimestamp();
        using EchoClients honest = new(lab.Topology.Client, echo, FloodSettings.HonestAttempts);
        using KernelSetting sendBuffer = KernelSetting.Set(KernelSetting.SendBuffer, FloodSource.SendBufferBytes);
        using BackgroundProcess trafgen = source.Start();
        Task<int>? attempts = null;
        while (!trafgen.WaitForExit(TimeSpan.FromMilliseconds(SampleMs)))
        {
            double seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
            samples.Add(new TableSample(seconds, router.ReadTable()));
            if (attempts is null && seconds > settings.Seconds * HonestAt)
            {
                attempts = Task.Run(() => honest.CountOpening(s_honestPatience));
            }

            if (seconds > settings.Seconds + 5)
            {
                throw new LabException($"trafgen does not end:\n{trafgen.Log}");
            }
        }

        (long, double) sent = FloodSource.SentIn(trafgen.Log);
        samples.Add(new TableSample(Stopwatch.GetElapsedTime(began).TotalSeconds, router.ReadTable()));
        return (sent, samples, attempts?.GetAwaiter().GetResult() ?? throw new LabException($"trafgen ended early:\n{trafgen.Log}"));
    }
}
