using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Dataplane.Conntrack;
using Dataplane.Packet;

namespace Dataplane.Nat;

/// <summary>What a connection's translation does to checksums; 8 bytes in the entry, 0 when nothing is translated.</summary>
/// <remarks>
/// Addresses and ports need no room of their own: the translated packet of a direction is the inverse of the other
/// direction's tuple, which shares the cache line. Built before the entry is published, never changed.
/// <code>
/// offset size field
///      0    2 Ipv4Delta   header checksum, original direction (RFC 1624); the reply direction takes the negative
///      2    2 L4Delta     TCP, UDP or ICMP checksum, original direction
///      4    1 Active      1
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = 8)]
public struct Rewrite
{
    [FieldOffset(0)] public ulong Value;
    [FieldOffset(0)] public ushort Ipv4Delta;
    [FieldOffset(2)] public ushort L4Delta;
    [FieldOffset(4)] public byte Active;

    /// <summary>Computes the rewrite of a connection from its two tuples.</summary>
    public static Rewrite Between(in Ipv4Tuple original, in Ipv4Tuple reply)
    {
        Ipv4Tuple translated = reply.Inverted;
        if (translated == original)
        {
            return default;
        }

        ChecksumDelta addresses = ChecksumDelta.Between(original.Source, translated.Source)
            .Add(ChecksumDelta.Between(original.Destination, translated.Destination));
        ChecksumDelta ports = ChecksumDelta.Between(original.SourcePort, translated.SourcePort)
            .Add(ChecksumDelta.Between(original.DestinationPort, translated.DestinationPort));

        // ICMP's checksum covers no pseudo header (RFC 792).
        ChecksumDelta l4 = original.Protocol == IpProtocol.Icmp ? ports : addresses.Add(ports);
        return new Rewrite { Ipv4Delta = addresses.Raw, L4Delta = l4.Raw, Active = 1 };
    }

    /// <summary>The header checksum's change for a direction.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly ChecksumDelta Ipv4For(Direction direction) => ChecksumDelta.FromRaw((ushort)(Ipv4Delta ^ -(int)direction));

    /// <summary>The transport checksum's change for a direction.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly ChecksumDelta L4For(Direction direction) => ChecksumDelta.FromRaw((ushort)(L4Delta ^ -(int)direction));
}
