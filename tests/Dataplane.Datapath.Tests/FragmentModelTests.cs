using System;
using System.Collections.Generic;
using System.Linq;
using Dataplane.Datapath.Fragments;
using Dataplane.Packet;
using Xunit;

namespace Dataplane.Datapath.Tests;

/// <summary>Random streams of fragments of many datagrams of both families, against a naive table.</summary>
public sealed unsafe class FragmentModelTests
{
    // Time in 64ths of a second: exact in binary and in nanoseconds.
    private const int TicksPerSecond = 64;
    private const int TimeoutTicks = 15 * TicksPerSecond;
    private const int PerDatagram = 12;

    private readonly Dictionary<(bool IsIpv6, int Host, ushort Id), Datagram> _datagrams = [];
    private readonly List<int> _passed = [];
    private readonly Dictionary<DropReason, ulong> _drops = [];
    private int _ticks;
    private int _passedCount;

    private sealed record Datagram(FragmentReference Pieces, List<int> Held, int DeadlineTicks)
    {
        public bool HasFirst { get; set; }

        public DropReason Refused { get; set; }
    }

    private sealed record Frame(bool IsIpv6, int Host, ushort Id, int Offset, int Length, bool IsLast);

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    public void Sixty_thousand_fragments_fare_as_in_a_naive_table(int seed)
    {
        Random random = new(seed);
        using FragmentBed bed = new(new FragmentLimits { PerDatagram = PerDatagram, Held = 4000, HeldPerSource = 4000 });
        List<Queue<Frame>> open = [];
        for (int number = 0; number < 60_000; number++)
        {
            if (open.Count < 60)
            {
                open.Add(Stream(random));
            }

            Queue<Frame> stream = open[random.Next(open.Count)];
            Step(bed, stream.Dequeue(), number);
            open.RemoveAll(queue => queue.Count == 0);
            if (random.Next(20) == 0)
            {
                int elapsed = random.Next(1, 64);
                _ticks += elapsed;
                bed.Advance((double)elapsed / TicksPerSecond);
            }

            if (random.Next(200) == 0)
            {
                bed.Maintain();
                Expire();
                Assert.Equal(_datagrams.Values.Sum(datagram => datagram.Held.Count), bed.Tables->Held);
                Assert.Equal(_datagrams.Count, bed.Tables->Ipv4.Used + bed.Tables->Ipv6.Used);
            }
        }

        DropReason[] expected =
        [
            DropReason.FragmentDuplicate, DropReason.FragmentOverlap, DropReason.FragmentTooMany, DropReason.FragmentTimeout,
        ];
        Assert.All(expected, reason => Assert.True(_drops[reason] > 100, $"only {_drops[reason]} {reason}"));
        Assert.True(_passedCount > 5_000, $"only {_passedCount} passed");
    }

    private void Step(FragmentBed bed, Frame frame, int number)
    {
        _passed.Clear();
        bed.Passed.Clear();
        bed.Send(
            frame.IsIpv6
                ? FragmentFrames.Udp6(frame.Offset, frame.Length, frame.IsLast, frame.Id, $"2001:db8:{frame.Host + 1:x}::1")
                : FragmentFrames.Udp(frame.Offset, frame.Length, frame.IsLast, frame.Id, $"10.0.2.{frame.Host + 1}"),
            number);
        Predict(frame, number);
        _passedCount += _passed.Count;
        Assert.Equal(_passed, bed.Passed.Select(passed => passed.Number));
        foreach ((DropReason reason, ulong count) in _drops)
        {
            Assert.True(count == bed.Drops(reason), $"fragment {number}, {frame}: {bed.Drops(reason)} {reason}, expected {count}");
        }

        Assert.Equal(_drops.Values.Aggregate(0ul, (sum, count) => sum + count), bed.Dropped);
    }

    private void Predict(Frame frame, int number)
    {
        (bool, int, ushort) key = (frame.IsIpv6, frame.Host, frame.Id);
        if (_datagrams.TryGetValue(key, out Datagram? datagram) && datagram.DeadlineTicks <= _ticks)
        {
            Forget(key, datagram);
            datagram = null;
        }

        if (datagram == null)
        {
            datagram = new Datagram(new FragmentReference(), [], _ticks + TimeoutTicks);
            _datagrams[key] = datagram;
        }

        if (datagram.Refused != DropReason.None)
        {
            Drop(datagram.Refused, 1);
            return;
        }

        switch (datagram.Pieces.Add(frame.Offset, frame.Length, frame.IsLast, PerDatagram))
        {
            case FragmentFit.Added:
                Add(key, datagram, frame, number);
                break;
            case FragmentFit.Duplicate:
                Drop(DropReason.FragmentDuplicate, 1);
                break;
            case FragmentFit.Overlap:
                Refuse(datagram, DropReason.FragmentOverlap);
                break;
            default:
                Refuse(datagram, DropReason.FragmentTooMany);
                break;
        }
    }

    private void Add((bool, int, ushort) key, Datagram datagram, Frame frame, int number)
    {
        datagram.HasFirst |= frame.Offset == 0;
        if (!datagram.HasFirst)
        {
            datagram.Held.Add(number);
            return;
        }

        _passed.Add(number);
        _passed.AddRange(datagram.Held);
        datagram.Held.Clear();
        if (datagram.Pieces.IsComplete)
        {
            _datagrams.Remove(key);
        }
    }

    private void Refuse(Datagram datagram, DropReason reason)
    {
        datagram.Refused = reason;
        Drop(reason, 1 + datagram.Held.Count);
        datagram.Held.Clear();
    }

    private void Expire()
    {
        foreach (((bool, int, ushort) key, Datagram datagram) in _datagrams.Where(pair => pair.Value.DeadlineTicks <= _ticks).ToArray())
        {
            Forget(key, datagram);
        }
    }

    private void Forget((bool, int, ushort) key, Datagram datagram)
    {
        Drop(DropReason.FragmentTimeout, datagram.Held.Count);
        _datagrams.Remove(key);
    }

    private void Drop(DropReason reason, int count) => _drops[reason] = _drops.GetValueOrDefault(reason) + (ulong)count;

    /// <summary>A datagram's pieces as they may arrive; identifications are few, so that they come again.</summary>
    private static Queue<Frame> Stream(Random random)
    {
        bool isIpv6 = random.Next(2) == 0;
        int host = random.Next(20);
        ushort id = (ushort)random.Next(40);
        (int Offset, int Length, bool IsLast)[] pieces = FragmentShapes.Disturbed(random);

        // What the parser would refuse is not for the table.
        return new Queue<Frame>(pieces
            .Where(piece => piece.Offset + piece.Length <= 65000 && (piece.Offset > 0 || !piece.IsLast))
            .Where(piece => piece.Offset > 0 || piece.Length >= 8)
            .Select(piece => piece with { Length = Math.Min(piece.Length, 1400) })
            .Select(piece => new Frame(isIpv6, host, id, piece.Offset, piece.IsLast ? piece.Length : (piece.Length + 7) / 8 * 8, piece.IsLast))
            .DefaultIfEmpty(new Frame(isIpv6, host, id, 8, 8, true)));
    }
}
