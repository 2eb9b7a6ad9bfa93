using System.Numerics;
using System.Runtime.CompilerServices;
using Dataplane.Conntrack;
using Dataplane.Packet;

namespace Dataplane.Nat;

/// <summary>Applies a connection's stored translation to a packet.</summary>
public static unsafe partial class Rewriter
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
            ApplyOther(meta, ports, delta);
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

    /// <summary>Whether <see cref="Apply"/> can translate a first fragment; of a whole packet it always can.</summary>
    /// <param name="meta">The parsed packet, whole or first fragment.</param>
    /// <param name="other">The entry's tuple of the direction against the packet's.</param>
    /// <returns><see cref="DropReason.None"/>, or <see cref="DropReason.SctpFragmentTranslated"/> for one that would leave with a
    /// wrong CRC32c.</returns>
    /// <remarks>
    /// SCTP's CRC covers no addresses (RFC 9260 §6.8), so new ones do it no harm. What new ports do to it depends on how many
    /// bytes follow them up to the packet's end, and only the last fragment tells that.
    /// </remarks>
    public static DropReason CheckFirstFragment(PacketMeta* meta, Ipv4Tuple* other) =>
        meta->Fragment == FragmentPart.First && meta->Tuple.Protocol == IpProtocol.Sctp
            && (meta->Tuple.SourcePort != other->DestinationPort || meta->Tuple.DestinationPort != other->SourcePort)
            ? DropReason.SctpFragmentTranslated
            : DropReason.None;

    /// <summary>Writes ports and checksums of protocols other than TCP and UDP.</summary>
    /// <remarks>
    /// GRE has a key in its tuple's ports, which belongs to the tunnel's ends, and a checksum without addresses; of unknown protocols
    /// nothing but the addresses is known. Both keep their bytes. A first fragment of SCTP comes here with its own
    /// ports only (<see cref="CheckFirstFragment"/>), and its CRC stays.
    /// </remarks>
    /// <param name="meta">The parsed packet.</param>
    /// <param name="ports">Source and destination port as they go out.</param>
    /// <param name="delta">The transport checksum's change, for those that have a pseudo-header or are ICMP.</param>
    // Not inlined: the pass is for TCP and UDP.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ApplyOther(PacketMeta* meta, uint ports, ChecksumDelta delta)
    {
        byte* l4 = meta->L4;
        switch (meta->Tuple.Protocol)
        {
            case IpProtocol.Icmp:
                // The id of a query is in the half that its direction's source port has, of a reply in the other; one of them is 0.
                IcmpHeader* icmp = (IcmpHeader*)l4;
                icmp->Identifier = Be16.FromRaw((ushort)(ports | ports >> 16));
                Checksum.ApplyIcmp(icmp, delta);
                break;
            case IpProtocol.UdpLite:
                // Covers its header at least, and as in UDP a sum of zero goes out as ones (RFC 3828 §3.1).
                *(uint*)l4 = ports;
                Checksum.ApplyUdp(ref ((UdpLiteHeader*)l4)->Checksum, delta);
                break;
            case IpProtocol.Dccp:
                *(uint*)l4 = ports;
                Checksum.Apply(ref ((DccpHeader*)l4)->Checksum, delta);
                break;
            case IpProtocol.Sctp:
                Crc32c.Replace((SctpHeader*)l4, meta->L4LengthBytes, ((Be16*)&ports)[0], ((Be16*)&ports)[1]);
                break;
        }
    }
}
