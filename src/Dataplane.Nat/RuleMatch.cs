using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Dataplane.Packet;

namespace Dataplane.Nat;

/// <summary>A compiled rule condition; 72 bytes, all ranges inclusive, host order.</summary>
/// <remarks>
/// Immutable after compilation. A condition that the configuration leaves out is its widest range, so that matching has no
/// special cases.
/// <code>
/// offset size field
///      0    8 InPorts          bit n: ingress port n
///      8    8 OutPorts         bit n: egress port n
///     16    8 Source           low, high
///     24    8 Destination      low, high
///     32    4 SourcePort       low, high
///     36    4 DestinationPort  low, high
///     40    1 Protocol         0: any
///     41    1 States           bit n: packet state n; 0: see <see cref="StatesUnnamed"/>
///     44    4 Mark             what the masked mark must be
///     48    4 MarkMask         0: any mark
///     56   16 Label            bits that must be set
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
public struct RuleMatch
{
    public const int SizeBytes = 72;

    /// <summary>What a rule without states is about: packets that open connections or are untracked.</summary>
    private const int StatesUnnamed = 1 << (int)PacketState.New | 1 << (int)PacketState.Untracked;

    [FieldOffset(0)] public ulong InPorts;
    [FieldOffset(8)] public ulong OutPorts;
    [FieldOffset(16)] public uint SourceLow;
    [FieldOffset(20)] public uint SourceHigh;
    [FieldOffset(24)] public uint DestinationLow;
    [FieldOffset(28)] public uint DestinationHigh;
    [FieldOffset(32)] public ushort SourcePortLow;
    [FieldOffset(34)] public ushort SourcePortHigh;
    [FieldOffset(36)] public ushort DestinationPortLow;
    [FieldOffset(38)] public ushort DestinationPortHigh;
    [FieldOffset(40)] public byte Protocol;
    [FieldOffset(41)] public byte States;
    [FieldOffset(44)] public uint Mark;
    [FieldOffset(48)] public uint MarkMask;
    [FieldOffset(56)] public ConnectionLabel Label;

    /// <summary>Matches every packet.</summary>
    public static RuleMatch Any => new()
    {
        InPorts = ulong.MaxValue,
        OutPorts = ulong.MaxValue,
        SourceHigh = uint.MaxValue,
        DestinationHigh = uint.MaxValue,
        SourcePortHigh = ushort.MaxValue,
        DestinationPortHigh = ushort.MaxValue,
    };

    /// <summary>Whether the packet meets the condition; the egress port is asked only where it is known.</summary>
    /// <remarks>A query's ICMP id and a GRE key stand in the tuple's ports and are none: a port range other than all matches
    /// only protocols that have ports.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool Matches(in FirstPacket packet, bool routed)
    {
        uint source = packet.Tuple.Source.Host;
        uint destination = packet.Tuple.Destination.Host;
        return (InPorts >> packet.In & 1) != 0
            && (!routed || (OutPorts >> packet.Out & 1) != 0)
            && (Protocol == 0 || Protocol == packet.Tuple.Protocol)
            && source - SourceLow <= SourceHigh - SourceLow
            && destination - DestinationLow <= DestinationHigh - DestinationLow
            && MatchesPorts(packet.Tuple.Protocol, packet.Tuple.SourcePort, packet.Tuple.DestinationPort)
            && MatchesTracking(packet.State, packet.Mark, packet.Label);
    }

    /// <summary>The part of <see cref="Matches"/> that asks connection tracking; both families share it.</summary>
    internal readonly bool MatchesTracking(PacketState state, uint mark, ConnectionLabel label) =>
        ((States == 0 ? StatesUnnamed : States) >> (int)state & 1) != 0 && (mark & MarkMask) == Mark && label.Contains(Label);

    /// <summary>The part of <see cref="Matches"/> that both families share.</summary>
    internal readonly bool MatchesPorts(byte protocol, Be16 sourcePort, Be16 destinationPort)
    {
        uint sourceWidth = (uint)(SourcePortHigh - SourcePortLow);
        uint destinationWidth = (uint)(DestinationPortHigh - DestinationPortLow);
        if ((sourceWidth & destinationWidth) == ushort.MaxValue)
        {
            return true;
        }

        return HasPorts(protocol)
            && (uint)(sourcePort.Host - SourcePortLow) <= sourceWidth
            && (uint)(destinationPort.Host - DestinationPortLow) <= destinationWidth;
    }

    /// <summary>Whether the first four bytes of a protocol's header are a source and a destination port.</summary>
    public static bool HasPorts(byte protocol) =>
        protocol is IpProtocol.Tcp or IpProtocol.Udp or IpProtocol.UdpLite or IpProtocol.Sctp or IpProtocol.Dccp;
}
