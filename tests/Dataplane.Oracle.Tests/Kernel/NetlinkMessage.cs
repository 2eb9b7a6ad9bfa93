using System;
using System.Buffers.Binary;
using System.IO;

namespace Dataplane.Oracle.Tests.Kernel;

/// <summary>Builds the one netlink request that is needed: attributes in nests (netlink(7), RFC 3549 §2).</summary>
internal ref struct NetlinkMessage(Span<byte> buffer)
{
    private const int HeaderBytes = 16;
    private const ushort Nested = 0x8000;

    private readonly Span<byte> _buffer = buffer;
    private int _length = HeaderBytes;

    /// <summary>Appends raw bytes behind the header.</summary>
    public void Append(scoped ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_buffer[_length..]);
        _length += bytes.Length;
    }

    /// <summary>Opens a nest; hand what it returns to <see cref="Close"/>.</summary>
    public int Open(ushort type)
    {
        int start = _length;
        BinaryPrimitives.WriteUInt16LittleEndian(_buffer[(start + 2)..], (ushort)(type | Nested));
        _length += 4;
        return start;
    }

    public readonly void Close(int start) =>
        BinaryPrimitives.WriteUInt16LittleEndian(_buffer[start..], (ushort)(_length - start));

    public void Add(ushort type, scoped ReadOnlySpan<byte> value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(_buffer[_length..], (ushort)(4 + value.Length));
        BinaryPrimitives.WriteUInt16LittleEndian(_buffer[(_length + 2)..], type);
        value.CopyTo(_buffer[(_length + 4)..]);
        int padded = 4 + value.Length + 3 & ~3;
        _buffer.Slice(_length + 4 + value.Length, padded - 4 - value.Length).Clear();
        _length += padded;
    }

    public void Add(ushort type, byte value) => Add(type, [value]);

    public void AddBigEndian(ushort type, ushort value) => Add(type, [(byte)(value >> 8), (byte)value]);

    /// <summary>Writes the header.</summary>
    /// <returns>The whole message.</returns>
    public readonly ReadOnlySpan<byte> Finish(ushort type, ushort flags, uint sequence)
    {
        BinaryPrimitives.WriteInt32LittleEndian(_buffer, _length);
        BinaryPrimitives.WriteUInt16LittleEndian(_buffer[4..], type);
        BinaryPrimitives.WriteUInt16LittleEndian(_buffer[6..], flags);
        BinaryPrimitives.WriteUInt32LittleEndian(_buffer[8..], sequence);
        BinaryPrimitives.WriteUInt32LittleEndian(_buffer[12..], 0);
        return _buffer[.._length];
    }

    /// <summary>The value of an attribute among its siblings; empty when it is not there.</summary>
    /// <exception cref="InvalidDataException">A length that cannot be.</exception>
    public static ReadOnlySpan<byte> Find(ReadOnlySpan<byte> attributes, ushort type)
    {
        while (attributes.Length >= 4)
        {
            int length = BinaryPrimitives.ReadUInt16LittleEndian(attributes);
            if (length < 4 || length > attributes.Length)
            {
                throw new InvalidDataException($"a netlink attribute of {length} bytes in {attributes.Length}");
            }

            if ((BinaryPrimitives.ReadUInt16LittleEndian(attributes[2..]) & 0x3FFF) == type)
            {
                return attributes[4..length];
            }

            attributes = attributes[Math.Min(length + 3 & ~3, attributes.Length)..];
        }

        return default;
    }
}
