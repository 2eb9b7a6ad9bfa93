using System;
using System.Collections.Generic;
using Dataplane.Conntrack;
using Dataplane.Packet;
using Dataplane.TestKit;
using Xunit;
using Stage = Dataplane.Datapath.PipelineStage;

namespace Dataplane.Datapath.Tests;

/// <summary>What a worker says of its stages is true: their order, their work, and that together they are the whole poll.</summary>
public sealed unsafe class StageOrderTests : IDisposable
{
    private readonly RouterBed _bed;
    private readonly StageRecorder _recorder = new();
    private readonly Worker<RecordingEnvironment> _worker;

    public StageOrderTests()
    {
        PlanBuilder builder = Network.Masquerading();
        Ipv6Network.AddTo(builder);
        _bed = new RouterBed(builder);
        Ipv6Network.Start(_bed);

        // A worker in the place of the bed's own, which rests meanwhile.
        _worker = new Worker<RecordingEnvironment>(_bed.Router, 0, new RecordingEnvironment(_bed.World, _recorder));
    }

    public void Dispose() => _bed.Dispose();

    [Fact]
    public void An_idle_poll_receives_from_every_queue_and_transmits()
    {
        Poll();
        AssertEnded("Poll Receive Receive Receive Transmit Poll");
    }

    [Fact]
    public void A_packet_of_a_known_connection_passes_the_stages_up_to_forward()
    {
        byte[] packet = Network.FromClient().Udp(5000, 53).Build();
        _bed.SendForOne(Network.Lan, packet, Network.Wan);
        _bed.Inject(Network.Lan, packet);
        Poll();
        AssertEnded("Poll Receive Parse Lookup Track Forward Receive Receive Transmit Poll");
    }

    [Fact]
    public void A_first_packet_passes_the_slow_path_behind_the_fast_one()
    {
        _bed.Inject(Network.Dmz, Network.FromHost(Network.Dmz, "172.16.0.9", Network.Server).Udp(5000, 53).Build());
        Poll();
        AssertEnded("Poll Receive Receive Receive Parse Lookup Track Forward SlowPath Transmit Poll");
    }

    [Fact]
    public void Packets_of_IPv6_pass_the_stages_of_known_connections_behind_those_of_IPv4()
    {
        byte[] packet = Ipv6Network.FromClient().Udp(5000, 53).Build();
        _bed.SendForOne(Network.Lan, packet, Network.Wan);
        _bed.Inject(Network.Lan, packet);
        Poll();
        AssertEnded("Poll Receive Parse Lookup Track Forward Lookup Track Forward Receive Receive Transmit Poll");
    }

    [Fact]
    public void A_poll_in_which_housekeeping_is_due_ends_it_between_two_ends_of_transmit()
    {
        _bed.Advance(0.001);
        Poll();
        AssertEnded("Poll Receive Receive Receive Transmit Housekeeping Transmit Poll");
    }

    [Fact]
    public void When_a_stage_ends_its_work_is_done_and_that_of_the_next_one_is_not()
    {
        byte[] known = Network.FromClient().Udp(5000, 53).Build();
        _bed.SendForOne(Network.Lan, known, Network.Wan);
        WorkerContext* context = _bed.Router.Context(0);
        EntryTail* tail = Entry<Ipv4Tuple>.Tail(_bed.Router.Conntrack.Table->EntryAt(new EntryReference(Known(known)).Index));
        WorkerCounters before = _bed.Router.Totals();
        ulong counted = tail->PacketsOriginal;
        Dictionary<Stage, Progress> progress = [];
        _recorder.AtEnd = stage => progress[stage] = new Progress(
            context->Counters->Received - before.Received, context->Tracked.Count, context->Counters->Found - before.Found,
            tail->PacketsOriginal - counted, context->Transmit[Network.Wan].Count, context->Counters->Opened - before.Opened,
            context->Counters->Transmitted - before.Transmitted, context->Counters->Polls - before.Polls);

        _bed.Inject(Network.Lan, known);
        _bed.Inject(Network.Lan, Network.FromClient().Udp(5001, 53).Build());
        _bed.Inject(Network.Lan, Network.FromClient().Udp(5002, 53).Build());
        context->ReceiveQueueCount = 1;
        context->Tracked.Count = 0;
        Poll();
        context->ReceiveQueueCount = 3;

        Assert.Equal(new Progress(3, 0, 0, 0, 0, 0, 0, 0), progress[Stage.Receive]);
        Assert.Equal(new Progress(3, 3, 0, 0, 0, 0, 0, 0), progress[Stage.Parse]);
        Assert.Equal(new Progress(3, 1, 1, 0, 0, 0, 0, 0), progress[Stage.Lookup]);
        Assert.Equal(new Progress(3, 1, 1, 1, 0, 0, 0, 0), progress[Stage.Track]);
        Assert.Equal(new Progress(3, 1, 1, 1, 1, 0, 0, 0), progress[Stage.Forward]);
        Assert.Equal(new Progress(3, 1, 1, 1, 3, 2, 0, 0), progress[Stage.SlowPath]);
        Assert.Equal(new Progress(3, 1, 1, 1, 0, 2, 3, 0), progress[Stage.Transmit]);
        Assert.Equal(new Progress(3, 1, 1, 1, 0, 2, 3, 1), progress[Stage.Poll]);
    }

    [Fact]
    public void All_time_of_a_poll_is_on_the_stage_that_spent_it()
    {
        byte[] known = Network.FromClient().Udp(5000, 53).Build();
        byte[] known6 = Ipv6Network.FromClient().Udp(5000, 53).Build();
        _bed.SendForOne(Network.Lan, known, Network.Wan);
        _bed.SendForOne(Network.Lan, known6, Network.Wan);
        const int rounds = 50;
        for (ushort round = 1; round <= rounds; round++)
        {
            _bed.Inject(Network.Lan, known);
            _bed.Inject(Network.Lan, known6);
            _bed.Inject(Network.Lan, Network.FromClient().Udp(round, 80).Build());
            _bed.Inject(Network.Lan, Network.FromClient(ttl: 0).Udp(round, 81).Build()[..30]);
            Poll();
            Assert.Equal(0, _recorder.Unbooked);
        }

        long sum = 0;
        foreach (Stage stage in Enum.GetValues<Stage>())
        {
            sum += _recorder.Booked(stage);
        }

        Assert.Equal(_recorder.Ticks, sum);
        Assert.Equal(rounds * RecordingEnvironment.ClockTicks, _recorder.Booked(Stage.Poll));
        Assert.Equal(3 * rounds * RecordingEnvironment.ReceiveTicks, _recorder.Booked(Stage.Receive));
        Assert.Equal(rounds * (RecordingEnvironment.TransmitTicks + RecordingEnvironment.FreeTicks), _recorder.Booked(Stage.Transmit));
        Assert.InRange(_recorder.Booked(Stage.SlowPath), rounds * RecordingEnvironment.RouteTicks, 3 * rounds * RecordingEnvironment.RouteTicks);
        Assert.Equal(0, _recorder.Booked(Stage.SlowPath) % RecordingEnvironment.RouteTicks);
    }

    /// <summary>One poll of the recorded worker; what it sent is looked at by the bed.</summary>
    private void Poll()
    {
        int from = _recorder.Ended.Count;
        _worker.Poll();
        Assert.Equal(Stage.Poll, _recorder.Ended[from]);
        Assert.Equal(Stage.Poll, _recorder.Ended[^1]);
    }

    /// <summary>Stages by name, as they must have ended.</summary>
    private void AssertEnded(string stages) => Assert.Equal(stages, string.Join(' ', _recorder.Ended));

    /// <summary>The reference by which a frame of a known connection finds its entry.</summary>
    private uint Known(byte[] frame)
    {
        _bed.Inject(Network.Lan, frame);
        _bed.Settle();
        return _bed.Router.Context(0)->Metas[0].Reference;
    }

    /// <summary>Traces that the stages' work leaves, since the test began.</summary>
    private readonly record struct Progress(
        ulong Received, int Tracked, ulong Found, ulong Counted, int Queued, ulong Opened, ulong Transmitted, ulong Polls);
}
