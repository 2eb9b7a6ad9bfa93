using System;
using System.Collections.Generic;
using System.Linq;
using Dataplane.Conntrack;
using Dataplane.Packet;
using Dataplane.TestKit;
using Xunit;

namespace Dataplane.Datapath.Tests.Model;

/// <summary>Feeds one random stream to the router and to the reference, and compares them packet by packet.</summary>
internal sealed class ModelRun : IDisposable
{
    private readonly RouterBed _bed;
    private readonly OfficePolicy _policy = new();
    private readonly ReferenceNat _reference;
    private readonly Random _random;
    private readonly Traffic _traffic;
    private readonly int _queues;
    private readonly ulong[] _expectedDrops = new ulong[DropReasons.Count];
    private readonly Dictionary<byte[], DropReason> _malformed = [];
    private readonly List<Pending> _pending = [];

    /// <param name="seed">Of the whole run.</param>
    /// <param name="workers">Routers' workers, stepped in random order by one thread.</param>
    /// <param name="transmitQueues">Fewer than workers makes them hand packets over.</param>
    public ModelRun(int seed, int workers, int transmitQueues)
    {
        PlanBuilder builder = OfficePolicy.Build();
        _queues = workers;
        _random = new Random(seed);
        _traffic = new Traffic(_random);
        _reference = new ReferenceNat(_policy, builder.Timeouts);
        _bed = new RouterBed(builder, workers, new PortQueues(workers, transmitQueues)) { MayLeave = OfficePolicy.MayLeave };
        _bed.World.BurstLimit = 1;
    }

    /// <summary>A packet that was received, and what must come of it.</summary>
    private sealed record Pending(ushort Identification, Ipv4Tuple Tuple, ReferenceOutcome Outcome);

    /// <summary>How many packets of the stream led to what: a stream that exercises nothing proves nothing.</summary>
    public Dictionary<DropReason, int> Seen { get; } = [];

    public void Run(int packets)
    {
        int sent = 0;
        while (sent < packets)
        {
            if (_random.Next(60) == 0)
            {
                _bed.Advance(_random.Next(8) == 0 ? _random.Next(1, 60) : _random.NextDouble());
                _bed.Settle();
            }

            _bed.Advance(0.001);
            sent += Step(_random.Next(1, 5));
        }

        _bed.Check();
    }

    public void Dispose() => _bed.Dispose();

    /// <summary>A few packets at once: workers take them in random order, and what they took the reference sees in that order.</summary>
    /// <remarks>
    /// The reference learns a new connection's port when its packet is compared, at the end of the step. A stray that arrives
    /// before that could hit the port unknown to it, so strays come alone.
    /// </remarks>
    private int Step(int packets)
    {
        _bed.Take();
        bool strays = packets == 1;
        List<ReferenceEntry> known = [.. _reference.Known.Where(entry => strays || IsOpen(entry))];
        for (int index = 0; index < packets; index++)
        {
            Stimulus stimulus = _traffic.Next(known, strays);

            // The queue follows from the port, so that the directions of a connection meet different workers, or from nothing.
            int queue = _random.Next(4) == 0 ? _random.Next(_queues) : stimulus.Port % _queues;
            _bed.Inject(stimulus.Port, stimulus.Frame, queue);
            if (stimulus.Malformed != DropReason.None)
            {
                _malformed[stimulus.Frame] = stimulus.Malformed;
            }
        }

        for (int quiet = 0; quiet < 3 * _queues;)
        {
            int moved = _bed.Poll(_random.Next(_queues));
            Predict();
            quiet = moved == 0 && _bed.World.Waiting == 0 ? quiet + 1 : 0;
        }

        _bed.Settle();
        Predict();
        Compare();
        _malformed.Clear();
        return packets;
    }

    private bool IsOpen(ReferenceEntry entry) =>
        entry.DeadlineSeconds > _bed.NowSeconds && entry.State is not (ConnectionState.TcpTimeWait or ConnectionState.TcpClose);

    private void Predict()
    {
        foreach (ReceivedFrame received in _bed.World.Received)
        {
            if (received.Bytes[12] == 0x08 && received.Bytes[13] == 0x06)
            {
                continue;
            }

            byte[]? malformed = _malformed.Keys.FirstOrDefault(frame => frame.AsSpan().SequenceEqual(received.Bytes));
            ReferencePacket? packet = malformed == null ? new ReferencePacket(received.Bytes) : null;
            Ipv4Tuple tuple = packet?.Tuple ?? default;
            ReferenceOutcome outcome = packet == null
                ? new ReferenceOutcome(_malformed[malformed!], -1, null)
                : _reference.Process(received.Port, packet, _bed.NowSeconds);
            Seen[outcome.Reason] = Seen.GetValueOrDefault(outcome.Reason) + 1;
            if (outcome.Reason != DropReason.None)
            {
                _expectedDrops[(int)outcome.Reason]++;
            }

            if (outcome.OutPort >= 0)
            {
                _pending.Add(new Pending(packet!.Identification, tuple, outcome));
            }
        }

        _bed.World.Received.Clear();
    }

    private void Compare()
    {
        List<SentFrame> sent = [.. _bed.Take()];
        foreach (Pending pending in _pending)
        {
            int at = sent.FindIndex(frame => IsAbout(frame.Bytes, pending));
            Assert.True(at >= 0, $"{pending.Tuple} with id {pending.Identification} did not lead to a frame by {pending.Outcome.OutPort} ({pending.Outcome.Reason}); "
                + string.Join(", ", DropsNotExpected()));
            byte[] expected = pending.Outcome.Expected!(new ReferencePacket(sent[at].Bytes));
            Assert.Equal(pending.Outcome.OutPort, sent[at].Port);
            Assert.True(expected.AsSpan().SequenceEqual(sent[at].Bytes),
                $"expected {Convert.ToHexString(expected)} but {Convert.ToHexString(sent[at].Bytes)} left");
            sent.RemoveAt(at);
        }

        Assert.True(sent.Count == 0, sent.Count == 0 ? "" : $"not expected: {Convert.ToHexString(sent[0].Bytes)} by {sent[0].Port}; "
            + string.Join(", ", DropsNotExpected()));
        _pending.Clear();
        Assert.Empty(DropsNotExpected());
    }

    private List<string> DropsNotExpected()
    {
        List<string> differences = [];
        for (int reason = 1; reason < _expectedDrops.Length; reason++)
        {
            ulong dropped = _bed.Drops((DropReason)reason);
            if (dropped != _expectedDrops[reason])
            {
                differences.Add($"{(DropReason)reason}: {dropped} dropped, {_expectedDrops[reason]} expected");
            }
        }

        return differences;
    }

    /// <summary>A forwarded packet keeps its identification; the router's error about it quotes that.</summary>
    private static bool IsAbout(byte[] frame, Pending pending)
    {
        ReferencePacket packet = new(frame);
        bool isOwnError = packet.IsIcmpError && frame[15] == 0xC0;
        ushort identification = isOwnError ? (ushort)(frame[14 + 28 + 4] << 8 | frame[14 + 28 + 5]) : packet.Identification;
        return isOwnError == (pending.Outcome.Reason != DropReason.None) && identification == pending.Identification;
    }
}
