using System;
using System.Collections.Generic;
using Dataplane.Conntrack;
using Dataplane.Datapath;
using Dataplane.Datapath.Tests;
using Dataplane.Packet;
using Dataplane.TestKit;
using Xunit;

namespace Dataplane.Oracle.Tests;

/// <summary>The router under test, one worker, in a memory world whose clock stands still.</summary>
internal sealed unsafe class OurRouter : Contender
{
    private const uint EntriesMax = 1 << 17;

    /// <summary>Seconds until every IPv6 address is valid.</summary>
    private const double StartSeconds = 8;

    private readonly Plan* _plan;
    private readonly MemoryWorld _world;
    private readonly Router _router;
    private readonly Worker<MemoryEnvironment> _worker;

    public OurRouter()
    {
        PlanBuilder builder = Neighbourhood.Plan();
        _plan = builder.Build();
        PortQueues queues = new(1, 1);
        int ports = builder.Ports.Count;
        PortQueues[] all = new PortQueues[ports];
        Array.Fill(all, queues);
        int[] receiveQueues = new int[ports];
        Array.Fill(receiveQueues, 1);
        _world = new MemoryWorld(receiveQueues);
        ConntrackSize size = new(EntriesMax, 1, Hugepages: false);
        _router = new Router(_plan, size, new QueueAssignment(all, 1), seed: 1, size6: size);
        _worker = new Worker<MemoryEnvironment>(_router, 0, new MemoryEnvironment(_world));
        _worker.GoOnline();
        for (double elapsed = 0; elapsed < StartSeconds; elapsed += 0.5)
        {
            Settle();
            _world.NowNanoseconds += 500_000_000;
        }

        _world.Sent.Clear();
    }

    public override string ToString() => "Dataplane";

    protected override (IReadOnlyList<Departure> Departures, string Reason) Exchange(Side side, byte[] frame)
    {
        WorkerCounters before = _router.Totals();
        _world.Inject(side == Side.Lan ? Network.Lan : Network.Wan, 0, frame);
        Settle();
        WorkerCounters after = _router.Totals();
        string reason = "";
        for (int index = 0; index < DropReasons.Count; index++)
        {
            reason = after.Drops[index] == before.Drops[index] ? reason : DropReasons.Label((DropReason)index);
        }

        List<Departure> departures = [];
        foreach (SentFrame sent in _world.Sent)
        {
            if (!IsNeighbourTalk(sent.Bytes))
            {
                departures.Add(new Departure(sent.Port == Network.Lan ? Side.Lan : Side.Wan, sent.Bytes));
            }
        }

        _world.Sent.Clear();
        return (departures, reason);
    }

    protected override Sighting Find(Flow flow) => flow.IsIpv6 ? Find6(flow) : Find4(flow);

    protected override void Dispose(bool disposing)
    {
        try
        {
            _world.CheckLedger();
            WorkerCounters totals = _router.Totals();
            Assert.Equal(
                totals.Received + totals.Made, totals.Transmitted + totals.Consumed + totals.Dropped + totals.HeldIn - totals.HeldOut);
        }
        finally
        {
            _router.Dispose();
            _world.Dispose();
            PlanBuilder.Free(_plan);
        }
    }

    /// <summary>ARP and neighbour discovery, which the other router does by fixed entries.</summary>
    private static bool IsNeighbourTalk(byte[] frame) =>
        (frame[12] == 0x08 && frame[13] == 0x06)
        || (frame[12] == 0x86 && frame[20] == IpProtocol.Icmpv6 && Icmpv6Type.IsNeighbourDiscovery(frame[54]));

    private void Settle()
    {
        int received;
        do
        {
            received = _worker.Poll();
        }
        while (received > 0 || _world.Waiting > 0);
        _world.Received.Clear();
    }

    private Sighting Find4(Flow flow)
    {
        Ipv4Tuple tuple = new()
        {
            Source = Ipv4Address.Parse(flow.Client.Address),
            Destination = Ipv4Address.Parse(flow.Server.Address),
            SourcePort = Be16.FromHost(flow.Client.Port),
            DestinationPort = Be16.FromHost(flow.Server.Port),
            Protocol = flow.Protocol,
            Kind = flow.IsQuery ? IcmpType.EchoRequest : (byte)0,
        };
        ConntrackTable<Ipv4Tuple>* table = _router.Conntrack.Table;
        EntryReference found = table->Find(&tuple, table->Hash(&tuple), NowSeconds, _router.Conntrack.Slot(0));
        if (found.IsNone)
        {
            return Sighting.None;
        }

        byte* entry = table->EntryAt(found.Index);
        Ipv4Tuple* reply = Entry<Ipv4Tuple>.Tuple(entry, Direction.Reply);
        return new Sighting(
            Read(Entry<Ipv4Tuple>.Head(entry)), new Endpoint(reply->Destination.ToString(), reply->DestinationPort.Host));
    }

    private Sighting Find6(Flow flow)
    {
        Ipv6Tuple tuple = new()
        {
            Source = Ipv6Address.Parse(flow.Client.Address),
            Destination = Ipv6Address.Parse(flow.Server.Address),
            SourcePort = Be16.FromHost(flow.Client.Port),
            DestinationPort = Be16.FromHost(flow.Server.Port),
            Protocol = flow.Protocol,
            Kind = flow.IsQuery ? Icmpv6Type.EchoRequest : (byte)0,
        };
        ConntrackTable<Ipv6Tuple>* table = _router.Conntrack6!.Table;
        EntryReference found = table->Find(&tuple, table->Hash(&tuple), NowSeconds, _router.Conntrack6.Slot(0));
        return found.IsNone ? Sighting.None : new Sighting(Read(Entry<Ipv6Tuple>.Head(table->EntryAt(found.Index))), flow.Client);
    }

    private uint NowSeconds => (uint)(_world.NowNanoseconds / 1_000_000_000);

    private static Connection Read(EntryHead* head)
    {
        StateWord word = new(head->State);
        return new Connection(
            NameOf(word.State), (word.Flags & EntryFlags.SeenReply) != 0, (word.Flags & EntryFlags.Assured) != 0);
    }

    /// <summary>Netfilter's name of a state.</summary>
    private static string NameOf(ConnectionState state) => state switch
    {
        ConnectionState.TcpSynSent => "SYN_SENT",
        ConnectionState.TcpSynSent2 => "SYN_SENT2",
        ConnectionState.TcpSynReceived => "SYN_RECV",
        ConnectionState.TcpEstablished => "ESTABLISHED",
        ConnectionState.TcpFinWait => "FIN_WAIT",
        ConnectionState.TcpCloseWait => "CLOSE_WAIT",
        ConnectionState.TcpLastAck => "LAST_ACK",
        ConnectionState.TcpTimeWait => "TIME_WAIT",
        ConnectionState.TcpClose => "CLOSE",
        ConnectionState.SctpCookieWait => "COOKIE_WAIT",
        ConnectionState.SctpCookieEchoed => "COOKIE_ECHOED",
        ConnectionState.SctpEstablished => "ESTABLISHED",
        ConnectionState.SctpShutdownSent => "SHUTDOWN_SENT",
        ConnectionState.SctpShutdownReceived => "SHUTDOWN_RECD",
        ConnectionState.SctpShutdownAckSent => "SHUTDOWN_ACK_SENT",
        ConnectionState.SctpClosed => "CLOSED",
        ConnectionState.SctpHeartbeatSent => "HEARTBEAT_SENT",
        _ => Connection.Open,
    };
}
