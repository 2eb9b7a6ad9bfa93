using System.Runtime.CompilerServices;
using Dataplane.Conntrack;
using Dataplane.Packet;

namespace Dataplane.Nat;

/// <summary>What a connection's translation does to checksums; 4 bytes in the entry, 0 when nothing is translated.</summary>
/// <remarks>
/// Addresses and ports need no room of their own: the translated packet of a direction is the inverse of the other
/// direction's tuple, which shares the cache line. Built before the entry is published, never changed.
/// <code>
/// offset size field
///      0    2 Ipv4Delta   header checksum, original direction (RFC 1624); the reply direction takes the negative
///      2    2 L4Delta     checksum of ICMP, or of a protocol with ports and pseudo-header, original direction; else without use
/// </code>
/// A translation that changes no checksum (two ports that swap) is kept apart from none by the other representation of zero.
/// </remarks>
public readonly struct Rewrite
{
    /// <summary>Both deltas without effect, but not 0 (see <see cref="ChecksumDelta"/>).</summary>
    private const uint WithoutEffect = 0xFFFF;

    /// <summary>As stored in the entry.</summary>
    public readonly uint Value;

    /// <summary>Takes up what an entry stores.</summary>
    // A word and shifts, not overlapping fields: the JIT keeps this in a register.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Rewrite(uint value) => Value = value;

    private Rewrite(ChecksumDelta ipv4, ChecksumDelta l4)
    {
        uint value = ipv4.Raw | (uint)l4.Raw << 16;
        Value = value == 0 ? WithoutEffect : value;
    }

    /// <summary>Whether there is anything to translate.</summary>
    public bool IsActive
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Value != 0;
    }

    /// <summary>Computes the rewrite of a connection from its two tuples.</summary>
    public static Rewrite Between(in Ipv4Tuple original, in Ipv4Tuple reply)
    {
        Ipv4Tuple translated = reply.Inverted.WithZone(original.Zone);
        if (translated == original)
        {
            return default;
        }

        ChecksumDelta addresses = ChecksumDelta.Between(original.Source, translated.Source)
            .Add(ChecksumDelta.Between(original.Destination, translated.Destination));
        ChecksumDelta ports = ChecksumDelta.Between(original.SourcePort, translated.SourcePort)
            .Add(ChecksumDelta.Between(original.DestinationPort, translated.DestinationPort));

        // ICMP's checksum covers no pseudo header (RFC 792).
        return new Rewrite(addresses, original.Protocol == IpProtocol.Icmp ? ports : addresses.Add(ports));
    }

    /// <summary>The header checksum's change for a direction.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ChecksumDelta Ipv4For(Direction direction) => ChecksumDelta.FromRaw((ushort)(Value ^ (uint)-(int)direction));

    /// <summary>The transport checksum's change for a direction.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ChecksumDelta L4For(Direction direction) => ChecksumDelta.FromRaw((ushort)(Value >> 16 ^ (uint)-(int)direction));
}
