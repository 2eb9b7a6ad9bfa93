using System;
using System.Collections.Generic;
using System.Linq;
using Dataplane.Conntrack;
using Dataplane.Datapath.Fragments;
using Dataplane.Nat;
using Dataplane.Packet;
using Dataplane.TestKit;
using Xunit.Sdk;

namespace Dataplane.Datapath.Tests.Fuzz;

/// <summary>A router under attack: guarded buffers, small tables, every feature on, and the rules that must hold all the same.</summary>
internal sealed unsafe class FuzzBed : IDisposable
{
    private const int Buffers = 1024;
    private const string WebServer = "172.16.0.10";
    private const string Swallowed = "192.0.2.251";

    private readonly Plan* _plan;
    private readonly MemoryWorld _world;
    private readonly GuardedBuffers _buffers;
    private readonly Router _router;
    private readonly Worker<GuardedEnvironment>[] _workers;
    private readonly byte[]?[] _lastOut = new byte[3][];

    public FuzzBed(int workers, GuardedBuffers buffers)
    {
        _plan = Rules().Build();
        _buffers = buffers;
        _world = new MemoryWorld([workers, workers, workers], Buffers);
        ConntrackSize size = new(300, workers, Hugepages: false) { SideRecords = 16, Seed = 1 };
        FragmentLimits limits = new() { Datagrams = 64, Held = 96, HeldPerSource = 48, PerSource = 16, PerDatagram = 8 };
        QueueAssignment queues = new([.. Enumerable.Repeat(new PortQueues(workers, 1), 3)], workers);
        _router = new Router(_plan, size, queues, seed: 1, size6: size, limits);
        GuardedEnvironment environment = new(_world, buffers);
        _workers = [.. Enumerable.Range(0, workers).Select(worker => new Worker<GuardedEnvironment>(_router, worker, environment))];
        foreach (Worker<GuardedEnvironment> worker in _workers)
        {
            worker.GoOnline();
        }
    }

    /// <summary>Connection states met at rest.</summary>
    public HashSet<ConnectionState> States { get; } = [];

    /// <summary>Packets sent.</summary>
    public ulong Transmitted => _router.Totals().Transmitted;

    public ulong Drops(DropReason reason)
    {
        WorkerCounters totals = _router.Totals();
        return totals.Drops[(int)reason];
    }

    /// <summary>What left by a port last, ARP and neighbour discovery aside; null before the first.</summary>
    public byte[]? LastOut(int port) => _lastOut[port];

    public void Advance(double seconds) => _world.NowNanoseconds += (long)(seconds * 1e9);

    /// <summary>Puts a frame on the wire, lets a worker fail in one of two ways if asked, and polls until nothing waits.</summary>
    public void Send(int port, byte[] frame, int queue, bool isShortOfBuffers, bool isCongested)
    {
        _world.AllocationsToRefuse = isShortOfBuffers ? 1 : 0;
        _world.TransmitLimit = isCongested ? 0 : int.MaxValue;
        _world.Inject(port, queue, frame);
        for (int round = 0; round < 8 && (round < 2 || _world.Waiting > 0); round++)
        {
            foreach (Worker<GuardedEnvironment> worker in _workers)
            {
                worker.Poll();
            }
        }

        CheckFrames();
        CheckConservation();
    }

    /// <summary>What takes longer to compare; at the end of a sequence.</summary>
    public void CheckTables()
    {
        uint now = (uint)(_world.NowNanoseconds / 1_000_000_000);
        string? breach = TableLedger.Breach(_router.Conntrack, now, States)
            ?? TableLedger.Breach(_router.Conntrack6!, now, States)
            ?? TableLedger.BreachOfLimit(_router);
        if (breach != null)
        {
            throw new XunitException(breach);
        }
    }

    public void Dispose()
    {
        _router.Dispose();
        _world.Dispose();
        _buffers.ReleaseAll();
        PlanBuilder.Free(_plan);
    }

    private void CheckFrames()
    {
        foreach (SentFrame sent in _world.Sent)
        {
            if (FrameRules.Breach(sent) is string breach)
            {
                throw new XunitException($"{breach} left by {sent.Port}: {Convert.ToHexString(sent.Bytes)}");
            }

            if (sent.Bytes[12] == 8 && sent.Bytes[13] == 0)
            {
                _lastOut[sent.Port] = sent.Bytes;
            }
        }

        _world.Sent.Clear();
        _world.Received.Clear();
    }

    /// <summary>Every packet has come, gone, ended for one reason, or is held.</summary>
    private void CheckConservation()
    {
        _world.CheckLedger();
        WorkerCounters totals = _router.Totals();
        ulong held = totals.HeldIn - totals.HeldOut;
        bool agrees = totals.Received == _world.ReceivedCount && totals.Made == _world.AllocatedCount && totals.Transmitted == _world.SentCount
            && totals.Consumed + totals.Dropped == _world.FreedCount && held == (ulong)_world.WithRouter
            && totals.Received + totals.Made == totals.Transmitted + totals.Consumed + totals.Dropped + held
            && totals.Drops[(int)DropReason.None] == 0;
        if (!agrees)
        {
            throw new XunitException(
                $"received {totals.Received} made {totals.Made} sent {totals.Transmitted} consumed {totals.Consumed} dropped {totals.Dropped} held {held}; "
                + $"the world: {_world.ReceivedCount} {_world.AllocatedCount} {_world.SentCount}, freed {_world.FreedCount}, with the router {_world.WithRouter}");
        }
    }

    /// <summary>Lan and dmz masqueraded, a published server, and rules of every kind; nothing opens from outside but to that server.</summary>
    private static PlanBuilder Rules()
    {
        PlanBuilder builder = Ipv6Network.Plain();
        builder.FilterDefault = FilterVerdict.Drop;
        Model.OfficePolicy.SetShortTimeouts(ref builder.Timeouts);
        builder.AddRoute(Ipv4Address.Parse(Swallowed).Host, 32, new NextHop { Kind = NextHopKind.Blackhole });
        TrackEffect label = new() { Actions = TrackActions.SetLabel | TrackActions.SetMark, Label = ConnectionLabel.Bit(77), Mark = 7 };
        builder.TrackRules.Add(new TrackRule { Match = RuleMatch.Any.Serving(IpProtocol.Tcp, 443), Do = label });
        builder.TrackRules.Add(new TrackRule { Match = Network.From(Network.Lan).Serving(IpProtocol.Udp, 123), Do = { Actions = TrackActions.NoTrack } });
        RuleMatch directly = Network.From(Network.Wan);
        (directly.DestinationLow, directly.DestinationHigh) =
            (Ipv4Address.Parse("172.16.0.0").Host, Ipv4Address.Parse("172.16.255.255").Host);
        builder.DestinationRules.Add(new DestinationRule { Match = directly, To = Ipv4Address.Parse(Swallowed) });
        builder.DestinationRules.Add(new DestinationRule
        {
            Match = RuleMatch.Any.To(Network.WanAddress).Serving(IpProtocol.Tcp, 8000, 8003),
            To = Ipv4Address.Parse(WebServer),
            ToPort = 80,
            MatchedPort = 8000,
            ToPortCount = 4,
        });
        Add(builder, Network.FromTo(Network.Lan, Network.Dmz).Serving(IpProtocol.Tcp, 23), FilterVerdict.Reject);
        Add(builder, Within(Network.From(Network.Lan), "10.0.0.0", "10.0.255.255"), FilterVerdict.Accept);
        Add(builder, Within(Network.From(Network.Dmz), "172.16.0.0", "172.16.0.255"), FilterVerdict.Accept);
        Add(builder, Network.From(Network.Wan).To(WebServer).Serving(IpProtocol.Tcp, 80, 83), FilterVerdict.Accept);
        // Not back to where it came from: an outsider's inside source address would come back as a leak.
        RuleMatch invalid = RuleMatch.Any;
        invalid.InPorts = Network.Mask(Network.Lan, Network.Dmz);
        invalid.States = 1 << (int)PacketState.Invalid;
        Add(builder, invalid, FilterVerdict.Accept);
        foreach ((byte from, byte to) in ((byte, byte)[])[(Network.Lan, Network.Wan), (Network.Dmz, Network.Wan), (Network.Lan, Network.Dmz)])
        {
            builder.SourceRules.Add(new SourceRule { Match = Network.FromTo(from, to), Action = SourceAction.Masquerade });
        }

        return builder;
    }

    /// <summary>Narrows a condition to sources that belong behind the port: an outsider's address, used by somebody inside, would have its
    /// answers leave untranslated.</summary>
    private static RuleMatch Within(RuleMatch match, string low, string high)
    {
        (match.SourceLow, match.SourceHigh) = (Ipv4Address.Parse(low).Host, Ipv4Address.Parse(high).Host);
        return match;
    }

    private static void Add(PlanBuilder builder, RuleMatch match, FilterVerdict verdict)
    {
        builder.FilterRules.Add(new FilterRule { Match = match, Verdict = verdict });
        builder.Filter6Rules.Add(new FilterRule6 { Match = new RuleMatch6 { Common = match }, Verdict = verdict });
    }
}
