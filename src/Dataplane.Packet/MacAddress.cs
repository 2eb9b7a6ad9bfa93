using System;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Dataplane.Packet;

/// <summary>An Ethernet address; 6 bytes as they stand in the frame, no alignment.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1, Size = 6)]
public readonly struct MacAddress : IEquatable<MacAddress>
{
    private readonly uint _first;
    private readonly ushort _last;

    private MacAddress(uint first, ushort last)
    {
        _first = first;
        _last = last;
    }

    /// <summary>ff:ff:ff:ff:ff:ff.</summary>
    public static MacAddress Broadcast => new(uint.MaxValue, ushort.MaxValue);

    /// <summary>The group bit: broadcast and multicast (IEEE 802 §8.2).</summary>
    public bool IsGroup => (_first & 1) != 0;

    /// <summary>The six bytes in the low 48 bits, first byte lowest.</summary>
    public ulong Raw48
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _first | (ulong)_last << 32;
    }

    /// <summary>The inverse of <see cref="Raw48"/>; bits 48–63 are ignored.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static MacAddress FromRaw48(ulong raw) => new((uint)raw, (ushort)(raw >> 32));

    /// <exception cref="ArgumentOutOfRangeException">Fewer than 6 bytes.</exception>
    public static MacAddress FromBytes(ReadOnlySpan<byte> bytes) => MemoryMarshal.Read<MacAddress>(bytes);

    /// <summary>Six pairs of hexadecimal digits separated by colons.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out MacAddress address)
    {
        address = default;
        if (text.Length != 17)
        {
            return false;
        }

        ulong raw = 0;
        for (int index = 0; index < 6; index++)
        {
            if (!byte.TryParse(text.Slice(index * 3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte value)
                || (index < 5 && text[index * 3 + 2] != ':'))
            {
                return false;
            }

            raw |= (ulong)value << index * 8;
        }

        address = FromRaw48(raw);
        return true;
    }

    /// <summary>Parses a literal in code or a test.</summary>
    /// <exception cref="FormatException">The text is not a MAC address.</exception>
    public static MacAddress Parse([NotNull] string text) =>
        TryParse(text, out MacAddress address) ? address : throw new FormatException($"'{text}' is not a MAC address");

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Equals(MacAddress other) => _first == other._first && _last == other._last;

    public override bool Equals([NotNullWhen(true)] object? obj) => obj is MacAddress other && Equals(other);

    public override int GetHashCode() => HashCode.Combine(_first, _last);

    public override string ToString()
    {
        ulong raw = Raw48;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{(byte)raw:x2}:{(byte)(raw >> 8):x2}:{(byte)(raw >> 16):x2}:"
            + $"{(byte)(raw >> 24):x2}:{(byte)(raw >> 32):x2}:{(byte)(raw >> 40):x2}");
    }

    public static bool operator ==(MacAddress left, MacAddress right) => left.Equals(right);

    public static bool operator !=(MacAddress left, MacAddress right) => !left.Equals(right);
}
