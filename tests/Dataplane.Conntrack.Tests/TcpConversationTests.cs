using System;
using System.Collections.Generic;
using System.Numerics;
using System.Runtime.InteropServices;
using Dataplane.Packet;
using Xunit;

namespace Dataplane.Conntrack.Tests;

/// <summary>Two honest endpoints, a network that loses, doubles and reorders on both sides of the router, and never an INVALID.</summary>
[Trait("Category", "Portable")]
public sealed unsafe class TcpConversationTests
{
    /// <summary>How far a segment may fall behind: a handful, or acknowledgments would be older than a window, which RFC 5961 §5 refuses.</summary>
    private const int OvertakenMax = 4;

    private const int Conversations = 400;

    /// <summary>Segments that a failure shows.</summary>
    private const int RecentMax = 12;

    [Fact]
    public void A_valid_segment_is_never_invalid()
    {
        int fast = 0;
        int judged = 0;
        for (int seed = 0; seed < Conversations; seed++)
        {
            Conversation conversation = new(seed);
            conversation.Run();
            Assert.True(conversation.IsFinished, $"seed {seed} did not finish: {conversation}");
            Assert.Equal((seed, ConnectionState.TcpTimeWait), (seed, conversation.State));
            fast += conversation.FastCount;
            judged += conversation.JudgedCount;
        }

        // The conversations are long and disturbed enough to mean something, and undisturbed enough for the fast path.
        Assert.True(judged > Conversations * 50, $"{judged} judged");
        Assert.True(fast > judged / 20, $"{fast} of {judged} fast");
    }

    [Fact]
    public void A_stranger_in_between_is_refused_wherever_he_aims_outside_the_window()
    {
        int refused = 0;
        for (int seed = 0; seed < 100; seed++)
        {
            Conversation conversation = new(seed) { InjectsStrangers = true };
            conversation.Run();
            Assert.True(conversation.IsFinished, $"seed {seed}: a stranger has ended it: {conversation}");
            refused += conversation.StrangersRefused;
        }

        Assert.True(refused > 3_000, $"{refused} refused");
    }

    private sealed class Conversation
    {
        private readonly Random _random;
        private readonly TcpEndpoint[] _ends;

        // Towards the router and from it, for each direction.
        private readonly List<(Wire Segment, int Overtaken)>[] _before = [[], []];
        private readonly List<(Wire Segment, int Overtaken)>[] _behind = [[], []];
        private readonly byte[] _packet = GC.AllocateArray<byte>(TcpHeader.MaxSizeBytes, pinned: true);
        private readonly Queue<string> _recent = [];
        private readonly int _lossPercent;
        private readonly int _seed;
        private TcpWindows _windows;
        private int _opener;

        public Conversation(int seed)
        {
            _seed = seed;
            _random = new Random(seed);
            _lossPercent = _random.Next(4) == 0 ? 0 : _random.Next(1, 12);
            _ends = [new TcpEndpoint(Setup(), _random), new TcpEndpoint(Setup(), _random)];
            OpensAtOnce = _random.Next(8) == 0;
        }

        public bool InjectsStrangers { get; init; }

        public bool IsFinished { get; private set; }

        public ConnectionState State { get; private set; }

        public int FastCount { get; private set; }

        public int JudgedCount { get; private set; }

        public int StrangersRefused { get; private set; }

        private bool OpensAtOnce { get; }

        public void Run()
        {
            Send(0, _ends[0].Synchronize());
            for (int step = 0; step < 200_000 && !IsFinished; step++)
            {
                if (_random.Next(5) == 0)
                {
                    Act(_random.Next(2));
                }
                else
                {
                    Move(_random.Next(2));
                }

                if (InjectsStrangers && State == ConnectionState.TcpEstablished && _random.Next(4) == 0)
                {
                    Inject();
                }

                IsFinished = _ends[0].IsDone && _ends[1].IsDone && State == ConnectionState.TcpTimeWait;
            }
        }

        public override string ToString() => $"{State}\n{_ends[0]}\n{_ends[1]}\n{Text(_windows)}";

        private EndpointSetup Setup()
        {
            int bufferBytes = _random.Next(3) switch { 0 => _random.Next(300, 5000), 1 => 65_535, _ => _random.Next(65_536, 1 << 20) };
            return new EndpointSetup(
                Initial: _random.Next(3) == 0 ? 0xFFFF_FFFF - (uint)_random.Next(20_000) : (uint)_random.NextInt64(1L << 32),
                SendBytes: _random.Next(4) == 0 ? 0 : _random.Next(60_000),
                BufferBytes: bufferBytes,
                // No stack counts its window in units that its buffer has only a few of.
                Scale: _random.Next(4) == 0 ? -1 : _random.Next(Math.Min(15, BitOperations.Log2((uint)bufferBytes) - 3)),
                HasSack: _random.Next(3) != 0,
                MaxSegmentBytes: _random.Next(2) == 0 ? 1460 : _random.Next(100, 9000),
                ReadsSlowly: _random.Next(3) == 0);
        }

        /// <summary>One end does something that a stack does on its own account.</summary>
        private void Act(int end)
        {
            TcpEndpoint endpoint = _ends[end];
            endpoint.Read();
            Wire? segment = _random.Next(12) switch
            {
                0 when end == 0 || endpoint.IsPeerKnown || OpensAtOnce => endpoint.Synchronize(),
                1 => endpoint.Repeat(),
                2 => endpoint.Acknowledge(),
                3 => endpoint.Probe(),
                _ => endpoint.SendNext() ?? (_random.Next(6) == 0 ? endpoint.Repeat() : null),
            };
            Send(end, segment);
        }

        /// <summary>One segment moves one hop, or is lost there, or stays and goes at once.</summary>
        private void Move(int end)
        {
            bool isBehind = _random.Next(2) == 0;
            List<(Wire, int)> queue = isBehind ? _behind[end] : _before[end];
            if (!Take(queue, out Wire? segment) || _random.Next(100) < _lossPercent)
            {
                return;
            }

            if (_random.Next(100) < 3)
            {
                queue.Add((segment!, 0));
            }

            if (!isBehind)
            {
                // The opener is whose SYN the router sees first.
                _opener = State == ConnectionState.None ? end : _opener;
                Judge((Direction)(end ^ _opener), segment!);
                _behind[end].Add((segment!, 0));
            }
            else if (_ends[end ^ 1].Receive(segment!) && _random.Next(10) != 0)
            {
                TcpEndpoint receiver = _ends[end ^ 1];
                receiver.Read();
                Send(end ^ 1, receiver.Acknowledge() ?? receiver.Synchronize());
            }
        }

        private bool Take(List<(Wire Segment, int Overtaken)> queue, out Wire? segment)
        {
            segment = null;
            if (queue.Count == 0)
            {
                return false;
            }

            int index = queue[0].Overtaken >= OvertakenMax || _random.Next(4) != 0 ? 0 : _random.Next(Math.Min(queue.Count, 3));
            segment = queue[index].Segment;
            for (int earlier = 0; earlier < index; earlier++)
            {
                queue[earlier] = (queue[earlier].Segment, queue[earlier].Overtaken + 1);
            }

            queue.RemoveAt(index);
            return true;
        }

        private void Send(int end, Wire? segment)
        {
            // A full queue loses its tail, as a router's does.
            if (segment != null && _before[end].Count < 20)
            {
                _before[end].Add((segment, 0));
            }
        }

        private void Judge(Direction direction, Wire segment)
        {
            TcpHeader* header = Build(segment);
            TcpSegment read = TcpSegment.Read(header, segment.PayloadBytes);
            JudgedCount++;
            if (State == ConnectionState.None)
            {
                Assert.Equal(DropReason.None, TcpTracker.Open(ref _windows, read, TcpPolicy.Strict, out ConnectionState first));
                State = first;
                return;
            }

            TcpWindows before = _windows;
            TcpWindows fast = _windows;
            _recent.Enqueue($"{State} {direction} {segment}");
            if (_recent.Count > RecentMax)
            {
                _recent.Dequeue();
            }

            bool isFast = State == ConnectionState.TcpEstablished && TcpTracker.TryAdvance(ref fast, direction, header, segment.PayloadBytes);
            TrackerVerdict verdict = TcpTracker.Judge(ref _windows, State, direction, read, TcpPolicy.Strict);
            Assert.True(
                verdict.IsForwarded,
                $"seed {_seed}: {verdict.Reason} for the last of\n{string.Join('\n', _recent)}\n{Text(before)}\n{_ends[0]}\n{_ends[1]}");
            if (isFast)
            {
                FastCount++;
                Assert.Equal(Text(_windows), Text(fast));
            }

            if (verdict.Effect < Trackers.Invalid)
            {
                State = (ConnectionState)verdict.Effect;
            }
        }

        /// <summary>A segment of somebody who does not know the numbers; nothing of it may pass or leave a trace.</summary>
        private void Inject()
        {
            var direction = (Direction)_random.Next(2);
            TcpSide peer = TcpWindows.Side(ref _windows, (Direction)((int)direction ^ 1));
            uint away = 2_200_000u + (uint)_random.NextInt64((1L << 32) - 4_400_000);
            bool isReset = _random.Next(2) == 0;
            Wire forged = new(
                peer.MaxAck + away, (uint)_random.NextInt64(1L << 32), isReset ? TcpFlags.Rst : TcpFlags.Ack | TcpFlags.Psh,
                isReset ? 0 : 100, 5000, -1, 0, 0);
            TcpWindows before = _windows;
            TcpHeader* header = Build(forged);
            Assert.False(TcpTracker.TryAdvance(ref _windows, direction, header, forged.PayloadBytes));
            TrackerVerdict verdict = TcpTracker.Judge(
                ref _windows, State, direction, TcpSegment.Read(header, forged.PayloadBytes), TcpPolicy.Strict);
            Assert.True(verdict.Effect == Trackers.Invalid, $"seed {_seed}: {forged} passed\n{Text(before)}");
            Assert.Equal(Text(before), Text(_windows));
            StrangersRefused++;
        }

        private TcpHeader* Build(Wire segment)
        {
            Array.Clear(_packet);
            ref TcpHeader header = ref MemoryMarshal.AsRef<TcpHeader>(_packet.AsSpan());
            header.Sequence = Be32.FromHost(segment.Sequence);
            header.Acknowledgment = Be32.FromHost(segment.Acknowledgment);
            header.Flags = segment.Flags;
            header.Window = Be16.FromHost(segment.Window);
            Span<byte> options = _packet.AsSpan(TcpHeader.SizeBytes);
            int optionBytes = 0;
            if (segment.Scale >= 0)
            {
                ((ReadOnlySpan<byte>)[1, 3, 3, (byte)segment.Scale]).CopyTo(options);
                optionBytes = 4;
            }

            if (segment.SackRight != segment.SackLeft)
            {
                ((ReadOnlySpan<byte>)[1, 1, 5, 10]).CopyTo(options[optionBytes..]);
                MemoryMarshal.Write(options[(optionBytes + 4)..], Be32.FromHost(segment.SackLeft));
                MemoryMarshal.Write(options[(optionBytes + 8)..], Be32.FromHost(segment.SackRight));
                optionBytes += 12;
            }

            header.OffsetAndReserved = (byte)((TcpHeader.SizeBytes + optionBytes) / 4 << 4);
            return (TcpHeader*)Marshal.UnsafeAddrOfPinnedArrayElement(_packet, 0);
        }

        private static string Text(TcpWindows windows) =>
            $"> end {windows.Original.End:X8} ack {windows.Original.MaxAck:X8} granted {windows.Original.Granted:X8}; "
            + $"< end {windows.Reply.End:X8} ack {windows.Reply.MaxAck:X8} granted {windows.Reply.Granted:X8}; "
            + $"scales {windows.Scales:X2} spans {windows.Spans:X2} again {windows.Retransmissions:X2} bits {windows.Bits:X2}";
    }
}
