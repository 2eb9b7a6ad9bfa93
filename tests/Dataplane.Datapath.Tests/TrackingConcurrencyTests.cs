using System;
using System.Linq;
using Dataplane.Conntrack;
using Xunit;

namespace Dataplane.Datapath.Tests;

/// <summary>Needs both processors: nothing else of this assembly runs beside it.</summary>
[CollectionDefinition(nameof(TrackingConcurrencyTests), DisableParallelization = true)]
[Collection(nameof(TrackingConcurrencyTests))]
public class TrackingConcurrencyTests
{
    private const int Connections = 4;
    private const int SegmentsPerWorker = 1_500_000;

    [Fact]
    public void Two_workers_on_the_same_connections_count_every_segment_refuse_none_and_never_go_back()
    {
        using TrackingCrew crew = new(Connections);
        crew.Run(SegmentsPerWorker);
        Assert.Equal((0, 0), (crew.Refused, crew.StepsBack));
        Assert.Equal(2L * SegmentsPerWorker + Connections * TrackingCrew.ClosingSegments, crew.Sent.Sum());
        Assert.Equal(crew.Sent, crew.Counted);
        Assert.All(crew.States, state => Assert.Equal(ConnectionState.TcpTimeWait, state));
    }

    /// <summary>The same path told that it is alone: it takes no lock, and the same comparison says so.</summary>
    [Fact]
    public void Without_the_entry_s_lock_segments_are_lost_and_that_is_found_out()
    {
        // The threads have to be on both processors at once, which on a busy machine may take some rounds.
        bool isFound = false;
        for (long deadline = Environment.TickCount64 + 30_000; !isFound && Environment.TickCount64 < deadline;)
        {
            using TrackingCrew crew = new(connections: 1, isUnlocked: true);
            crew.Run(SegmentsPerWorker);
            isFound = !crew.Sent.SequenceEqual(crew.Counted);
        }

        Assert.True(isFound);
    }
}
