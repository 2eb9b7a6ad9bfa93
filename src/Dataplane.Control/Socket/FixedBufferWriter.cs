using System;
using System.Buffers;

namespace Dataplane.Control.Socket;

/// <summary>A buffer of constant size that JSON is written into at its end and sockets send from at its start.</summary>
internal sealed class FixedBufferWriter : IBufferWriter<byte>
{
    private readonly byte[] _bytes;
    private int _start;
    private int _end;

    internal FixedBufferWriter(int capacityBytes) => _bytes = GC.AllocateUninitializedArray<byte>(capacityBytes, pinned: true);

    /// <summary>What waits to be sent.</summary>
    internal ReadOnlySpan<byte> Pending => _bytes.AsSpan(_start, _end - _start);

    internal bool IsEmpty => _start == _end;

    /// <summary>Room at the end, in bytes, after <see cref="Compact"/>.</summary>
    internal int Free => _bytes.Length - _end;

    /// <summary>Where the next byte goes; for <see cref="Truncate"/>.</summary>
    internal int End => _end;

    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)Free, nameof(count));
        _end += count;
    }

    /// <exception cref="InvalidOperationException">The row is larger than <see cref="ControlLimits.RowBytesMax"/>
    /// allows.</exception>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        ThrowIfFull(sizeHint);
        return _bytes.AsMemory(_end);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        ThrowIfFull(sizeHint);
        return _bytes.AsSpan(_end);
    }

    internal void Append(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(GetSpan(bytes.Length));
        _end += bytes.Length;
    }

    /// <summary>Forgets bytes that were sent.</summary>
    internal void Consume(int count)
    {
        _start += count;
        if (_start == _end)
        {
            Clear();
        }
    }

    /// <summary>Takes back what was written behind a place.</summary>
    internal void Truncate(int end) => _end = end;

    internal void Clear() => _start = _end = 0;

    /// <summary>Moves what waits to the front, so that <see cref="Free"/> is all there is.</summary>
    internal void Compact()
    {
        if (_start > 0)
        {
            Pending.CopyTo(_bytes);
            _end -= _start;
            _start = 0;
        }
    }

    private void ThrowIfFull(int sizeHint)
    {
        if (Free < Math.Max(sizeHint, 1))
        {
            throw new InvalidOperationException("a control reply outgrew its buffer");
        }
    }
}
