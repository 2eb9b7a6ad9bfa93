using System;
using System.Collections.Generic;
using System.Numerics;
using Dataplane.Conntrack.Tests;
using Dataplane.Packet;

namespace Dataplane.Oracle.Tests;

/// <summary>Two honest endpoints with a bad network on both sides of the routers, and a forger who sees everything.</summary>
/// <remarks>
/// What both routers forward goes on to the endpoint that it is for. The forger sends copies of recent segments with one or two
/// fields changed, mostly by little: those are the ones on which two trackers could disagree.
/// </remarks>
internal sealed class GeneratedConversation
{
    private const int StepsMax = 4_000;
    private const int PacketsMax = 250;
    private const int QueueMax = 12;

    private readonly Duel _duel;
    private readonly Random _random;
    private readonly TcpEndpoint[] _ends;
    private readonly List<Segment>[] _before = [[], []];
    private readonly List<Segment>[] _behind = [[], []];
    private readonly List<Segment> _recent = [];
    private readonly HashSet<(int End, uint Sequence)> _closing = [];
    private readonly bool _opensAtOnce;
    private readonly int _lossPercent;
    private readonly int _forgedPercent;
    private readonly bool _repeatsFins;

    /// <param name="duel">A fresh flow.</param>
    /// <param name="seed">Decides everything.</param>
    public GeneratedConversation(Duel duel, int seed)
    {
        _duel = duel;
        _random = new Random(seed);
        _ends = [new TcpEndpoint(Setup(), _random), new TcpEndpoint(Setup(), _random)];

        // Without translation the server's SYN could open the connection, and client and server would change places.
        _opensAtOnce = _random.Next(8) == 0 && !duel.Flow.IsIpv6;
        _lossPercent = _random.Next(3) == 0 ? 0 : _random.Next(1, 15);
        _forgedPercent = _random.Next(3) == 0 ? 0 : _random.Next(1, 20);

        // Any conversation may have to repeat its first FIN, which is a known difference: most shall get beyond it.
        _repeatsFins = _random.Next(10) == 0;
    }

    /// <summary>The forger has sent something.</summary>
    public bool HasForged { get; private set; }

    /// <summary>Goes on until both ends have closed, a known difference, or a bound on packets.</summary>
    /// <returns>True if the connection came to its regular end.</returns>
    public bool Run()
    {
        _before[0].Add(Read(Side.Lan, _ends[0].Synchronize()!));
        for (int step = 0; step < StepsMax && _duel.Steps.Count < PacketsMax && _duel.Parting is null && !_duel.HasTurned; step++)
        {
            if (_recent.Count > 0 && _random.Next(200) < _forgedPercent)
            {
                Judge(Forge());
            }
            else if (_random.Next(4) == 0)
            {
                Act(_random.Next(2));
            }
            else
            {
                Move(_random.Next(2));
            }

            if (_ends[0].IsDone && _ends[1].IsDone)
            {
                return true;
            }
        }

        return false;
    }

    private EndpointSetup Setup()
    {
        int bufferBytes = _random.Next(3) switch { 0 => _random.Next(300, 5000), 1 => 65_535, _ => _random.Next(65_536, 1 << 20) };
        return new EndpointSetup(
            Initial: _random.Next(3) == 0 ? 0xFFFF_FFFF - (uint)_random.Next(20_000) : (uint)_random.NextInt64(1L << 32),
            SendBytes: _random.Next(4) == 0 ? 0 : _random.Next(12_000),
            BufferBytes: bufferBytes,
            Scale: _random.Next(4) == 0 ? -1 : _random.Next(Math.Min(15, BitOperations.Log2((uint)bufferBytes) - 3)),
            HasSack: _random.Next(3) != 0,
            MaxSegmentBytes: _random.Next(2) == 0 ? 1400 : _random.Next(100, 1400),
            ReadsSlowly: _random.Next(4) == 0);
    }

    private void Act(int end)
    {
        TcpEndpoint endpoint = _ends[end];
        endpoint.Read();
        Wire? segment = _random.Next(12) switch
        {
            0 when end == 0 || endpoint.IsPeerKnown || _opensAtOnce => endpoint.Synchronize(),
            1 => endpoint.Repeat(),
            2 => endpoint.Acknowledge(),
            3 => endpoint.Probe(),
            _ => endpoint.SendNext() ?? (_random.Next(6) == 0 ? endpoint.Repeat() : null),
        };
        Queue(end, segment);
    }

    /// <summary>One segment moves one hop, is lost there, or is doubled.</summary>
    private void Move(int end)
    {
        List<Segment> queue = _random.Next(2) == 0 ? _behind[end] : _before[end];
        if (queue.Count == 0)
        {
            return;
        }

        int index = _random.Next(3) == 0 ? _random.Next(Math.Min(queue.Count, 3)) : 0;
        Segment segment = queue[index];
        queue.RemoveAt(index);
        if (_random.Next(100) < (segment.Class == "FIN" && !_repeatsFins ? 0 : _lossPercent))
        {
            return;
        }

        if (_random.Next(100) < (segment.Class == "FIN" && !_repeatsFins ? 0 : 3))
        {
            queue.Add(segment);
        }

        if (queue == _behind[end])
        {
            Deliver(end ^ 1, segment);
        }
        else if (Judge(segment))
        {
            _behind[end].Add(segment);
        }
    }

    private void Deliver(int end, Segment segment)
    {
        TcpEndpoint receiver = _ends[end];
        int scale = segment.Scale;
        Wire wire = new(
            segment.Sequence, segment.Acknowledgment, segment.Flags, segment.PayloadBytes, segment.Window, scale, segment.Sack.Left, segment.Sack.Right);
        if (receiver.Receive(wire) && _random.Next(10) != 0)
        {
            receiver.Read();
            Queue(end, receiver.Acknowledge() ?? receiver.Synchronize());
        }
    }

    private void Queue(int end, Wire? wire)
    {
        bool isRepeatedFin = wire is not null && wire.Flags.HasFlag(TcpFlags.Fin) && !_closing.Add((end, wire.Sequence));
        if (wire is not null && (_repeatsFins || !isRepeatedFin) && _before[end].Count < QueueMax)
        {
            _before[end].Add(Read(end == 0 ? Side.Lan : Side.Wan, wire));
        }
    }

    /// <summary>Through both routers.</summary>
    /// <returns>Whether they forwarded it.</returns>
    private bool Judge(Segment segment)
    {
        _recent.Add(segment);
        if (_recent.Count > 8)
        {
            _recent.RemoveAt(0);
        }

        return _duel.Send(segment.Of(_duel.Flow)) && _duel.Steps[^1].Ours.IsForwarded;
    }

    private Segment Forge()
    {
        HasForged = true;
        Segment forged = _recent[_random.Next(_recent.Count)];
        for (int changes = _random.Next(1, 3); changes > 0; changes--)
        {
            forged = _random.Next(7) switch
            {
                0 => forged with { Sequence = forged.Sequence + Distance() },
                1 => forged with { Acknowledgment = forged.Acknowledgment + Distance() },
                2 => forged with { Window = (ushort)_random.Next(_random.Next(2) == 0 ? 10 : 65_536) },
                3 => forged with { PayloadBytes = _random.Next(1400) },
                4 => forged with { HasBadChecksum = _random.Next(4) == 0 },
                _ => forged with { Flags = Flags() },
            };
        }

        // Several SYNs of different number in one handshake are a field of their own, with a few witnesses among the known differences.
        bool isOpening = _duel.Steps[^1].Ours.After.State is "SYN_SENT" or "SYN_SENT2" or "SYN_RECV" or Connection.Gone;
        return isOpening && forged.Flags.HasFlag(TcpFlags.Syn) ? _recent[0] : forged;
    }

    private uint Distance() => (uint)(_random.Next(4) switch
    {
        0 => _random.Next(-2, 3),
        1 => _random.Next(-2_000, 2_000),
        2 => _random.Next(-200_000, 200_000),
        _ => _random.Next(),
    });

    private TcpFlags Flags() => _random.Next(8) switch
    {
        0 => TcpFlags.Rst,
        1 => TcpFlags.Rst | TcpFlags.Ack,
        2 => TcpFlags.Syn,
        3 => TcpFlags.Syn | TcpFlags.Ack,
        4 => TcpFlags.Fin | TcpFlags.Ack,
        5 => (TcpFlags)_random.Next(256),
        _ => TcpFlags.Ack,
    };

    private static Segment Read(Side side, Wire wire) => new(side, wire.Flags, wire.Sequence, wire.Acknowledgment)
    {
        PayloadBytes = wire.PayloadBytes,
        Window = wire.Window,
        Scale = wire.Scale,
        Sack = (wire.SackLeft, wire.SackRight),
    };
}
