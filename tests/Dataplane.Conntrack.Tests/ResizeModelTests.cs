using System;
using System.Collections.Generic;
using System.Linq;
using Dataplane.Packet;
using Xunit;

namespace Dataplane.Conntrack.Tests;

/// <summary>Random operations, steps of resizes and changes of the limit among them, against a dictionary.</summary>
/// <remarks>
/// The table goes between one and sixteen buckets a stripe. At one bucket three quarters of the places are wanted, so that insertions are
/// refused and moves find no room.
/// </remarks>
[Trait("Category", "Portable")]
public abstract unsafe class ResizeModelTests<TTuple, TFamily> : IDisposable
    where TTuple : unmanaged
    where TFamily : ITupleFamily<TTuple>
{
    private const int Steps = 40_000;
    private const uint Locks = (uint)StripeLocks.Count;
    private const uint EntriesMax = 3 * Locks;
    private const int Numbers = 6 * (int)Locks;

    private static readonly uint[] s_bucketsPerStripe = [1, 1, 2, 4, 16];

    private readonly TestTable<TTuple, TFamily> _test =
        new(new ConntrackSize(EntriesMax, 1, false) { Buckets = 2 * Locks, Seed = 21 });

    private readonly Dictionary<TTuple, Connection> _model = [];
    private readonly List<Connection> _connections = [];
    private readonly HashSet<uint> _corpses = [];
    private readonly int[] _results = new int[5];
    private uint _now = TestTable<TTuple, TFamily>.Now;
    private long _limit = EntriesMax;
    private int _refused;
    private uint _moved;
    private int _withoutRoom;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Random_operations_during_resizes_agree_with_a_dictionary(int seed)
    {
        var random = new Random(seed);
        for (int step = 0; step < Steps; step++)
        {
            Step(random, random.Next(1000));
            if (step % (Steps / 8) == 0)
            {
                _test.AssertConsistent();
            }
        }

        // The run is worth something only if it met every outcome, and resizes that had to wait for room.
        Assert.True(_results[(int)InsertResult.Inserted] > 1000);
        Assert.True(_results[(int)InsertResult.OriginalExists] > 500);
        Assert.True(_results[(int)InsertResult.ReplyExists] > 500);
        Assert.True(_results[(int)InsertResult.ChainTooLong] > 20, $"{_results[(int)InsertResult.ChainTooLong]} found no place");
        Assert.Equal(0, _results[(int)InsertResult.Busy]);
        Assert.True(_test.Memory.Resizes > 10, $"{_test.Memory.Resizes} resizes");
        Assert.True(_withoutRoom > 0, "every connection always found room");
        Assert.True(_refused > 20, $"the limit was reached {_refused} times");
        AssertSameAtTheEnd();
    }

    public void Dispose()
    {
        _test.Dispose();
        GC.SuppressFinalize(this);
    }

    private void Step(Random random, int choice)
    {
        if (choice < 450)
        {
            Insert(random);
        }
        else if (choice < 700)
        {
            Find(TFamily.Numbered((uint)random.Next(Numbers)));
            Find(TFamily.Inverted(TFamily.Numbered((uint)random.Next(Numbers))));
        }
        else if (choice < 720 && _connections.Count > 0)
        {
            Remove(_connections[random.Next(_connections.Count)]);
        }
        else if (choice < 800 && _connections.Count > 0)
        {
            Refresh(_connections[random.Next(_connections.Count)], random);
        }
        else if (choice < 805)
        {
            _now++;
        }
        else if (choice < 830)
        {
            Sweep(random);
        }
        else if (choice < 832)
        {
            AssertDump();
        }
        else if (choice < 834)
        {
            // Near what is open, or out of the way.
            int near = Math.Clamp(_connections.Count + random.Next(-20, 40), 1, (int)EntriesMax);
            _limit = random.Next(2) == 0 ? near : EntriesMax;
            Assert.True(_test.Memory.TrySetEntriesMax(_limit));
            _test.Memory.Pool->HandIn(_test.Memory.Slot(0));
        }
        else
        {
            Resize(random);
        }
    }

    private void Insert(Random random)
    {
        // Replies come from fewer numbers than originals, so that they clash.
        TTuple original = TFamily.Numbered((uint)random.Next(Numbers));
        TTuple reply = TFamily.Inverted(TFamily.Numbered((uint)random.Next(Numbers)));
        uint deadline = _now + (uint)random.Next(1, 60);
        uint index = _test.Build(original, reply, deadline);
        Assert.Equal(_connections.Count >= _limit, index == 0);
        if (index == 0)
        {
            _refused++;
            return;
        }

        InsertResult expected = Expected(original, reply, out Connection? inTheWay);
        InsertResult actual = _test.Table->Insert(_test.Memory.Slot(0), index, _now, out EntryReference existing);
        Assert.Equal(expected, actual);
        Assert.Equal(inTheWay?.Index ?? 0, existing.Index);
        _results[(int)actual]++;
        if (actual == InsertResult.Inserted)
        {
            var connection = new Connection(index, original, reply) { Deadline = deadline, Position = _connections.Count };
            _connections.Add(connection);
            _model.Add(original, connection);
            _model.Add(reply, connection);
        }
        else
        {
            _test.Table->Abandon(_test.Memory.Slot(0), index);
        }
    }

    /// <summary>What an insertion has to answer; corpses that are in its way leave the model.</summary>
    private InsertResult Expected(TTuple original, TTuple reply, out Connection? inTheWay)
    {
        _corpses.Clear();
        if (IsTaken(original, out inTheWay))
        {
            return InsertResult.OriginalExists;
        }

        if (IsTaken(reply, out inTheWay))
        {
            return InsertResult.ReplyExists;
        }

        // New connections go to the new array, whatever room the old one has.
        int replyBucket = FirstWithRoom(reply, takenBucket: -1);
        return replyBucket >= 0 && FirstWithRoom(original, replyBucket) >= 0 ? InsertResult.Inserted : InsertResult.ChainTooLong;
    }

    private int FirstWithRoom(TTuple tuple, int takenBucket)
    {
        foreach (uint bucket in _test.ProbeSequence(_test.Hash(tuple)))
        {
            int occupied = bucket == takenBucket ? 1 : 0;
            for (int place = 0; place < Bucket.Places; place++)
            {
                Bucket* line = _test.Buckets + bucket;
                occupied += line->Tags[place] != 0 && !_corpses.Contains(line->References[place] >> 1) ? 1 : 0;
            }

            if (occupied < Bucket.Places)
            {
                return (int)bucket;
            }
        }

        return -1;
    }

    private bool IsTaken(TTuple tuple, out Connection? by)
    {
        if (_model.TryGetValue(tuple, out by) && by.Deadline <= _now)
        {
            Forget(by);
            _corpses.Add(by.Index);
            by = null;
        }

        return by != null;
    }

    private void Find(TTuple tuple)
    {
        EntryReference found = _test.Find(tuple, _now);
        bool isLive = _model.TryGetValue(tuple, out Connection? connection) && connection.Deadline > _now;
        EntryReference expected = isLive
            ? new EntryReference(connection!.Index, tuple.Equals(connection.Original) ? Direction.Original : Direction.Reply)
            : default;
        Assert.Equal(expected.Value, found.Value);
    }

    private void Remove(Connection connection)
    {
        Assert.True(_test.Remove(connection.Index));
        Forget(connection);
    }

    private void Refresh(Connection connection, Random random)
    {
        connection.Deadline = _now + (uint)random.Next(1, 60);
        StateWord word = _test.Word(connection.Index);
        _test.Head(connection.Index)->State = new StateWord(connection.Deadline, word.State, word.Policy, word.Flags).Value;
    }

    private void Sweep(Random random)
    {
        _test.QuiesceAll();
        int removed = _test.Table->Sweep(_test.Memory.Slot(0), _now * 1_000_000_000L + random.Next(1_000_000_000));
        Connection[] swept = [.. _connections.Where(connection => !_test.Word(connection.Index).IsLive)];
        Assert.Equal(removed, swept.Length);
        Assert.All(swept, connection => Assert.True(connection.Deadline <= _now));
        Array.ForEach(swept, Forget);
    }

    private void AssertDump()
    {
        HashSet<uint> expected = [.. _connections.Where(connection => connection.Deadline > _now).Select(connection => connection.Index)];
        byte* copy = stackalloc byte[Entry<TTuple>.SizeBytes];
        uint cursor = 0;
        while (_test.Table->CopyNext(ref cursor, _now, uint.MaxValue, copy) is uint index and not 0)
        {
            Assert.True(expected.Remove(index), $"entry {index} was shown twice, or is not live");
        }

        Assert.Empty(expected);
    }

    /// <summary>A few steps of the running resize, its end, or another one's beginning.</summary>
    private void Resize(Random random)
    {
        if (!_test.Memory.IsResizing)
        {
            uint buckets = s_bucketsPerStripe[random.Next(s_bucketsPerStripe.Length)] * Locks;
            if (buckets != _test.Memory.BucketCount)
            {
                Assert.Equal(ResizeStart.Begun, _test.Memory.Begin(buckets));
                _moved = 0;
            }

            return;
        }

        for (int step = random.Next(1, 8); step > 0 && _test.Table->IsResizing; step--)
        {
            _moved += _test.Table->MoveStep();
            _withoutRoom += _test.Memory.LeftoverCount > 0 ? 1 : 0;
        }

        if (!_test.Table->IsResizing)
        {
            _test.QuiesceAll();
            Assert.True(_test.Memory.FinishResize());
        }
        else if (_moved > 4 * _test.Memory.PreviousBucketCount)
        {
            // Four passes and no room: some have to end.
            for (int count = _connections.Count / 4; count > 0; count--)
            {
                Remove(_connections[random.Next(_connections.Count)]);
            }

            _moved = 0;
        }
    }

    private void Forget(Connection connection)
    {
        _model.Remove(connection.Original);
        _model.Remove(connection.Reply);
        Connection last = _connections[^1];
        _connections[connection.Position] = last;
        last.Position = connection.Position;
        _connections.RemoveAt(_connections.Count - 1);
    }

    private void AssertSameAtTheEnd()
    {
        _test.AssertConsistent();
        AssertDump();
        Assert.Equal(_connections.Count, _test.Memory.Count());
        Array.ForEach(_model.Keys.ToArray(), Find);
        _test.QuiesceAll();
        Array.ForEach(_connections.ToArray(), Remove);
        _test.MoveAll();
        _test.AssertConsistent();
        Assert.Equal(0, _test.OccupiedPlaces());
    }

    private sealed class Connection(uint index, TTuple original, TTuple reply)
    {
        public uint Index { get; } = index;

        public TTuple Original { get; } = original;

        public TTuple Reply { get; } = reply;

        public uint Deadline { get; set; }

        public int Position { get; set; }
    }
}

public sealed class Ipv4ResizeModelTests : ResizeModelTests<Ipv4Tuple, Ipv4Family>;

public sealed class Ipv6ResizeModelTests : ResizeModelTests<Ipv6Tuple, Ipv6Family>;
