using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace Dataplane.Packet;

/// <summary>A 16-bit field in network byte order, as it stands in the packet.</summary>
/// <remarks>
/// Network order is a type so that a forgotten swap does not compile: there is no implicit conversion, and
/// arithmetic is only offered on <see cref="Host"/>. Equality needs no swap, which is what the hot path uses.
/// </remarks>
public readonly struct Be16 : System.IEquatable<Be16>
{
    /// <summary>The two bytes as the processor loads them.</summary>
    public readonly ushort Raw;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Be16(ushort raw) => Raw = raw;

    /// <summary>The value in host order.</summary>
    public ushort Host
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => System.BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(Raw) : Raw;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Be16 FromHost(ushort host) =>
        new(System.BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(host) : host);

    /// <summary>Wraps bytes that are in network order already.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Be16 FromRaw(ushort raw) => new(raw);

    public bool Equals(Be16 other) => Raw == other.Raw;

    public override bool Equals(object? obj) => obj is Be16 other && Equals(other);

    public override int GetHashCode() => Raw;

    public override string ToString() => Host.ToString(CultureInfo.InvariantCulture);

    public static bool operator ==(Be16 left, Be16 right) => left.Raw == right.Raw;

    public static bool operator !=(Be16 left, Be16 right) => left.Raw != right.Raw;
}
