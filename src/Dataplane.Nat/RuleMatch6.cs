using System.Runtime.InteropServices;
using Dataplane.Packet;

namespace Dataplane.Nat;

/// <summary>The IPv6 form of a <see cref="RuleMatch"/>; 112 bytes.</summary>
/// <remarks>
/// Everything but the addresses is the IPv4 form's, whose address ranges are unused. Immutable after compilation. A rule of the
/// configuration that names no address is compiled into both forms, one that does only into its family's.
/// <code>
/// offset size field
///      0   72 Common           ports, protocol, l4 ports, state, mark, label
///     72   16 Source           prefix, host bits clear
///     88   16 Destination      prefix, host bits clear
///    104    1 SourceLength     0 to 128
///    105    1 DestinationLength
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
public struct RuleMatch6
{
    public const int SizeBytes = 112;

    [FieldOffset(0)] public RuleMatch Common;
    [FieldOffset(72)] public Ipv6Address Source;
    [FieldOffset(88)] public Ipv6Address Destination;
    [FieldOffset(104)] public byte SourceLength;
    [FieldOffset(105)] public byte DestinationLength;

    /// <summary>Matches every packet.</summary>
    public static RuleMatch6 Any => new() { Common = RuleMatch.Any };

    /// <summary>Whether the packet meets the condition; the egress port is asked only where it is known.</summary>
    public readonly bool Matches(in FirstPacket6 packet, bool routed) =>
        (Common.InPorts >> packet.In & 1) != 0
        && (!routed || (Common.OutPorts >> packet.Out & 1) != 0)
        && (Common.Protocol == 0 || Common.Protocol == packet.Tuple.Protocol)
        && Source.SharesPrefix(packet.Tuple.Source, SourceLength)
        && Destination.SharesPrefix(packet.Tuple.Destination, DestinationLength)
        && Common.MatchesPorts(packet.Tuple.Protocol, packet.Tuple.SourcePort, packet.Tuple.DestinationPort)
        && Common.MatchesTracking(packet.State, packet.Mark, packet.Label);
}

/// <summary>The first packet of an IPv6 connection, as rules see it; see <see cref="FirstPacket"/>.</summary>
public struct FirstPacket6
{
    public Ipv6Tuple Tuple;
    public ConnectionLabel Label;
    public uint Mark;

    /// <summary>Ingress port.</summary>
    public byte In;

    /// <summary>Egress port, once routed.</summary>
    public byte Out;

    public PacketState State;
}

/// <summary>The IPv6 form of a <see cref="TrackRule"/>; 144 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct TrackRule6
{
    public RuleMatch6 Match;
    public TrackEffect Do;
}

/// <summary>The IPv6 form of a <see cref="FilterRule"/>; 120 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FilterRule6
{
    public RuleMatch6 Match;
    public FilterVerdict Verdict;
}
