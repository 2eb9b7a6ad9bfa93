using System;
using System.Runtime.InteropServices;
using Dataplane.Conntrack;
using Dataplane.Packet;

namespace Dataplane.Variants;

/// <summary>A burst's tuples in native memory, as packets leave them there, and a key.</summary>
internal static unsafe class Batch
{
    /// <summary>Packets of a burst; every figure is for one of them.</summary>
    public const int Packets = 128;

    private const nuint CacheLineBytes = 64;

    /// <summary>UDP from random hosts to random servers, the same each time. Freed by <see cref="Free"/>.</summary>
    public static Ipv4Tuple* Tuples()
    {
        Ipv4Tuple* tuples = (Ipv4Tuple*)NativeMemory.AlignedAlloc(Packets * Ipv4Tuple.SizeBytes, CacheLineBytes);
        Random random = new(1);
        for (int packet = 0; packet < Packets; packet++)
        {
            tuples[packet] = new Ipv4Tuple
            {
                Source = Ipv4Address.FromHost(0x0A00_0000u + (uint)random.Next(1 << 16)),
                Destination = Ipv4Address.FromHost(0xC612_0000u + (uint)random.Next(1 << 16)),
                SourcePort = Be16.FromHost((ushort)random.Next(1024, 65536)),
                DestinationPort = Be16.FromHost(53),
                Protocol = IpProtocol.Udp,
            };
        }

        return tuples;
    }

    /// <summary>A key that is the same each time. Freed by <see cref="Free"/>.</summary>
    public static HashKey* Key(ulong seed)
    {
        HashKey* key = (HashKey*)NativeMemory.AlignedAlloc(HashKey.SizeBytes, CacheLineBytes);
        HashKey.FillFrom(key, seed);
        return key;
    }

    /// <summary>Frees what the others gave.</summary>
    public static void Free(void* memory) => NativeMemory.AlignedFree(memory);

    /// <summary>Ends the benchmark when what a comment claims is not so.</summary>
    /// <exception cref="InvalidOperationException">It is not.</exception>
    public static void Require(bool isSo, string claim)
    {
        if (!isSo)
        {
            throw new InvalidOperationException($"not so: {claim}");
        }
    }
}
