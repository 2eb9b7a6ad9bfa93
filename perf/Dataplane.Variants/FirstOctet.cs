using System;
using System.Runtime.CompilerServices;
using BenchmarkDotNet.Attributes;
using Dataplane.Packet;

namespace Dataplane.Variants;

/// <summary>Whether source and destination of a packet may be forwarded at all (RFC 1812 §5.3.7), asked for every packet.</summary>
public unsafe class FirstOctet
{
    private Ipv4Tuple* _tuples;

    [GlobalSetup]
    public void Setup()
    {
        for (int octet = 0; octet <= byte.MaxValue; octet++)
        {
            Ipv4Address address = Ipv4Address.FromHost((uint)octet << 24 | 1);
            Batch.Require(IsForwardable(address) == address.IsForwardable, $"both ways judge {address} alike");
        }

        _tuples = Batch.Tuples();
        Batch.Require(Table() == Comparisons(), "both ways find the same number of packets good");
    }

    [GlobalCleanup]
    public void Cleanup() => Batch.Free(_tuples);

    /// <summary>The router's: a table of 256 bytes.</summary>
    [Benchmark(Baseline = true, OperationsPerInvoke = Batch.Packets)]
    public int Table()
    {
        int good = 0;
        for (int packet = 0; packet < Batch.Packets; packet++)
        {
            if (_tuples[packet].Source.IsForwardable && _tuples[packet].Destination.IsForwardable)
            {
                good++;
            }
        }

        return good;
    }

    /// <summary>Rejected: comparisons, joined without a branch between them.</summary>
    [Benchmark(OperationsPerInvoke = Batch.Packets)]
    public int Comparisons()
    {
        int good = 0;
        for (int packet = 0; packet < Batch.Packets; packet++)
        {
            if (IsForwardable(_tuples[packet].Source) && IsForwardable(_tuples[packet].Destination))
            {
                good++;
            }
        }

        return good;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsForwardable(Ipv4Address address)
    {
        uint octet = BitConverter.IsLittleEndian ? address.Raw & 0xFF : address.Raw >> 24;
        return (octet - 1 < 223) & (octet != 127);
    }
}
