using System.Numerics;
using System.Runtime.CompilerServices;
using BenchmarkDotNet.Attributes;
using Dataplane.Conntrack;
using Dataplane.Packet;

namespace Dataplane.Variants;

/// <summary>The hash of a tuple, by which an attacker must not be able to choose tuples that share a bucket.</summary>
public unsafe class KeyedHash
{
    private Ipv4Tuple* _tuples;
    private HashKey* _key;

    [GlobalSetup]
    public void Setup()
    {
        _tuples = Batch.Tuples();
        _key = Batch.Key(1);
        HashKey* other = Batch.Key(2);
        Batch.Require(Checksum(0, _key) != Checksum(0, other), "a checksum depends on its key");
        for (int packet = 1; packet < Batch.Packets; packet++)
        {
            Batch.Require(
                (Checksum(0, _key) ^ Checksum(packet, _key)) == (Checksum(0, other) ^ Checksum(packet, other)),
                "two tuples' checksums differ by the same bits whatever the key");
            Batch.Require(
                (Hash(0, _key) ^ Hash(packet, _key)) != (Hash(0, other) ^ Hash(packet, other)),
                "two tuples' hashes differ by other bits under another key");
        }

        Batch.Free(other);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        Batch.Free(_tuples);
        Batch.Free(_key);
    }

    /// <summary>The router's: four rounds of AES, those of neighbouring packets side by side.</summary>
    [Benchmark(Baseline = true, OperationsPerInvoke = Batch.Packets)]
    public ulong Aes()
    {
        ulong sum = 0;
        for (int packet = 0; packet < Batch.Packets; packet++)
        {
            sum += Hash(packet, _key);
        }

        return sum;
    }

    /// <summary>Where a processor has no AES instructions.</summary>
    [Benchmark(OperationsPerInvoke = Batch.Packets)]
    public ulong SipHash13()
    {
        ulong sum = 0;
        for (int packet = 0; packet < Batch.Packets; packet++)
        {
            sum += TupleHash.SipHash13((byte*)(_tuples + packet), Ipv4Tuple.SizeBytes, _key);
        }

        return sum;
    }

    /// <summary>Rejected, fast as it is: CRC-32C that begins with a key. Checksums are linear, so that the key drops out of the difference
    /// of two of them: tuples that meet under one key meet under every key, and can be found without knowing it.</summary>
    [Benchmark(OperationsPerInvoke = Batch.Packets)]
    public ulong Crc32C()
    {
        ulong sum = 0;
        for (int packet = 0; packet < Batch.Packets; packet++)
        {
            sum += Checksum(packet, _key);
        }

        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)] // As in the router, where the rounds of neighbours overlap.
    private ulong Hash(int packet, HashKey* key) => TupleHash.Compute(_tuples + packet, key);

    [MethodImpl(MethodImplOptions.AggressiveInlining)] // As the one that it is compared with.
    private ulong Checksum(int packet, HashKey* key)
    {
        ulong* words = (ulong*)(_tuples + packet);
        return BitOperations.Crc32C(BitOperations.Crc32C(*(uint*)key, words[0]), words[1]);
    }
}
