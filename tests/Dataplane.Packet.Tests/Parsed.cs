namespace Dataplane.Packet.Tests;

/// <summary>A parser's answer in managed form: what the parser under test and the reference are compared by.</summary>
/// <remarks>Of a dropped frame only the reason counts; offsets are from the frame's first byte.</remarks>
internal readonly record struct Parsed(
    DropReason Reason,
    PacketKind Kind = PacketKind.None,
    Ipv4Tuple Tuple = default,
    Ipv6Tuple Tuple6 = default,
    int L2LengthBytes = 0,
    int L4Offset = 0,
    int L3LengthBytes = 0,
    int L4LengthBytes = 0,
    int PayloadBytes = 0,
    TcpFlags TcpFlags = TcpFlags.None,
    byte Ttl = 0,
    ushort VlanId = 0,
    FragmentReference Fragment = default);
