using System;
using System.Collections.Generic;
using System.Linq;
using Dataplane.Packet;
using Xunit;

namespace Dataplane.Conntrack.Tests;

/// <summary>Random operations against a dictionary that does the obvious thing.</summary>
[Trait("Category", "Portable")]
public abstract unsafe class TableModelTests<TTuple, TFamily> : IDisposable
    where TTuple : unmanaged
    where TFamily : ITupleFamily<TTuple>
{
    private const int Steps = 150_000;

    // With 1024 locks 4 buckets a stripe at a load of 73 %: overflow is common, a full sequence happens.
    private const uint EntriesMax = 12_000;
    private const int Connections = 24_000;

    private readonly TestTable<TTuple, TFamily> _test = new(EntriesMax);
    private readonly Dictionary<TTuple, Connection> _model = [];
    private readonly List<Connection> _connections = [];
    private readonly HashSet<uint> _corpses = [];
    private uint _now = TestTable<TTuple, TFamily>.Now;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Random_operations_agree_with_a_dictionary(int seed)
    {
        var random = new Random(seed);
        var results = new int[5];
        int limitHits = 0;
        for (int step = 0; step < Steps; step++)
        {
            int choice = random.Next(100);
            if (choice < 55)
            {
                Insert(random, results, ref limitHits);
            }
            else if (choice < 85)
            {
                Find(TFamily.Numbered((uint)random.Next(Connections)));
                Find(TFamily.Inverted(TFamily.Numbered((uint)random.Next(Connections))));
            }
            else if (choice < 87 && _connections.Count > 0)
            {
                Remove(_connections[random.Next(_connections.Count)]);
            }
            else if (choice < 95 && _connections.Count > 0)
            {
                Refresh(_connections[random.Next(_connections.Count)], random);
            }
            else if (choice < 98)
            {
                _now += step % 60 == 0 ? 1u : 0u;
            }
            else
            {
                Sweep();
            }
        }

        // The run is worth something only if it met every outcome; sixteen buckets at this load always have a place.
        Assert.True(results[(int)InsertResult.Inserted] > 1000);
        Assert.True(results[(int)InsertResult.OriginalExists] > 1000);
        Assert.True(results[(int)InsertResult.ReplyExists] > 1000);
        Assert.True(results[(int)InsertResult.ChainTooLong] > 20 || _test.Probes > 4);
        Assert.Equal(0, results[(int)InsertResult.Busy]);
        Assert.True(limitHits > 20, $"the limit was reached {limitHits} times");
        AssertSameAtTheEnd();
    }

    public void Dispose()
    {
        _test.Dispose();
        GC.SuppressFinalize(this);
    }

    private void Insert(Random random, int[] results, ref int limitHits)
    {
        // Replies come from fewer numbers than originals, so that they clash.
        TTuple original = TFamily.Numbered((uint)random.Next(Connections));
        TTuple reply = TFamily.Inverted(TFamily.Numbered((uint)random.Next(Connections)));
        uint deadline = _now + (random.Next(8) == 0 ? 1u : (uint)random.Next(5, 200));
        uint index = _test.Build(original, reply, deadline);
        if (index == 0)
        {
            Assert.Equal((int)EntriesMax, _connections.Count);
            limitHits++;
            return;
        }

        Assert.True(_connections.Count < EntriesMax);
        _test.Head(index)->Rewrite = index * 0x9E37_79B9u;
        InsertResult expected = Expected(original, reply, out Connection? inTheWay);
        InsertResult actual = _test.Table->Insert(_test.Memory.Slot(0), index, _now, out EntryReference existing);
        Assert.Equal(expected, actual);
        Assert.Equal(inTheWay?.Index ?? 0, existing.Index);
        results[(int)actual]++;
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

        // Two places are needed, and both tuples may want the last one of a bucket.
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
            // The insertion clears it away, and then may use its places.
            Forget(by);
            _corpses.Add(by.Index);
            by = null;
        }

        return by != null;
    }

    private void Find(TTuple tuple)
    {
        EntryReference found = _test.Find(tuple, _now);
        if (!_model.TryGetValue(tuple, out Connection? connection) || connection.Deadline <= _now)
        {
            Assert.True(found.IsNone);
            return;
        }

        Assert.Equal(connection.Index, found.Index);
        Assert.Equal(tuple.Equals(connection.Original) ? Direction.Original : Direction.Reply, found.Direction);
        Assert.Equal(connection.Index * 0x9E37_79B9u, _test.Head(found.Index)->Rewrite);
    }

    private void Remove(Connection connection)
    {
        Assert.True(_test.Remove(connection.Index));
        Forget(connection);
    }

    private void Refresh(Connection connection, Random random)
    {
        connection.Deadline = _now + (uint)random.Next(1, 200);
        StateWord word = _test.Word(connection.Index);
        _test.Head(connection.Index)->State = new StateWord(connection.Deadline, word.State, word.Policy, word.Flags).Value;
    }

    private void Sweep()
    {
        _test.QuiesceAll();
        long before = (long)_test.Memory.Counters().Delete;
        int removed = _test.Table->Sweep(_test.Memory.Slot(0), _now * 1_000_000_000L + 5_000_000L * (_connections.Count % 100));
        Connection[] swept = [.. _connections.Where(connection => !_test.Word(connection.Index).IsLive)];
        Assert.Equal(removed, swept.Length);
        Assert.Equal(removed, (long)_test.Memory.Counters().Delete - before);
        Assert.All(swept, connection => Assert.True(connection.Deadline <= _now));
        Array.ForEach(swept, Forget);
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
        Assert.Equal(_connections.Count, _test.Memory.Count());
        Assert.Equal(_model.Count, _test.OccupiedPlaces());
        foreach (TTuple tuple in _model.Keys)
        {
            Find(tuple);
        }

        foreach (Connection connection in _connections.ToArray())
        {
            _test.QuiesceAll();
            Remove(connection);
        }

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

public sealed class Ipv4TableModelTests : TableModelTests<Ipv4Tuple, Ipv4Family>;

public sealed class Ipv6TableModelTests : TableModelTests<Ipv6Tuple, Ipv6Family>;
