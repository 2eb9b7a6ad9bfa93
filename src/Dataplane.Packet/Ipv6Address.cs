using System;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Dataplane.Packet;

/// <summary>An IPv6 address in network byte order; 16 bytes, no alignment beyond 8.</summary>
[StructLayout(LayoutKind.Sequential, Size = 16)]
public readonly struct Ipv6Address : IEquatable<Ipv6Address>
{
    /// <summary>Bytes 0–7 as the processor loads them.</summary>
    public readonly ulong RawHigh;

    /// <summary>Bytes 8–15 as the processor loads them.</summary>
    public readonly ulong RawLow;

    public Ipv6Address(ulong rawHigh, ulong rawLow)
    {
        RawHigh = rawHigh;
        RawLow = rawLow;
    }

    /// <summary>ff00::/8 (RFC 4291 §2.7).</summary>
    public bool IsMulticast => (byte)RawHigh == 0xFF;

    /// <summary>:: (RFC 4291 §2.5.2).</summary>
    public bool IsUnspecified => (RawHigh | RawLow) == 0;

    /// <summary>::1 (RFC 4291 §2.5.3).</summary>
    public bool IsLoopback => RawHigh == 0 && RawLow == Network(1);

    /// <summary>::ffff:0:0/96 (RFC 4291 §2.5.5.2), which has no business in a packet (RFC 6890 §2.2.3).</summary>
    public bool IsIpv4Mapped => RawHigh == 0 && (RawLow & Network(0xFFFF_FFFF_0000_0000)) == Network(0x0000_FFFF_0000_0000);

    /// <summary>fe80::/10 (RFC 4291 §2.5.6).</summary>
    public bool IsLinkLocal => (RawHigh & Network(0xFFC0_0000_0000_0000)) == Network(0xFE80_0000_0000_0000);

    /// <summary>The IPv4 address of a mapped one; meaningless otherwise.</summary>
    public Ipv4Address MappedIpv4 => Ipv4Address.FromHost((uint)Network(RawLow));

    /// <summary>::ffff:a.b.c.d, for tables that hold neighbours or gateways of both families.</summary>
    public static Ipv6Address FromIpv4(Ipv4Address address) => new(0, Network(0x0000_FFFF_0000_0000ul | address.Host));

    /// <summary>The address with all but the first <paramref name="length"/> bits clear.</summary>
    /// <param name="length">0 to 128.</param>
    public Ipv6Address Prefix(int length) => new(
        length >= 64 ? RawHigh : length == 0 ? 0 : RawHigh & Network(ulong.MaxValue << (64 - length)),
        length >= 128 ? RawLow : length <= 64 ? 0 : RawLow & Network(ulong.MaxValue << (128 - length)));

    /// <summary>Orders addresses as numbers.</summary>
    public int CompareTo(Ipv6Address other)
    {
        int high = Network(RawHigh).CompareTo(Network(other.RawHigh));
        return high != 0 ? high : Network(RawLow).CompareTo(Network(other.RawLow));
    }

    /// <summary>Whether the first <paramref name="length"/> bits of two addresses are the same.</summary>
    /// <param name="other">The other.</param>
    /// <param name="length">0 to 128.</param>
    public bool SharesPrefix(Ipv6Address other, int length)
    {
        ulong high = Network(RawHigh ^ other.RawHigh);
        ulong low = Network(RawLow ^ other.RawLow);
        return length <= 64
            ? length == 0 || high >> (64 - length) == 0
            : high == 0 && low >> (128 - length) == 0;
    }

    /// <summary>Reads the 16 bytes of a packet field.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than 16 bytes.</exception>
    public static Ipv6Address FromBytes(ReadOnlySpan<byte> bytes) => MemoryMarshal.Read<Ipv6Address>(bytes);

    /// <summary>Any textual form of RFC 4291 §2.2, without a zone suffix.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out Ipv6Address address)
    {
        address = default;
        if (text.Contains('%') || !text.Contains(':') || !IPAddress.TryParse(text, out IPAddress? parsed))
        {
            return false;
        }

        Span<byte> bytes = stackalloc byte[16];
        if (!parsed.TryWriteBytes(bytes, out int written) || written != 16)
        {
            return false;
        }

        address = FromBytes(bytes);
        return true;
    }

    /// <summary>Parses a literal in code or a test.</summary>
    /// <exception cref="FormatException">The text is not an IPv6 address.</exception>
    public static Ipv6Address Parse([NotNull] string text) =>
        TryParse(text, out Ipv6Address address) ? address : throw new FormatException($"'{text}' is not an IPv6 address");

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Equals(Ipv6Address other) => RawHigh == other.RawHigh && RawLow == other.RawLow;

    public override bool Equals([NotNullWhen(true)] object? obj) => obj is Ipv6Address other && Equals(other);

    public override int GetHashCode() => HashCode.Combine(RawHigh, RawLow);

    public override string ToString()
    {
        Ipv6Address self = this;
        return new IPAddress(MemoryMarshal.AsBytes(new ReadOnlySpan<Ipv6Address>(in self))).ToString();
    }

    private static ulong Network(ulong host) =>
        BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(host) : host;

    public static bool operator ==(Ipv6Address left, Ipv6Address right) => left.Equals(right);

    public static bool operator !=(Ipv6Address left, Ipv6Address right) => !left.Equals(right);
}
