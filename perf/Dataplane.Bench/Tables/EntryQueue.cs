using System;
using System.Runtime.InteropServices;
using System.Threading;
using Dataplane.Os;

namespace Dataplane.Bench.Tables;

/// <summary>The connections of one worker, oldest first: what it inserted and nobody has removed.</summary>
/// <remarks>One worker adds, one worker (the same or another) takes; each writes its own line and reads the other's.</remarks>
internal sealed unsafe class EntryQueue : IDisposable
{
    private readonly MappedMemory _memory;
    private readonly uint* _indexes;
    private readonly uint _mask;
    private Positions _positions;

    /// <param name="capacity">A power of two.</param>
    public EntryQueue(uint capacity)
    {
        _memory = MappedMemory.Allocate((long)capacity * sizeof(uint), true);
        _indexes = (uint*)_memory.Address;
        _mask = capacity - 1;
    }

    /// <summary>Waiting.</summary>
    public uint Length => Volatile.Read(ref _positions.Added) - Volatile.Read(ref _positions.Taken);

    /// <summary>Adds entries at the end; the caller knows that there is room.</summary>
    public void Add(uint* indexes, int count)
    {
        uint added = _positions.Added;
        for (int position = 0; position < count; position++)
        {
            _indexes[added++ & _mask] = indexes[position];
        }

        Volatile.Write(ref _positions.Added, added);
    }

    /// <summary>The entry at a distance from the oldest; within <see cref="Length"/>.</summary>
    public uint Peek(uint distance) => _indexes[_positions.Taken + distance & _mask];

    /// <summary>Takes the oldest ones out.</summary>
    public void Take(uint count) => Volatile.Write(ref _positions.Taken, _positions.Taken + count);

    public void Dispose() => _memory.Dispose();

    // Lines of their own, and one between: processors fetch lines in pairs.
    [StructLayout(LayoutKind.Explicit, Size = 384)]
    private struct Positions
    {
        [FieldOffset(128)] public uint Added;
        [FieldOffset(256)] public uint Taken;
    }
}
