using System.Runtime.CompilerServices;

namespace Dataplane.Packet;

/// <content>
/// Incremental update, RFC 1624 eqn. 3: HC' = ~(~HC + ~m + m').
/// <para>
/// Equal to full recomputation where any covered word besides the changed ones is not zero, which holds for an IPv4
/// header (version) and for TCP and UDP (the pseudo-header's protocol). ICMP has neither: an echo reply with id,
/// sequence and data zero sums to 0x0000, and <see cref="ApplyIcmp"/> sees to it. The update never mends a wrong
/// checksum: it keeps the distance to the right one, so that the receiver still notices.
/// </para>
/// </content>
public static unsafe partial class Checksum
{
    /// <summary>Brings an IPv4 header or TCP checksum, raw, up to date with a change of the words that it covers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Apply(ref ushort rawField, ChecksumDelta delta) => rawField = Updated(rawField, delta);

    /// <inheritdoc cref="Apply(ref ushort, ChecksumDelta)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Apply(ref Be16 field, ChecksumDelta delta) => field = Be16.FromRaw(Updated(field.Raw, delta));

    /// <summary>
    /// The same for UDP over IPv4: 0 means that the sender computed none and stays; a result of 0 is stored as 0xFFFF
    /// (RFC 768, RFC 3022 §4.1).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ApplyUdp(ref ushort rawField, ChecksumDelta delta)
    {
        if (rawField != 0)
        {
            ushort updated = Updated(rawField, delta);
            rawField = updated != 0 ? updated : (ushort)0xFFFF;
        }
    }

    /// <inheritdoc cref="ApplyUdp(ref ushort, ChecksumDelta)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ApplyUdp(ref Be16 field, ChecksumDelta delta) => ApplyUdp(ref Unsafe.As<Be16, ushort>(ref field), delta);

    /// <summary>The same for an ICMP message whose header has its new content already.</summary>
    /// <remarks>
    /// The update cannot tell the two zeros apart: over nothing but zero words the checksum is 0xFFFF, which it would
    /// store as 0x0000 and a receiver refuse. Where the header alone is zero 0xFFFF is right whatever the data is: adding
    /// it to a sum that is not zero leaves the sum as it is.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ApplyIcmp(IcmpHeader* icmp, ChecksumDelta delta)
    {
        ushort updated = Updated(icmp->Checksum.Raw, delta);
        bool isZero = updated == 0 && (icmp->Type | icmp->Code) == 0 && icmp->Rest.Raw == 0;
        icmp->Checksum = Be16.FromRaw(isZero ? (ushort)0xFFFF : updated);
    }

    /// <summary>Lowers the TTL, which must be at least 1, and the header checksum with it (RFC 1141).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void DecrementTtl(Ipv4Header* ip)
    {
        ip->Ttl--;
        Apply(ref ip->Checksum, ChecksumDelta.TtlDecrement);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ushort Updated(ushort raw, ChecksumDelta delta)
    {
        // Two 16-bit words make one carry at most, and adding it back cannot make another.
        uint sum = (uint)(ushort)~raw + delta.Raw;
        return (ushort)~(sum + (sum >> 16));
    }
}
