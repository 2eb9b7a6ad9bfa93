using System.Collections.Generic;
using System.Diagnostics;
using Dataplane.Bench.Compare;
using Xunit;

namespace Dataplane.Bench.Tests;

/// <summary>From counters at two moments to a figure.</summary>
public sealed class PeerFigureTests
{
    [Fact]
    public void Rates_are_of_the_polling_threads_time_and_of_the_clock()
    {
        // Four million packets in two seconds, of which the thread ran one.
        GeneratorSnapshot before = Snapshot(seconds: 0, sent: 1_000, returned: 1_000, (7, 5_000_000_000));
        GeneratorSnapshot after = Snapshot(seconds: 2, sent: 4_001_000, returned: 4_001_000, (7, 6_000_000_000), (8, 10));
        PeerFigure figure = PeerFigure.Between(before, after, 4_000_000, openingSeconds: 0.25);
        Assert.Equal(4, figure.Rate, 9);
        Assert.Equal(2, figure.WallRate, 9);
        Assert.Equal(0.5, figure.ProcessorShare, 9);
        Assert.Equal(250, figure.Nanoseconds, 9);
        Assert.Equal(1, figure.Delivered, 9);
        Assert.Equal(2, figure.Seconds, 9);
        Assert.Equal(0.25, figure.OpeningSeconds, 9);
        Assert.Null(figure.Lost);
    }

    [Fact]
    public void Two_workers_rate_is_the_sum_of_both()
    {
        // A million packets each, one thread in a whole second and one in 0.6 of it.
        GeneratorSnapshot before = Snapshot(seconds: 0, sent: 0, returned: 0, (7, 0), (8, 0));
        GeneratorSnapshot after = Snapshot(seconds: 1, sent: 2_000_000, returned: 2_000_000, (7, 1_000_000_000), (8, 600_000_000));
        PeerFigure figure = PeerFigure.Between(before, after, 2_000_000, workers: 2);
        Assert.Equal(2 / 0.8, figure.Rate, 9);
        Assert.Equal(2, figure.WallRate, 9);
    }

    [Fact]
    public void What_interrupts_did_for_the_kernel_is_processor_time_too()
    {
        // Of two seconds the thread had one for itself, and softirqs in its place 0.6.
        GeneratorSnapshot before = Snapshot(seconds: 0, sent: 0, returned: 0, (7, 0));
        GeneratorSnapshot after = Snapshot(seconds: 2, sent: 4_000_000, returned: 4_000_000, (7, 1_000_000_000));
        before = before with { Threads = before.Threads with { Processor = new ProcessorTimes(0, 0) } };
        after = after with
        {
            Threads = after.Threads with
            {
                Moment = 2_000_000_000,
                Waiting = new Dictionary<int, long> { [7] = 400_000_000 },
                Processor = new ProcessorTimes(700_000_000, 0),
            },
        };
        PeerFigure figure = PeerFigure.Between(before, after, 4_000_000);
        Assert.Equal(4 / 1.6, figure.Rate, 9);
        Assert.Equal(0.8, figure.ProcessorShare, 9);
    }

    [Fact]
    public void What_does_not_come_back_is_told()
    {
        GeneratorSnapshot before = Snapshot(seconds: 0, sent: 0, returned: 0, (7, 0));
        GeneratorSnapshot after = Snapshot(seconds: 1, sent: 1_000_000, returned: 250_000, (7, 1_000_000_000));
        Assert.Equal(0.25, PeerFigure.Between(before, after, 1_000_000).Delivered, 9);
    }

    [Fact]
    public void Nothing_counted_or_nothing_run_is_no_figure()
    {
        GeneratorSnapshot before = Snapshot(seconds: 0, sent: 0, returned: 0, (7, 0));
        GeneratorSnapshot idle = Snapshot(seconds: 1, sent: 0, returned: 0, (7, 0));
        GeneratorSnapshot after = Snapshot(seconds: 1, sent: 1, returned: 1, (7, 1));
        _ = Assert.Throws<PeerException>(() => PeerFigure.Between(before, after, 0));
        _ = Assert.Throws<PeerException>(() => PeerFigure.Between(before, idle, 1));
        _ = Assert.Throws<PeerException>(() => PeerFigure.Between(after, after with { Threads = idle.Threads }, 1));
    }

    [Fact]
    public void A_snapshot_adds_both_ports()
    {
        GeneratorSnapshot snapshot = Snapshot(seconds: 0, sent: 10, returned: 6, (7, 0));
        Assert.Equal(10, snapshot.Sent);
        Assert.Equal(6, snapshot.Returned);
        Assert.Equal(4, snapshot.Lost);
        Assert.Equal(3, snapshot.Wrong);
        Assert.True(snapshot.IsOpen);
    }

    /// <summary>Half of everything at either port, and three packets wrong.</summary>
    private static GeneratorSnapshot Snapshot(long seconds, long sent, long returned, params (int Id, long Nanoseconds)[] threads)
    {
        Dictionary<string, long> port = new()
        {
            ["sent_packets"] = sent / 2,
            ["returned_packets"] = returned / 2,
            ["lost_packets"] = (sent - returned) / 2,
            ["opening_queues"] = 0,
            ["bad_ip_checksum"] = 0,
            ["bad_l4_checksum"] = 0,
            ["bad_header"] = 1,
            ["bad_payload"] = 0,
        };
        Dictionary<string, long> other = new(port)
        {
            ["sent_packets"] = sent - sent / 2,
            ["returned_packets"] = returned - returned / 2,
            ["lost_packets"] = sent - returned - (sent - returned) / 2,
            ["bad_l4_checksum"] = 1,
        };
        Dictionary<int, long> times = [];
        foreach ((int id, long nanoseconds) in threads)
        {
            times[id] = nanoseconds;
        }

        return new GeneratorSnapshot(seconds * Stopwatch.Frequency, port, other, new ThreadTimes(times, 0));
    }
}
