using System;
using System.Runtime.InteropServices;
using Dataplane.Os;

namespace Dataplane.Bench.Tables;

/// <summary>Both tuples of a connection that is to be inserted.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct TuplePair<TTuple>
    where TTuple : unmanaged
{
    public TTuple Original;
    public TTuple Reply;
}

/// <summary>Prebuilt pairs in memory of their own, read from front to back.</summary>
internal sealed unsafe class TuplePairs<TTuple, TFamily> : IDisposable
    where TTuple : unmanaged
    where TFamily : struct, ITupleFamily<TTuple>
{
    private readonly MappedMemory _memory;

    /// <summary>Builds the pairs of consecutive connections.</summary>
    /// <exception cref="OsException">The memory cannot be had.</exception>
    public TuplePairs(uint first, uint count)
    {
        Count = count;
        _memory = MappedMemory.Allocate((long)count * sizeof(TuplePair<TTuple>), true);
        for (uint number = 0; number < count; number++)
        {
            Items[number] = Of(first + number);
        }
    }

    public uint Count { get; }

    public TuplePair<TTuple>* Items => (TuplePair<TTuple>*)_memory.Address;

    public static TuplePair<TTuple> Of(uint number) =>
        new() { Original = TFamily.Original(number), Reply = TFamily.Reply(number) };

    public void Dispose() => _memory.Dispose();
}
