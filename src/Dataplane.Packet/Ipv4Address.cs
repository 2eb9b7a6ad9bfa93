using System;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace Dataplane.Packet;

/// <summary>An IPv4 address in network byte order; 4 bytes.</summary>
public readonly struct Ipv4Address : IEquatable<Ipv4Address>
{
    /// <summary>The four bytes as the processor loads them from the packet.</summary>
    public readonly uint Raw;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Ipv4Address(uint raw) => Raw = raw;

    /// <summary>0.0.0.0: no address.</summary>
    public static Ipv4Address Any => default;

    /// <summary>255.255.255.255.</summary>
    public static Ipv4Address Broadcast => new(uint.MaxValue);

    /// <summary>The address as a number, most significant byte first: 10.0.0.1 is 0x0A000001.</summary>
    public uint Host
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(Raw) : Raw;
    }

    /// <summary>224.0.0.0/4 (RFC 5771).</summary>
    public bool IsMulticast => (Host >> 28) == 0xE;

    /// <summary>127.0.0.0/8 (RFC 1122 §3.2.1.3).</summary>
    public bool IsLoopback => (Host >> 24) == 127;

    /// <summary>
    /// Whether a router may pass packets from or to this address on: not 0.0.0.0/8, 127.0.0.0/8, multicast or
    /// 240.0.0.0/4 (RFC 1812 §5.3.7, RFC 6890). Prefixes that only policy excludes, private ones among them, pass.
    /// </summary>
    public bool IsForwardable
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            uint octet = BitConverter.IsLittleEndian ? Raw & 0xFF : Raw >> 24;
            return ForwardableFirstOctets[(int)octet] != 0;
        }
    }

    /// <summary>1 for each first octet of an address that may be forwarded.</summary>
    /// <remarks>A look-up, because comparing twice for both addresses of every packet is what the parser's fast path
    /// would spend most on.</remarks>
    private static ReadOnlySpan<byte> ForwardableFirstOctets =>
    [
        0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
        1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
        1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
        1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
        1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
        1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
        1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
        1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0,
        1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
        1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
        1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
        1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
        1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
        1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Ipv4Address FromHost(uint host) =>
        new(BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(host) : host);

    /// <summary>Wraps bytes that are in network order already.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Ipv4Address FromRaw(uint raw) => new(raw);

    /// <summary>Dotted quad without leading zeros; anything else is refused (no octal, no short forms).</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out Ipv4Address address)
    {
        address = default;
        uint value = 0;
        for (int part = 0; part < 4; part++)
        {
            int digits = 0;
            uint octet = 0;
            while (digits < text.Length && char.IsAsciiDigit(text[digits]) && digits < 4)
            {
                octet = octet * 10 + (uint)(text[digits] - '0');
                digits++;
            }

            if (digits == 0 || octet > 255 || (digits > 1 && text[0] == '0'))
            {
                return false;
            }

            value = value << 8 | octet;
            text = text[digits..];
            if (part < 3)
            {
                if (text.IsEmpty || text[0] != '.')
                {
                    return false;
                }

                text = text[1..];
            }
        }

        address = FromHost(value);
        return text.IsEmpty;
    }

    /// <summary>Parses a literal in code or a test.</summary>
    /// <exception cref="FormatException">The text is not a dotted quad.</exception>
    public static Ipv4Address Parse([NotNull] string text) =>
        TryParse(text, out Ipv4Address address) ? address : throw new FormatException($"'{text}' is not an IPv4 address");

    public bool Equals(Ipv4Address other) => Raw == other.Raw;

    public override bool Equals([NotNullWhen(true)] object? obj) => obj is Ipv4Address other && Equals(other);

    public override int GetHashCode() => (int)Raw;

    public override string ToString()
    {
        uint host = Host;
        return string.Create(CultureInfo.InvariantCulture, $"{host >> 24}.{host >> 16 & 255}.{host >> 8 & 255}.{host & 255}");
    }

    public static bool operator ==(Ipv4Address left, Ipv4Address right) => left.Raw == right.Raw;

    public static bool operator !=(Ipv4Address left, Ipv4Address right) => left.Raw != right.Raw;
}
