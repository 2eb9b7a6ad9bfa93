using System.Numerics;
using System.Runtime.CompilerServices;
using Dataplane.Conntrack;
using Dataplane.Packet;

namespace Dataplane.Nat;

/// <summary>Applies a connection's stored translation to a packet.</summary>
public static unsafe class Rewriter
{
    /// <summary>Writes addresses, ports and checksums of the translated packet.</summary>
    /// <param name="meta">The parsed packet; offsets are trusted.</param>
    /// <param name="rewrite">The entry's rewrite, active.</param>
    /// <param name="other">The entry's tuple of the direction against the packet's.</param>
    /// <param name="direction">The packet's direction.</param>
    /// <param name="extra">A further change of the IPv4 header that its checksum takes up in the same step: the TTL.</param>
    /// <remarks>
    /// Inlined into the pass over the burst. Source and destination stand in the tuple in the packet's order, so that inverting
    /// them is one rotation of 8 bytes for the addresses and one of 4 for the ports.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Apply(PacketMeta* meta, Rewrite rewrite, Ipv4Tuple* other, Direction direction, ChecksumDelta extra)
    {
        ApplyAddresses(meta, rewrite, other, direction, extra);
        uint ports = BitOperations.RotateRight(*(uint*)&other->SourcePort, 16);
        ChecksumDelta delta = rewrite.L4For(direction);
        byte protocol = meta->Tuple.Protocol;
        if (protocol == IpProtocol.Tcp)
        {
            *(uint*)meta->L4 = ports;
            Checksum.Apply(ref ((TcpHeader*)meta->L4)->Checksum, delta);
        }
        else if (protocol == IpProtocol.Udp)
        {
            *(uint*)meta->L4 = ports;
            Checksum.ApplyUdp(ref ((UdpHeader*)meta->L4)->Checksum, delta);
        }
        else
        {
            // The id of a query is in the half that its direction's source port has, of a reply in the other; one of them is 0.
            IcmpHeader* icmp = (IcmpHeader*)meta->L4;
            icmp->Identifier = Be16.FromRaw((ushort)(ports | ports >> 16));
            Checksum.ApplyIcmp(icmp, delta);
        }
    }

    /// <summary>Writes addresses and header checksum only: all that a fragment without a transport header has.</summary>
    /// <remarks>
    /// The transport checksum covers the datagram and stands in its first fragment, where <see cref="Apply"/> adds the
    /// whole change. Inlined for the sake of that.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ApplyAddresses(PacketMeta* meta, Rewrite rewrite, Ipv4Tuple* other, Direction direction, ChecksumDelta extra)
    {
        Ipv4Header* ip = (Ipv4Header*)meta->L3;
        *(ulong*)&ip->Source = BitOperations.RotateRight(*(ulong*)other, 32);
        Checksum.Apply(ref ip->Checksum, rewrite.Ipv4For(direction).Add(extra));
    }
}
