using System.Runtime.CompilerServices;
using BenchmarkDotNet.Attributes;
using Dataplane.Conntrack;
using Dataplane.Packet;

namespace Dataplane.Variants;

/// <summary>The translated reply tuple of a new connection: made from the original one, then hashed.</summary>
/// <remarks>
/// The hash loads all sixteen bytes at once. Stores of single fields cannot be forwarded to such a load, which then waits until they
/// have reached the cache: the fields are cheap, the load behind them is not.
/// </remarks>
public unsafe class ReplyTuple
{
    private readonly Ipv4Address _outside = Ipv4Address.Parse("203.0.113.1");
    private Ipv4Tuple* _originals;
    private Ipv4Tuple* _replies;
    private HashKey* _key;

    [GlobalSetup]
    public void Setup()
    {
        _originals = Batch.Tuples();
        _replies = Batch.Tuples();
        _key = Batch.Key(1);
        Batch.Require(OneVector() == FieldByField() && OneVector() == Called(), "all ways make the same tuples");
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        Batch.Free(_originals);
        Batch.Free(_replies);
        Batch.Free(_key);
    }

    /// <summary>The router's: inverted and given its destination as one vector.</summary>
    [Benchmark(Baseline = true, OperationsPerInvoke = Batch.Packets)]
    public ulong OneVector()
    {
        ulong sum = 0;
        for (int packet = 0; packet < Batch.Packets; packet++)
        {
            _replies[packet] = _originals[packet].Inverted.WithDestination(_outside, Be16.FromHost((ushort)(40000 + packet)));
            sum += TupleHash.Compute(_replies + packet, _key);
        }

        return sum;
    }

    /// <summary>Rejected: the same in a method that is called: a tuple is returned in two halves, which are stored one by one.</summary>
    [Benchmark(OperationsPerInvoke = Batch.Packets)]
    public ulong Called()
    {
        ulong sum = 0;
        for (int packet = 0; packet < Batch.Packets; packet++)
        {
            _replies[packet] = Reply(_originals[packet], _outside, packet);
            sum += TupleHash.Compute(_replies + packet, _key);
        }

        return sum;
    }

    /// <summary>Rejected: field by field.</summary>
    [Benchmark(OperationsPerInvoke = Batch.Packets)]
    public ulong FieldByField()
    {
        ulong sum = 0;
        for (int packet = 0; packet < Batch.Packets; packet++)
        {
            Ipv4Tuple* original = _originals + packet;
            Ipv4Tuple* reply = _replies + packet;
            reply->Source = original->Destination;
            reply->Destination = _outside;
            reply->SourcePort = original->DestinationPort;
            reply->DestinationPort = Be16.FromHost((ushort)(40000 + packet));
            reply->Zone = original->Zone;
            reply->Protocol = original->Protocol;
            reply->Kind = 0;
            sum += TupleHash.Compute(reply, _key);
        }

        return sum;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Ipv4Tuple Reply(in Ipv4Tuple original, Ipv4Address outside, int packet) =>
        original.Inverted.WithDestination(outside, Be16.FromHost((ushort)(40000 + packet)));
}
