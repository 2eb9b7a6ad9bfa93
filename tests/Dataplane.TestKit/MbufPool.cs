using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Dataplane.Packet;

namespace Dataplane.TestKit;

/// <summary>Mbufs in native memory laid out as DPDK's: header, headroom and data room in one element.</summary>
/// <remarks>
/// <code>
/// offset  size
///      0   128 Mbuf
///    128   128 headroom
///    256  2048 data room
/// </code>
/// One owner, one thread. A double free and a foreign buffer are errors at once, and <see cref="InUse"/> tells a leak.
/// </remarks>
public sealed unsafe class MbufPool : IDisposable
{
    /// <summary>Bytes behind the headroom.</summary>
    public const int DataRoomBytes = 2048;

    private const int ElementBytes = Mbuf.SizeBytes + Mbuf.HeadroomBytes + DataRoomBytes;

    private readonly Stack<int> _free = new();
    private readonly bool[] _isHeld;
    private byte* _memory;

    public MbufPool(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        _memory = (byte*)NativeMemory.AlignedAlloc((nuint)count * ElementBytes, 64);
        _isHeld = new bool[count];
        for (int index = count - 1; index >= 0; index--)
        {
            _free.Push(index);
        }
    }

    public int Count => _isHeld.Length;

    /// <summary>Buffers allocated and not freed.</summary>
    public int InUse => _isHeld.Length - _free.Count;

    /// <summary>An empty buffer as a driver finds it, or null when there is none left.</summary>
    public Mbuf* Allocate()
    {
        ObjectDisposedException.ThrowIf(_memory == null, this);
        if (!_free.TryPop(out int index))
        {
            return null;
        }

        _isHeld[index] = true;
        var mbuf = (Mbuf*)(_memory + (nint)index * ElementBytes);
        *mbuf = new Mbuf
        {
            BufferAddress = (byte*)mbuf + Mbuf.SizeBytes,
            BufferIova = (ulong)mbuf + Mbuf.SizeBytes,
            DataOffset = Mbuf.HeadroomBytes,
            ReferenceCount = 1,
            SegmentCount = 1,
            BufferLength = Mbuf.HeadroomBytes + DataRoomBytes,
            Pool = _memory,
        };
        return mbuf;
    }

    /// <summary>A buffer that holds a received frame.</summary>
    /// <exception cref="InvalidOperationException">No buffer is left.</exception>
    /// <exception cref="ArgumentException">The frame is larger than the data room.</exception>
    public Mbuf* Allocate(ReadOnlySpan<byte> frame, ushort port = 0, MbufFlags flags = MbufFlags.None)
    {
        if (frame.Length > DataRoomBytes)
        {
            throw new ArgumentException($"{frame.Length} bytes do not fit a data room of {DataRoomBytes}", nameof(frame));
        }

        Mbuf* mbuf = Allocate();
        if (mbuf == null)
        {
            throw new InvalidOperationException($"all {Count} mbufs are in use");
        }

        frame.CopyTo(new Span<byte>(mbuf->Data, DataRoomBytes));
        mbuf->DataLength = (ushort)frame.Length;
        mbuf->PacketLength = (uint)frame.Length;
        mbuf->Port = port;
        mbuf->Flags = flags;
        return mbuf;
    }

    /// <exception cref="InvalidOperationException">The buffer is not of this pool, or is free already.</exception>
    public void Free(Mbuf* mbuf)
    {
        ObjectDisposedException.ThrowIf(_memory == null, this);
        long offset = (byte*)mbuf - _memory;
        long index = offset / ElementBytes;
        if (offset < 0 || offset % ElementBytes != 0 || index >= Count)
        {
            throw new InvalidOperationException($"0x{(ulong)mbuf:x} is not an mbuf of this pool");
        }

        if (!_isHeld[index])
        {
            throw new InvalidOperationException($"mbuf {index} was freed twice");
        }

        _isHeld[index] = false;
        _free.Push((int)index);
    }

    /// <summary>The bytes of the packet in a buffer.</summary>
    public static Span<byte> Bytes(Mbuf* mbuf) => new(mbuf->Data, mbuf->DataLength);

    public void Dispose()
    {
        NativeMemory.AlignedFree(_memory);
        _memory = null;
    }
}
