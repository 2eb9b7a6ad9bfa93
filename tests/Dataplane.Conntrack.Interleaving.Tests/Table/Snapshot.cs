using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;

namespace Dataplane.Conntrack.Interleaving.Tests;

/// <summary>The bytes that a run may change, and what they were before it.</summary>
internal sealed unsafe class Snapshot
{
    private readonly List<(nint Address, uint Length)> _regions = [];
    private byte[] _bytes = [];

    /// <summary>Bytes saved.</summary>
    public int Length => _bytes.Length;

    public void Add(void* address, long lengthBytes) => _regions.Add(((nint)address, (uint)lengthBytes));

    /// <summary>Remembers the present contents.</summary>
    public void Save()
    {
        uint total = 0;
        foreach ((_, uint length) in _regions)
        {
            total += length;
        }

        _bytes = GC.AllocateArray<byte>((int)total, pinned: true);
        uint offset = 0;
        foreach ((nint address, uint length) in _regions)
        {
            Unsafe.CopyBlockUnaligned(ref _bytes[offset], ref *(byte*)address, length);
            offset += length;
        }
    }

    /// <summary>Brings back the contents of <see cref="Save"/>.</summary>
    public void Restore()
    {
        uint offset = 0;
        foreach ((nint address, uint length) in _regions)
        {
            Unsafe.CopyBlockUnaligned(ref *(byte*)address, ref _bytes[offset], length);
            offset += length;
        }
    }
}
