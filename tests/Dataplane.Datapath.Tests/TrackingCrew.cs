using System;
using System.Linq;
using System.Threading;
using Dataplane.Conntrack;
using Dataplane.Datapath.Stages;
using Dataplane.Packet;

namespace Dataplane.Datapath.Tests;

/// <summary>Two workers' threads that take segments of the same TCP connections, of both directions each, through tracking.</summary>
internal sealed unsafe class TrackingCrew : IDisposable
{
    /// <summary>Segments of each connection's end: a FIN and its acknowledgment, twice.</summary>
    public const int ClosingSegments = 4;

    private const int PayloadBytes = 1;
    private const int HeaderBytes = Ipv4Header.SizeBytes + TcpHeader.SizeBytes;

    /// <summary>Segments of a worker between two meetings. What a worker holds in its hand is then at most 20,000 bytes behind the other's,
    /// however long it was away: a duplicate that old is valid. Far longer than waking from the meeting takes, or they would work in turns.</summary>
    public const int SegmentsPerRound = 10_000;

    private readonly bool _isUnlocked;
    private readonly RouterBed _bed;
    private readonly TcpConversation[] _talks;
    private readonly uint[] _references;

    /// <summary>By connection and direction: the next number to send, and the number up to which tracking has returned.</summary>
    private readonly int[] _next;
    private readonly int[] _tracked;
    private readonly long[] _sent;
    private int _refused;
    private int _stepsBack;
    private int _running;

    /// <param name="connections">That the two share.</param>
    /// <param name="isUnlocked">A bad variant: the path runs as if each worker were the only one. Tracking is liberal then, so that what
    /// the race does to the windows refuses nothing, and the counting shows; and nobody waits for the other.</param>
    public TrackingCrew(int connections, bool isUnlocked = false)
    {
        PlanBuilder builder = Network.Masquerading();
        builder.Tcp = TcpPolicy.Strict with { IsLiberal = isUnlocked };
        _isUnlocked = isUnlocked;
        _bed = new RouterBed(builder, workers: 2);
        _talks = [.. Enumerable.Range(0, connections).Select(number => new TcpConversation(_bed, (ushort)(4000 + number)).Open())];
        _references = [.. _talks.Select(talk => Reference(talk))];
        _next = [.. _talks.SelectMany(talk => new[] { (int)talk.Client, (int)talk.Server })];
        _tracked = [.. _next];
        _sent = new long[_next.Length];
    }

    /// <summary>Segments that tracking did not let through: every one is valid.</summary>
    public int Refused => _refused;

    /// <summary>States that a watcher saw after a later one.</summary>
    public int StepsBack => _stepsBack;

    /// <summary>Segments let through by connection and direction.</summary>
    public long[] Sent => [.. _sent];

    /// <summary>What the entries counted meanwhile, the handshake's segments taken off.</summary>
    public long[] Counted =>
        [.. _talks.SelectMany(talk => new[] { (long)talk.Packets.Original - 2, (long)talk.Packets.Reply - 1 })];

    public ConnectionState[] States => [.. _talks.Select(talk => talk.State)];

    /// <summary>Data of both directions from both threads, then the end of every connection, under a watcher's eyes.</summary>
    /// <param name="segmentsPerWorker">A multiple of <see cref="SegmentsPerRound"/>.</param>
    public void Run(int segmentsPerWorker)
    {
        for (int worker = 0; worker < 2; worker++)
        {
            WorkerContext* context = _bed.Router.Context(worker);
            context->IsShared = !_isUnlocked;
            context->NowSeconds = _bed.NowSeconds;
        }

        _running = 2;
        using Barrier barrier = new(2);
        Thread[] threads = [.. Enumerable.Range(0, 2).Select(worker => new Thread(() => Work(worker, segmentsPerWorker, barrier))), new Thread(Watch)];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        for (int worker = 0; worker < 2; worker++)
        {
            _bed.Router.Context(worker)->IsShared = true;
        }
    }

    public void Dispose() => _bed.Dispose();

    private void Work(int worker, int segments, Barrier barrier)
    {
        Random random = new(worker);
        byte* memory = stackalloc byte[HeaderBytes];
        new Span<byte>(memory, HeaderBytes).Clear();
        for (int segment = 0; segment < segments; segment++)
        {
            Take(worker, memory, random.Next(_talks.Length), random.Next(2), TcpFlags.Ack, PayloadBytes);
            if (!_isUnlocked && segment % SegmentsPerRound == SegmentsPerRound - 1)
            {
                barrier.SignalAndWait();
            }
        }

        barrier.SignalAndWait();
        for (int connection = worker; connection < _talks.Length; connection += 2)
        {
            Take(worker, memory, connection, 0, TcpFlags.Fin | TcpFlags.Ack, 0);
            Take(worker, memory, connection, 1, TcpFlags.Ack, 0);
            Take(worker, memory, connection, 1, TcpFlags.Fin | TcpFlags.Ack, 0);
            Take(worker, memory, connection, 0, TcpFlags.Ack, 0);
        }

        Interlocked.Decrement(ref _running);
    }

    /// <summary>Takes one segment through tracking, acknowledging all that tracking has seen of the peer.</summary>
    private void Take(int worker, byte* memory, int connection, int direction, TcpFlags flags, int payloadBytes)
    {
        int own = connection * 2 + direction;
        int peer = own ^ 1;
        int length = payloadBytes + ((flags & TcpFlags.Fin) != 0 ? 1 : 0);
        int acknowledged = Volatile.Read(ref _tracked[peer]);
        int end = Interlocked.Add(ref _next[own], length);
        TcpHeader* tcp = (TcpHeader*)(memory + Ipv4Header.SizeBytes);
        tcp->OffsetAndReserved = 5 << 4;
        tcp->Flags = flags;
        tcp->Sequence = Be32.FromHost((uint)(end - length));
        tcp->Acknowledgment = Be32.FromHost((uint)acknowledged);
        tcp->Window = Be16.FromHost(ushort.MaxValue);
        PacketMeta meta = new()
        {
            L3 = memory,
            L4 = memory + Ipv4Header.SizeBytes,
            L3LengthBytes = (ushort)(HeaderBytes + payloadBytes),
            L4LengthBytes = (ushort)(TcpHeader.SizeBytes + payloadBytes),
            PayloadBytes = (ushort)payloadBytes,
            TcpFlags = flags,
            Kind = PacketKind.Ipv4Tracked,
            Reference = _references[connection] | (uint)direction,
            Tuple = new Ipv4Tuple { Protocol = IpProtocol.Tcp },
        };
        if (Track.One<Ipv4Family, Ipv4Tuple>(_bed.Router.Context(worker), &meta) == TrackVerdict.Forward)
        {
            Interlocked.Increment(ref _sent[own]);
        }
        else
        {
            Interlocked.Increment(ref _refused);
        }

        RaiseTo(ref _tracked[own], end);
    }

    /// <summary>Remembers the highest number that tracking has seen; numbers below it may still be on their way, as when packets overtake.</summary>
    private static void RaiseTo(ref int highest, int end)
    {
        int seen = Volatile.Read(ref highest);
        while (end - seen > 0)
        {
            int before = Interlocked.CompareExchange(ref highest, end, seen);
            if (before == seen)
            {
                return;
            }

            seen = before;
        }
    }

    /// <summary>Reads every state over and over until both workers have ended.</summary>
    private void Watch()
    {
        ConnectionState[] latest = States;
        while (Volatile.Read(ref _running) > 0)
        {
            ConnectionState[] now = States;
            _stepsBack += now.Where((state, connection) => state < latest[connection]).Count();
            latest = now;
            Thread.Yield();
        }
    }

    private uint Reference(TcpConversation talk)
    {
        Ipv4Tuple tuple = new TestKit.ReferencePacket(talk.FromClient()).Tuple;
        ConntrackTable<Ipv4Tuple>* table = _bed.Router.Conntrack.Table;
        return table->Find(&tuple, table->Hash(&tuple), _bed.NowSeconds, _bed.Router.Context(0)->Slot).Value;
    }
}
