using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;

namespace Dataplane.Datapath;

/// <summary>Zeroed native blocks, each on cache lines of its own (two, so that adjacent-line prefetch shares nothing),
/// freed together.</summary>
internal sealed unsafe class NativeArena : IDisposable
{
    private const int AlignmentBytes = 128;
    private readonly List<nint> _blocks = [];

    public long TotalBytes { get; private set; }

    public void* Take(int bytes)
    {
        int rounded = bytes + AlignmentBytes - 1 & -AlignmentBytes;
        void* block = NativeMemory.AlignedAlloc((nuint)rounded, AlignmentBytes);
        NativeMemory.Clear(block, (nuint)rounded);
        _blocks.Add((nint)block);
        TotalBytes += rounded;
        return block;
    }

    public void Dispose()
    {
        foreach (nint block in _blocks)
        {
            NativeMemory.AlignedFree((void*)block);
        }

        _blocks.Clear();
    }
}
