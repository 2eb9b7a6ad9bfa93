using Dataplane.Conntrack;
using Dataplane.Packet;

namespace Dataplane.Nat;

/// <content>The packet inside an ICMP error (RFC 5508 §4).</content>
public static unsafe partial class Rewriter
{
    /// <summary>Gives a quoted packet the tuple that its sender knows.</summary>
    /// <remarks>
    /// Undoing what the direction against the error's did is what the error's own direction does. The inner transport checksum
    /// follows as far as it is quoted. SCTP's CRC, too, though most of what it covers is not there: its change depends on the
    /// packet's length alone, which the inner IP header has. Only in a quoted fragment it keeps its old value.
    /// The error's own checksum is then wrong and for the caller to make anew.
    /// </remarks>
    /// <param name="quoted">From <see cref="PacketParser.ParseQuoted"/>; what it points at is changed.</param>
    /// <param name="rewrite">The entry's rewrite, active.</param>
    /// <param name="inside">The entry's tuple of the direction against the error's.</param>
    /// <param name="direction">The error's direction.</param>
    public static void ApplyQuoted(in QuotedPacket quoted, Rewrite rewrite, Ipv4Tuple* inside, Direction direction)
    {
        quoted.L3->Source = inside->Source;
        quoted.L3->Destination = inside->Destination;
        Checksum.Apply(ref quoted.L3->Checksum, rewrite.Ipv4For(direction));
        ChecksumDelta delta = rewrite.L4For(direction);
        byte* l4 = quoted.L4;
        switch (inside->Protocol)
        {
            case IpProtocol.Icmp:
                IcmpHeader* icmp = (IcmpHeader*)l4;
                icmp->Identifier = IcmpType.IsRequest(inside->Kind) ? inside->SourcePort : inside->DestinationPort;
                Checksum.ApplyIcmp(icmp, delta);
                break;
            case IpProtocol.Udp or IpProtocol.UdpLite:
                WritePorts(l4, inside);
                Checksum.ApplyUdp(ref ((UdpHeader*)l4)->Checksum, delta);
                break;
            case IpProtocol.Dccp:
                WritePorts(l4, inside);
                Checksum.Apply(ref ((DccpHeader*)l4)->Checksum, delta);
                break;
            case IpProtocol.Tcp:
                WritePorts(l4, inside);
                if (quoted.HasChecksum)
                {
                    Checksum.Apply(ref ((TcpHeader*)l4)->Checksum, delta);
                }

                break;
            case IpProtocol.Sctp when quoted.HasChecksum && quoted.L4SentBytes != 0:
                Crc32c.Replace((SctpHeader*)l4, quoted.L4SentBytes, inside->SourcePort, inside->DestinationPort);
                break;
            case IpProtocol.Sctp:
                WritePorts(l4, inside);
                break;
        }
    }

    /// <summary>The ports of a protocol that begins with them.</summary>
    private static void WritePorts(byte* l4, Ipv4Tuple* tuple)
    {
        ((UdpHeader*)l4)->SourcePort = tuple->SourcePort;
        ((UdpHeader*)l4)->DestinationPort = tuple->DestinationPort;
    }
}
