using System;
using Dataplane.Datapath;
using Dataplane.Packet;
using Xunit;

namespace Dataplane.Bench.Tests;

/// <summary>The flood whose stages are timed is one: each segment meets a full table.</summary>
public sealed unsafe class StageFloodTests
{
    private const int Flows = 2000;
    private const int Segments = 5000;

    [Fact]
    public void Every_segment_of_the_flood_is_refused_for_want_of_room()
    {
        using NatBed bed = new(Flows, 1, hugepages: false, accounting: true, isTcp: true, NatBedTraffic.Flood);
        WorkerCounters before = bed.Router.Totals();
        Assert.Equal((ulong)Flows, before.Opened);
        Assert.Equal(0, bed.BadPackets);
        long received = Poll(bed);
        WorkerCounters after = bed.Router.Totals();
        Assert.Equal(Segments, received);
        Assert.Equal((ulong)Segments, after.Drops[(int)DropReason.TableFull] - before.Drops[(int)DropReason.TableFull]);
        Assert.Equal((ulong)Segments, after.Dropped - before.Dropped);
        Assert.Equal(before.Opened, after.Opened);
        Assert.Equal(before.Transmitted, after.Transmitted);
    }

    [Fact]
    public void First_packets_open_their_connections_where_there_is_room()
    {
        using NatBed bed = new(Flows, 1, hugepages: false, accounting: true, isTcp: true, NatBedTraffic.Opening);
        WorkerCounters before = bed.Router.Totals();
        bed.Workers[0].GoOnline();
        while (bed.Ports[0].Left > 0)
        {
            bed.Workers[0].Poll();
        }

        bed.Router.Conntrack.Table->Quiescence->GoOffline(0);
        Assert.Equal((ulong)Flows, bed.Router.Totals().Opened - before.Opened);
        Assert.Equal(0ul, bed.Router.Totals().Dropped);
    }

    [Fact]
    public void A_flood_of_datagrams_is_refused() => Assert.Throws<ArgumentException>(
        () => new NatBed(Flows, 1, hugepages: false, accounting: true, isTcp: false, NatBedTraffic.Flood));

    private static long Poll(NatBed bed)
    {
        bed.Ports[0].Left = Segments;
        bed.Workers[0].GoOnline();
        long received = 0;
        while (bed.Ports[0].Left > 0)
        {
            received += bed.Workers[0].Poll();
        }

        bed.Router.Conntrack.Table->Quiescence->GoOffline(0);
        return received;
    }
}
