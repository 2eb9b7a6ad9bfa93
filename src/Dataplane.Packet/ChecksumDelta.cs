using System.Runtime.CompilerServices;

namespace Dataplane.Packet;

/// <summary>What changing some 16-bit words does to an Internet checksum: the one's complement sum of ~old + new.</summary>
/// <remarks>
/// RFC 1624 eqn. 3 reads HC' = ~(~HC + ~m + m'). The part ~m + m' depends on the change alone, so a connection
/// computes it once and every packet adds it by <see cref="Checksum.Apply(ref Be16, ChecksumDelta)"/>. One's
/// complement sums do not depend on byte order (RFC 1071 §2(B)): everything here works on words as the processor
/// loads them and never swaps. The words must be aligned to the checksum's own 16-bit grid, which every
/// translated header field is.
/// <para>
/// Zero has two representations, 0x0000 and 0xFFFF; <see cref="Between(ushort, ushort)"/> of equal words gives
/// 0xFFFF, the default value is 0x0000, and both leave the meaning of a checksum as it is.
/// </para>
/// </remarks>
public readonly struct ChecksumDelta : System.IEquatable<ChecksumDelta>
{
    /// <summary>The folded sum, in the byte order of the packet.</summary>
    public readonly ushort Raw;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ChecksumDelta(ushort raw) => Raw = raw;

    /// <summary>
    /// The effect of lowering a TTL that is at least 1. TTL is the first byte of its word, so on a little-endian
    /// machine the raw word falls by 1, and ~m + (m - 1) = 0xFFFE whatever the protocol byte beside it holds.
    /// </summary>
    public static ChecksumDelta TtlDecrement
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(System.BitConverter.IsLittleEndian ? (ushort)0xFFFE : (ushort)0xFEFF);
    }

    /// <summary>Takes up a delta that was stored as its <see cref="Raw"/> value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ChecksumDelta FromRaw(ushort raw) => new(raw);

    /// <summary>The change of one 16-bit word.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ChecksumDelta Between(ushort oldRaw, ushort newRaw) =>
        new(Fold((uint)(ushort)~oldRaw + newRaw));

    /// <summary>The change of two neighbouring 16-bit words, an IPv4 address or a sequence number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ChecksumDelta Between(uint oldRaw, uint newRaw)
    {
        uint inverted = ~oldRaw;
        return new(Fold((inverted & 0xFFFF) + (inverted >> 16) + (newRaw & 0xFFFF) + (newRaw >> 16)));
    }

    /// <inheritdoc cref="Between(ushort, ushort)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ChecksumDelta Between(Be16 before, Be16 after) => Between(before.Raw, after.Raw);

    /// <inheritdoc cref="Between(uint, uint)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ChecksumDelta Between(Be32 before, Be32 after) => Between(before.Raw, after.Raw);

    /// <inheritdoc cref="Between(uint, uint)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ChecksumDelta Between(Ipv4Address before, Ipv4Address after) => Between(before.Raw, after.Raw);

    /// <summary>Both changes together.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ChecksumDelta Add(ChecksumDelta other) => new(Fold((uint)Raw + other.Raw));

    /// <summary>The change undone: what the reverse direction of a translation needs.</summary>
    public ChecksumDelta Negated
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new((ushort)~Raw);
    }

    /// <summary>Whether the change leaves every checksum's meaning alone.</summary>
    public bool IsNeutral => Raw is 0 or 0xFFFF;

    /// <summary>Folds a sum of up to 65,536 words.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ushort Fold(uint sum)
    {
        sum = (sum & 0xFFFF) + (sum >> 16);
        return (ushort)(sum + (sum >> 16));
    }

    /// <summary>Equality of representation: 0x0000 and 0xFFFF differ.</summary>
    public bool Equals(ChecksumDelta other) => Raw == other.Raw;

    public override bool Equals(object? obj) => obj is ChecksumDelta other && Equals(other);

    public override int GetHashCode() => Raw;

    public override string ToString() => $"0x{Be16.FromRaw(Raw).Host:x4}";

    public static bool operator ==(ChecksumDelta left, ChecksumDelta right) => left.Raw == right.Raw;

    public static bool operator !=(ChecksumDelta left, ChecksumDelta right) => left.Raw != right.Raw;
}
