using System;
using Dataplane.Os;

namespace Dataplane.Bench.Tables;

/// <summary>Tuples in the order in which they are looked up: drawn uniformly, from both directions, and read once from front to
/// back; several times as long as the caches are large.</summary>
internal sealed unsafe class LookupOrder<TTuple, TFamily> : IDisposable
    where TTuple : unmanaged
    where TFamily : struct, ITupleFamily<TTuple>
{
    public const int Count = 1 << 23;

    private readonly MappedMemory _memory = MappedMemory.Allocate((long)Count * sizeof(TTuple), true);

    public TTuple* Tuples => (TTuple*)_memory.Address;

    /// <summary>Draws among the connections of a filled table.</summary>
    public static LookupOrder<TTuple, TFamily> OfLive(TableBed<TTuple, TFamily> bed, ulong seed)
    {
        LookupOrder<TTuple, TFamily> order = new();
        XorShift random = new(seed);
        for (int position = 0; position < Count; position++)
        {
            uint number = bed.Numbers[random.Below(bed.Shape.Entries)];
            order.Tuples[position] = (position & 1) == 0 ? TFamily.Original(number) : TFamily.Reply(number);
        }

        return order;
    }

    /// <summary>Draws among tuples that no connection has.</summary>
    public static LookupOrder<TTuple, TFamily> OfAbsent(ulong seed)
    {
        LookupOrder<TTuple, TFamily> order = new();
        XorShift random = new(seed);
        for (int position = 0; position < Count; position++)
        {
            order.Tuples[position] = TFamily.Absent(random.Below(1u << 30));
        }

        return order;
    }

    public void Dispose() => _memory.Dispose();
}

/// <summary>Marsaglia's xorshift with shifts 13, 7 and 17: fast, repeatable, and no structure that a table could profit from.</summary>
internal struct XorShift(ulong seed)
{
    private ulong _state = seed | 1;

    /// <summary>A number from 0 to <paramref name="bound"/> - 1.</summary>
    public uint Below(uint bound)
    {
        _state ^= _state << 13;
        _state ^= _state >> 7;
        _state ^= _state << 17;
        return (uint)((_state >> 32) * bound >> 32);
    }
}
