using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Threading;
using Dataplane.Bench.Compare;

namespace Dataplane.Bench.Latency;

/// <summary>One program in one repeat: its maximum, then its latencies at shares of that.</summary>
internal sealed class LatencyRun : IDisposable
{
    private const double StartSecondsMax = 60;
    private const double OpenShareMin = 0.99;
    private static readonly TimeSpan s_maximumTime = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_settle = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan s_quiet = TimeSpan.FromMilliseconds(20);
    private static readonly string[] s_devices = [Traffic.InsideDevice, Traffic.OutsideDevice];

    private readonly LatencySettings _settings;
    private readonly PeerProcess _process;
    private readonly TelemetrySocket _telemetry;
    private readonly GeneratorReader _reader;
    private readonly ManagedMemory? _memory;

    private LatencyRun(LatencySettings settings, Peer peer, PeerProcess process)
    {
        _settings = settings;
        _process = process;
        _telemetry = process.Connect();
        _reader = new GeneratorReader(_telemetry, kernelThread: 0);
        WaitFor(StartSecondsMax, "its ports do not appear", _reader.FindPorts);
        WaitFor(StartSecondsMax, "no packet moves", () => _reader.Read().Sent > 0);
        WaitFor(PeerRun.OpeningPatience(settings.Traffic.Flows), "the flows do not open", () => _reader.Read().IsOpen);
        Thread.Sleep(s_settle);
        long open = _reader.Read().Inside["flows_open"];
        if (peer.Translates && open < settings.Traffic.Flows * OpenShareMin)
        {
            throw new PeerException(string.Create(
                CultureInfo.InvariantCulture, $"only {open} of {settings.Traffic.Flows} flows came back from both sides"));
        }

        _memory = peer.Name == Peer.Own ? ManagedMemory.Of(_telemetry.ProcessId) : null;
    }

    /// <summary>Starts a program, measures, and stops it.</summary>
    /// <param name="settings">The traffic and where things are.</param>
    /// <param name="peer">The program.</param>
    /// <param name="each">Called after each load.</param>
    /// <exception cref="PeerSkippedException">It cannot run here.</exception>
    /// <exception cref="PeerException">It failed.</exception>
    public static IReadOnlyList<LatencyFigure> Measure(LatencySettings settings, Peer peer, Action<LatencyFigure> each)
    {
        using PeerProcess process = PeerProcess.Start(peer, settings.Traffic, settings.Common, verify: false);
        using LatencyRun run = new(settings, peer, process);
        double maximum = run.Maximum();
        List<LatencyFigure> figures = [];
        foreach (double load in LatencySettings.Loads)
        {
            figures.Add(run.At(load, maximum));
            each(figures[^1]);
        }

        return figures;
    }

    public void Dispose()
    {
        _memory?.Dispose();
        _telemetry.Dispose();
    }

    /// <summary>Packets a second that come back when as many are sent as are asked for.</summary>
    private double Maximum()
    {
        GeneratorSnapshot before = _reader.Read();
        Thread.Sleep(s_maximumTime);
        GeneratorSnapshot after = _reader.Read();
        double rate = (after.Returned - before.Returned) / after.SecondsSince(before);
        return rate > 0 ? rate : throw new PeerException("nothing comes back");
    }

    private LatencyFigure At(double load, double maximum)
    {
        long ofEach = Math.Max((long)(load * maximum / s_devices.Length), 1);
        Stop();
        Order("/generator/reset", string.Empty); // nothing is under way: losses are exact from here on
        Order("/generator/rate", string.Create(CultureInfo.InvariantCulture, $",{ofEach}"));
        Thread.Sleep(s_settle);
        ManagedUse? managed = _memory?.Read();
        Order("/generator/reset", ",times");
        GeneratorSnapshot before = _reader.Read();
        Thread.Sleep(TimeSpan.FromSeconds(_settings.Common.Seconds));
        GeneratorSnapshot after = _reader.Read();
        ManagedUse? managedAfter = _memory?.Read();
        Stop();
        GeneratorSnapshot end = _reader.Read();
        if (after.Inside["latency_samples"] == 0 || after.Outside["latency_samples"] == 0)
        {
            throw new PeerException("nothing came back while it was measured");
        }

        return new LatencyFigure(
            load, (double)ofEach * s_devices.Length / 1e6, (after.Returned - before.Returned) / after.SecondsSince(before) / 1e6,
            Larger(after, "latency_p50_ns"), Larger(after, "latency_p99_ns"),
            Larger(after, "latency_p999_ns"), Larger(after, "latency_max_ns"),
            Larger(after, "poll_gap_max_ns"), Sum(after, "missed_packets") - Sum(before, "missed_packets"), end.Lost,
            Sum(after, "latency_samples"), after.Threads.BusiestSince(before.Threads) / 1e9 / after.SecondsSince(before))
        {
            Managed = managed is not null && managedAfter is not null ? managedAfter - managed : null,
        };
    }

    private static long Larger(GeneratorSnapshot snapshot, string counter) => Math.Max(snapshot.Inside[counter], snapshot.Outside[counter]);

    private static long Sum(GeneratorSnapshot snapshot, string counter) => snapshot.Inside[counter] + snapshot.Outside[counter];

    /// <summary>Pauses both ports and waits until nothing is under way any more.</summary>
    private void Stop()
    {
        Order("/generator/rate", ",paused");
        long returned = -1;
        WaitFor(StartSecondsMax, "packets come back although none are sent", () =>
        {
            Thread.Sleep(s_quiet);
            bool isQuiet = _reader.Read().Returned == returned;
            returned = _reader.Read().Returned;
            return isQuiet;
        });
    }

    private void Order(string command, string parameters)
    {
        foreach (string device in s_devices)
        {
            _telemetry.Order(command, device + parameters);
        }
    }

    private void WaitFor(double seconds, string failure, Func<bool> isSo)
    {
        long began = Stopwatch.GetTimestamp();
        while (!isSo())
        {
            _process.Check();
            if (Stopwatch.GetElapsedTime(began).TotalSeconds > seconds)
            {
                throw new PeerException(failure);
            }

            Thread.Sleep(2);
        }
    }
}
