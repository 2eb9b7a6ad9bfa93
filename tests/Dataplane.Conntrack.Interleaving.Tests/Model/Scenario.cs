using System;
using System.Collections.Generic;

namespace Dataplane.Conntrack.Interleaving.Tests;

/// <summary>A connection of a scenario: its two tuples by number.</summary>
/// <param name="Original">Of the first packet.</param>
/// <param name="Reply">Of the answers.</param>
/// <param name="IsExpired">Its deadline has passed before the run.</param>
/// <param name="IsClosed">It has been reset before the run.</param>
internal readonly record struct Connection(byte Original, byte Reply, bool IsExpired, bool IsClosed);

/// <summary>A small table, what is in it, and what two workers do to it.</summary>
/// <remarks>Tuples are numbered from 0 and connections from 1, in the order in which they are named.</remarks>
internal sealed class Scenario
{
    /// <summary>Connections at most: four bits name one, 0 is none and 15 the decoy.</summary>
    public const int ConnectionsMax = 14;

    private readonly List<uint> _tuples = [];
    private readonly List<Connection> _connections = [default];
    private readonly List<byte> _present = [];
    private readonly List<byte> _gone = [];

    public Scenario(string name) => Name = name;

    /// <summary>A sentence.</summary>
    public string Name { get; }

    /// <summary>Buckets at the start.</summary>
    public uint Buckets { get; init; } = 4;

    /// <summary>Buckets of the array that a resize goes to.</summary>
    public uint SpareBuckets { get; init; } = 8;

    /// <summary>A resize has begun before the run.</summary>
    public bool IsResizing { get; init; }

    /// <summary>Steps of the move that were made before the run.</summary>
    public int MovedBefore { get; init; }

    /// <summary>The first bucket of each tuple, in the low four bits of its hash.</summary>
    public IReadOnlyList<uint> Tuples => _tuples;

    /// <summary>All connections; number 0 is none.</summary>
    public IReadOnlyList<Connection> Connections => _connections;

    /// <summary>Connections that are in the table at the start.</summary>
    public IReadOnlyList<byte> Present => _present;

    /// <summary>Connections that were inserted and removed before the start, so that their places hold old references.</summary>
    public IReadOnlyList<byte> Gone => _gone;

    /// <summary>The two workers' operations.</summary>
    public Operation[][] Workers { get; private set; } = [[], []];

    /// <summary>Names a tuple.</summary>
    /// <param name="bucket">0 to 15: where its probe sequence begins in a table of 16; in a smaller one, the low bits.</param>
    public byte Tuple(uint bucket)
    {
        _tuples.Add(bucket);
        return (byte)(_tuples.Count - 1);
    }

    /// <summary>Names a connection that some operation inserts.</summary>
    public byte Connection(byte original, byte reply, bool isExpired = false, bool isClosed = false)
    {
        if (_connections.Count > ConnectionsMax)
        {
            throw new InvalidOperationException($"{Name}: more than {ConnectionsMax} connections");
        }

        _connections.Add(new Connection(original, reply, isExpired, isClosed));
        return (byte)(_connections.Count - 1);
    }

    /// <summary>Names a connection that is there from the start.</summary>
    public byte Existing(byte original, byte reply, bool isExpired = false, bool isClosed = false)
    {
        byte connection = Connection(original, reply, isExpired, isClosed);
        _present.Add(connection);
        return connection;
    }

    /// <summary>Names a connection that was there and has been removed, its grace period over.</summary>
    public byte Former(byte original, byte reply)
    {
        byte connection = Connection(original, reply);
        _gone.Add(connection);
        return connection;
    }

    /// <summary>Says what the workers do.</summary>
    public Scenario Do(Operation[] worker0, Operation[] worker1)
    {
        if (Math.Max(worker0.Length, worker1.Length) > Operation.PerWorkerMax)
        {
            throw new InvalidOperationException($"{Name}: more than {Operation.PerWorkerMax} operations");
        }

        Workers = [worker0, worker1];
        return this;
    }

    public override string ToString() => Name;
}
