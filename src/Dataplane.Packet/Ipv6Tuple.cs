using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Dataplane.Packet;

/// <summary>One direction of an IPv6 connection as the table keys it; 40 bytes.</summary>
/// <remarks>
/// Written once, like <see cref="Ipv4Tuple"/>, with the same meaning of ports and kind.
/// <code>
/// offset size field
///      0   16 Source
///     16   16 Destination
///     32    2 SourcePort
///     34    2 DestinationPort
///     36    2 Zone
///     38    1 Protocol
///     39    1 Kind
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
public struct Ipv6Tuple : IEquatable<Ipv6Tuple>
{
    public const int SizeBytes = 40;

    [FieldOffset(0)] public Ipv6Address Source;
    [FieldOffset(16)] public Ipv6Address Destination;
    [FieldOffset(32)] public Be16 SourcePort;
    [FieldOffset(34)] public Be16 DestinationPort;
    [FieldOffset(36)] public ushort Zone;
    [FieldOffset(38)] public byte Protocol;
    [FieldOffset(39)] public byte Kind;

    /// <summary>The tuple of the packets that answer this one, before any translation.</summary>
    public readonly Ipv6Tuple Inverted => new()
    {
        Source = Destination,
        Destination = Source,
        SourcePort = DestinationPort,
        DestinationPort = SourcePort,
        Zone = Zone,
        Protocol = Protocol,
        Kind = Protocol == IpProtocol.Icmpv6 ? Icmpv6Type.ReplyTo(Kind) : (byte)0,
    };

    /// <summary>The last 8 bytes: ports, zone, protocol and kind in one word.</summary>
    public readonly ulong Tail
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Unsafe.As<Be16, ulong>(ref Unsafe.AsRef(in SourcePort));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool Equals(Ipv6Tuple other) =>
        Source.Equals(other.Source) && Destination.Equals(other.Destination) && Tail == other.Tail;

    public override readonly bool Equals(object? obj) => obj is Ipv6Tuple other && Equals(other);

    public override readonly int GetHashCode() => HashCode.Combine(Source, Destination, Tail);

    public override readonly string ToString() =>
        $"{IpProtocol.Name(Protocol)} [{Source}]:{SourcePort} > [{Destination}]:{DestinationPort} zone {Zone}";

    public static bool operator ==(Ipv6Tuple left, Ipv6Tuple right) => left.Equals(right);

    public static bool operator !=(Ipv6Tuple left, Ipv6Tuple right) => !left.Equals(right);
}
