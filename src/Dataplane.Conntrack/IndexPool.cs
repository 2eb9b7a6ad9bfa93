using System.Runtime.InteropServices;
using System.Threading;

namespace Dataplane.Conntrack;

/// <summary>The free indexes of an arena: a stack shared by all workers, which each touches once per batch.</summary>
/// <remarks>
/// <code>
/// offset size field
///      0    4 lock
///      4    4 free indexes in the stack
///      8    8 the stack
/// </code>
/// One cache line, written under its lock.
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
public unsafe struct IndexPool
{
    public const int SizeBytes = 64;

    private const int Batch = IndexCache.Capacity / 2;

    [FieldOffset(0)] private int _lock;
    [FieldOffset(4)] private uint _count;
    [FieldOffset(8)] private uint* _stack;

    /// <summary>At this moment; only the lock says for how long.</summary>
    private readonly bool IsEmpty => Volatile.Read(in _count) == 0;

    /// <param name="stack">Room for <paramref name="count"/> indexes.</param>
    /// <param name="count">Records in the arena; index 0 is never handed out.</param>
    internal void Initialize(uint* stack, uint count)
    {
        _stack = stack;

        // Highest index first, so that the lowest are used first and a small load stays in few pages.
        for (uint index = count - 1; index >= 1 && count > 0; index--)
        {
            _stack[_count++] = index;
        }
    }

    internal bool TryTake(IndexCache* cache, out uint index)
    {
        if (cache->Count == 0)
        {
            Refill(cache);
        }

        index = cache->Count > 0 ? cache->Indexes[--cache->Count] : 0;
        return index != 0;
    }

    /// <summary>Sees to it that a worker has so many at hand, or a batch, as far as there are any.</summary>
    internal void Provide(IndexCache* cache, int count)
    {
        if (cache->Count < count && cache->Count <= IndexCache.Capacity - Batch && !IsEmpty)
        {
            Refill(cache);
        }
    }

    internal void Return(IndexCache* cache, uint index)
    {
        if (cache->Count == IndexCache.Capacity)
        {
            Spill(cache);
        }

        cache->Indexes[cache->Count++] = index;
    }

    private void Refill(IndexCache* cache)
    {
        fixed (int* word = &_lock)
        {
            StripeLocks.Enter(word);
            Shared.Point();
            for (int moved = 0; moved < Batch && _count > 0; moved++)
            {
                cache->Indexes[cache->Count++] = _stack[--_count];
            }

            StripeLocks.Exit(word);
        }
    }

    private void Spill(IndexCache* cache)
    {
        fixed (int* word = &_lock)
        {
            StripeLocks.Enter(word);
            Shared.Point();
            for (int moved = 0; moved < Batch; moved++)
            {
                _stack[_count++] = cache->Indexes[--cache->Count];
            }

            StripeLocks.Exit(word);
        }
    }
}

/// <summary>The free indexes that a worker has at hand.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct IndexCache
{
    public const int Capacity = 256;

    public uint* Indexes;
    public int Count;
}
