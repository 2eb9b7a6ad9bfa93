using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Text.Json;
using Dataplane.Lab;

namespace Dataplane.Bench.Trafgen;

/// <summary>What iperf3 saw during a part of its run.</summary>
/// <param name="Megabits">Sent a second, in Mbit/s, on average.</param>
/// <param name="Lowest">The same in the worst interval.</param>
/// <param name="Retransmissions">Segments that its TCP sent again.</param>
internal sealed record IperfPhase(double Megabits, double Lowest, long Retransmissions);

/// <summary>An interval of iperf3's report, in seconds since its start.</summary>
internal sealed record IperfInterval(double Start, double End, double BitsPerSecond, long Retransmissions);

/// <summary>iperf3 from the client through the router to the far host, at a bounded rate.</summary>
internal sealed class IperfStream
{
    private const string IntervalSeconds = "0.25";
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    private readonly BackgroundProcess _client;
    private readonly TimeSpan _length;
    private readonly long _began = Stopwatch.GetTimestamp();

    private IperfStream(BackgroundProcess client, TimeSpan length)
    {
        _client = client;
        _length = length;
    }

    /// <summary>Time since it began.</summary>
    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(_began);

    /// <summary>Starts both ends.</summary>
    /// <exception cref="LabException">The server does not come up.</exception>
    public static IperfStream Start(Lab.Lab lab, TimeSpan length)
    {
        NetworkNamespace internet = lab.Topology.Internet;
        lab.Serve(
            internet,
            _ => internet.Run(Command.DefaultTimeout, "ss", "-Hltn", "sport", "=", ":5201").Output.Length > 0,
            "iperf3", "--server", "--bind", LabAddresses.Far, "--one-off");
        string seconds = length.TotalSeconds.ToString("F0", CultureInfo.InvariantCulture);
        BackgroundProcess client = lab.Topology.Client.Start(
            "iperf3", "--client", LabAddresses.Far, "--time", seconds, "--interval", IntervalSeconds,
            "--bitrate", $"{FloodSettings.IperfMegabits}M", "--connect-timeout", "3000", "--json");
        return new IperfStream(client, length);
    }

    /// <summary>Waits for its end.</summary>
    /// <returns>The intervals that it reported, fewer than asked for when its connection broke.</returns>
    /// <exception cref="LabException">It reported nothing.</exception>
    public IReadOnlyList<IperfInterval> Finish()
    {
        using (_client)
        {
            TimeSpan left = _length - Elapsed + s_patience;
            if (!_client.WaitForExit(left < s_patience ? s_patience : left))
            {
                _client.Stop(TimeSpan.FromSeconds(1));
            }

            return Parse(_client.Log);
        }
    }

    /// <summary>Reads the report of <c>iperf3 --json</c>.</summary>
    /// <exception cref="LabException">Not such a report, or one without intervals.</exception>
    public static IReadOnlyList<IperfInterval> Parse(string report)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(report);
            IperfInterval[] intervals = [.. document.RootElement.GetProperty("intervals").EnumerateArray()
                .Select(interval => interval.GetProperty("sum"))
                .Select(sum => new IperfInterval(
                    sum.GetProperty("start").GetDouble(), sum.GetProperty("end").GetDouble(),
                    sum.GetProperty("bits_per_second").GetDouble(), sum.GetProperty("retransmits").GetInt64()))];
            return intervals.Length > 0 ? intervals : throw new LabException($"iperf3 got nothing through:\n{report}");
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new LabException($"not a report of iperf3: {e.Message}\n{report}", e);
        }
    }

    /// <summary>Sums up the intervals whose middle lies in a span of time; zeros where there is none.</summary>
    public static IperfPhase Between(IReadOnlyList<IperfInterval> intervals, TimeSpan from, TimeSpan to)
    {
        IperfInterval[] inside = [.. intervals.Where(interval =>
            (interval.Start + interval.End) / 2 is double middle && middle >= from.TotalSeconds && middle < to.TotalSeconds)];
        double seconds = inside.Sum(interval => interval.End - interval.Start);
        double bits = inside.Sum(interval => interval.BitsPerSecond * (interval.End - interval.Start));
        return inside.Length == 0
            ? new IperfPhase(0, 0, 0)
            : new IperfPhase(bits / seconds / 1e6, inside.Min(interval => interval.BitsPerSecond) / 1e6,
                inside.Sum(interval => interval.Retransmissions));
    }
}
