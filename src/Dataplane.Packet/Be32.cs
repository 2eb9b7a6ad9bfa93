using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace Dataplane.Packet;

/// <summary>A 32-bit field in network byte order, as it stands in the packet.</summary>
/// <remarks>
/// Network order is a type so that a forgotten swap does not compile: there is no implicit conversion, and
/// arithmetic is only offered on <see cref="Host"/>. Equality needs no swap, which is what the hot path uses.
/// </remarks>
public readonly struct Be32 : System.IEquatable<Be32>
{
    /// <summary>The four bytes as the processor loads them.</summary>
    public readonly uint Raw;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Be32(uint raw) => Raw = raw;

    /// <summary>The value in host order.</summary>
    public uint Host
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => System.BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(Raw) : Raw;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Be32 FromHost(uint host) =>
        new(System.BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(host) : host);

    /// <summary>Wraps bytes that are in network order already.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Be32 FromRaw(uint raw) => new(raw);

    public bool Equals(Be32 other) => Raw == other.Raw;

    public override bool Equals(object? obj) => obj is Be32 other && Equals(other);

    public override int GetHashCode() => (int)Raw;

    public override string ToString() => Host.ToString(CultureInfo.InvariantCulture);

    public static bool operator ==(Be32 left, Be32 right) => left.Raw == right.Raw;

    public static bool operator !=(Be32 left, Be32 right) => left.Raw != right.Raw;
}
