using System;
using System.Collections.Generic;
using System.Linq;
using Dataplane.Conntrack;
using Dataplane.Packet;
using Dataplane.TestKit;
using Xunit;

namespace Dataplane.Datapath.Tests;

/// <summary>A router in a memory world, stepped by the test; every test ends in the checks of <see cref="Check"/>.</summary>
internal sealed unsafe class RouterBed : IDisposable
{
    private readonly Plan* _plan;
    private readonly Worker<MemoryEnvironment>[] _workers;
    private readonly List<SentFrame> _sent = [];

    public RouterBed(PlanBuilder builder, int workers = 1, PortQueues? queues = null, uint entriesMax = 4096, int buffers = 4096,
        uint sideRecords = 0, params ZoneLimit[] zones)
    {
        PortQueues each = queues ?? new PortQueues(workers, workers);
        _plan = builder.Build();
        World = new MemoryWorld(Enumerable.Repeat(each.Receive, builder.Ports.Count).ToArray(), buffers);
        QueueAssignment assignment = new(Enumerable.Repeat(each, builder.Ports.Count).ToArray(), workers);
        ConntrackSize size = new(entriesMax, workers, Hugepages: false) { SideRecords = sideRecords, Zones = [.. zones] };
        Router = new Router(_plan, size, assignment, seed: 1, size6: builder.Addresses6.Count > 0 ? size : null);
        _workers = new Worker<MemoryEnvironment>[workers];
        for (int worker = 0; worker < workers; worker++)
        {
            _workers[worker] = new Worker<MemoryEnvironment>(Router, worker, new MemoryEnvironment(World));
            _workers[worker].GoOnline();
        }
    }

    public MemoryWorld World { get; }

    public Router Router { get; }

    public int Workers => _workers.Length;

    public uint NowSeconds => (uint)(World.NowNanoseconds / 1_000_000_000);

    /// <summary>Judges frames that left by a port; set where a source rule must have changed them.</summary>
    public Func<SentFrame, bool>? MayLeave { get; set; }

    /// <summary>Everything sent since the last <see cref="Take"/>, ARP and neighbour discovery included.</summary>
    public IReadOnlyList<SentFrame> AllSent => _sent;

    public Worker<MemoryEnvironment> Worker(int worker) => _workers[worker];

    public ulong Drops(DropReason reason)
    {
        WorkerCounters totals = Router.Totals();
        return totals.Drops[(int)reason];
    }

    public void Inject(int port, byte[] frame, int queue = 0) => World.Inject(port, queue, frame);

    public void Advance(double seconds) => World.NowNanoseconds += (long)(seconds * 1e9);

    /// <summary>One poll of one worker.</summary>
    public int Poll(int worker = 0)
    {
        int received = _workers[worker].Poll();
        Collect();
        return received;
    }

    /// <summary>Polls all workers until nothing moves any more.</summary>
    public void Settle()
    {
        int quiet = 0;
        for (int round = 0; round < 10_000 && quiet < 2; round++)
        {
            int moved = 0;
            for (int worker = 0; worker < Workers; worker++)
            {
                moved += Poll(worker);
            }

            quiet = moved == 0 && World.Waiting == 0 ? quiet + 1 : 0;
        }

        Assert.Equal(2, quiet);
    }

    /// <summary>Injects a frame, settles, and returns the frames that left because of it.</summary>
    public SentFrame[] Send(int port, byte[] frame)
    {
        _ = Take();
        Inject(port, frame);
        Settle();
        return Take();
    }

    /// <summary>Injects a frame, settles, and leaves everything that left because of it in <see cref="AllSent"/>.</summary>
    public void Deliver(int port, byte[] frame)
    {
        _ = Take();
        Inject(port, frame);
        Settle();
    }

    /// <summary>Like <see cref="Send"/>, for a frame that exactly one frame must answer.</summary>
    public byte[] SendForOne(int port, byte[] frame, int outPort)
    {
        SentFrame sent = Assert.Single(Send(port, frame));
        Assert.Equal(outPort, sent.Port);
        return sent.Bytes;
    }

    /// <summary>Injects a frame that must be dropped, silently, for a reason.</summary>
    public void SendForDrop(int port, byte[] frame, DropReason reason)
    {
        ulong before = Drops(reason);
        ulong dropped = Router.Totals().Dropped;
        Assert.Empty(Send(port, frame));
        Assert.Equal(before + 1, Drops(reason));
        Assert.Equal(dropped + 1, Router.Totals().Dropped);
    }

    /// <summary>The frames sent since the last call, without ARP, neighbour discovery and reports of multicast groups.</summary>
    public SentFrame[] Take()
    {
        SentFrame[] taken = [.. _sent.Where(frame => !IsArp(frame.Bytes) && !IsDiscovery(frame.Bytes) && !IsGroupReport(frame.Bytes))];
        _sent.Clear();
        World.Received.Clear();
        return taken;
    }

    /// <summary>The ARP frames sent since the last <see cref="Take"/>.</summary>
    public SentFrame[] SentArp() => [.. _sent.Where(frame => IsArp(frame.Bytes))];

    /// <summary>The reports of multicast groups sent since the last <see cref="Take"/>.</summary>
    public SentFrame[] SentGroupReports() => [.. _sent.Where(frame => IsGroupReport(frame.Bytes))];

    /// <summary>The neighbour discovery sent since the last <see cref="Take"/>.</summary>
    public SentFrame[] SentDiscovery() => [.. _sent.Where(frame => IsDiscovery(frame.Bytes))];

    /// <summary>Entries as a listing shows them, whether their deadline has passed or not.</summary>
    public int CountByDump(uint nowSeconds = 0) => CountByDump(Router.Conntrack.Table, nowSeconds);

    /// <summary>The same of IPv6.</summary>
    public int CountByDump6(uint nowSeconds = 0) => Router.Conntrack6 is null ? 0 : CountByDump(Router.Conntrack6.Table, nowSeconds);

    private static int CountByDump<TTuple>(ConntrackTable<TTuple>* table, uint nowSeconds)
        where TTuple : unmanaged
    {
        byte* copy = stackalloc byte[Entry<TTuple>.SizeBytes];
        int count = 0;
        for (uint cursor = 0; cursor < table->EntryCount;)
        {
            count += table->CopyNext(ref cursor, nowSeconds, uint.MaxValue, copy) == 0 ? 0 : 1;
        }

        return count;
    }

    /// <summary>What holds whenever the workers rest.</summary>
    public void Check()
    {
        World.CheckLedger();
        WorkerCounters totals = Router.Totals();
        Assert.Equal(World.ReceivedCount, totals.Received);
        Assert.Equal(World.AllocatedCount, totals.Made);
        Assert.Equal(World.SentCount, totals.Transmitted);

        // With the sum below: one reason for each drop, and no packet that ended twice.
        Assert.Equal(World.FreedCount, totals.Consumed + totals.Dropped);
        Assert.Equal((ulong)World.WithRouter, totals.HeldIn - totals.HeldOut);
        Assert.Equal(totals.Received + totals.Made, totals.Transmitted + totals.Consumed + totals.Dropped + totals.HeldIn - totals.HeldOut);
        Assert.Equal(0ul, totals.Drops[(int)DropReason.None]);
        Assert.Equal(Router.Conntrack.Count(), CountByDump());
        Assert.Equal(Router.Conntrack6?.Count() ?? 0, CountByDump6());
    }

    public void Dispose()
    {
        try
        {
            Check();
        }
        finally
        {
            Router.Dispose();
            World.Dispose();
            PlanBuilder.Free(_plan);
        }
    }

    /// <summary>ICMPv6 types 133 to 137 right behind the IPv6 header.</summary>
    /// <summary>IPv6 with a hop-by-hop header of 8 bytes in front of a report of either version.</summary>
    private static bool IsGroupReport(byte[] frame) =>
        frame.Length > 62 && frame[12] == 0x86 && frame[13] == 0xDD && frame[20] == 0 && frame[54] == 58 && frame[62] is 131 or 143;

    private static bool IsDiscovery(byte[] frame) =>
        frame[12] == 0x86 && frame[13] == 0xDD && frame[20] == IpProtocol.Icmpv6 && Icmpv6Type.IsNeighbourDiscovery(frame[54]);

    private static bool IsArp(byte[] frame) => frame[12] == 0x08 && frame[13] == 0x06;

    private void Collect()
    {
        foreach (SentFrame frame in World.Sent)
        {
            FrameCheck.IsSound(frame.Bytes);
            bool mayLeave = MayLeave == null || IsArp(frame.Bytes) || IsDiscovery(frame.Bytes) || IsGroupReport(frame.Bytes) || MayLeave(frame);
            Assert.True(mayLeave, $"{Convert.ToHexString(frame.Bytes)} left by {frame.Port}");
            _sent.Add(frame);
        }

        World.Sent.Clear();
    }
}
