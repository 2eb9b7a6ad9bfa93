using System.Runtime.CompilerServices;

namespace Dataplane.Packet;

/// <content>Transport messages: what each protocol's checksum covers.</content>
public static unsafe partial class Checksum
{
    /// <summary>
    /// Whether the checksum of a transport message holds. UDP without one passes (RFC 768), and so does any protocol that has
    /// none or none that is known here.
    /// </summary>
    /// <param name="ip">The header whose addresses are in the pseudo-header.</param>
    /// <param name="protocol">IANA protocol number of the message.</param>
    /// <param name="l4">The message; all <paramref name="lengthBytes"/> bytes are readable.</param>
    /// <param name="lengthBytes">Of header and payload, at least the protocol's shortest header; for UDP its length
    /// field. UDP-Lite and DCCP must not say that more is covered: their readers see to it.</param>
    public static bool VerifyL4(Ipv4Header* ip, byte protocol, byte* l4, int lengthBytes) => protocol switch
    {
        IpProtocol.Udp => ((UdpHeader*)l4)->Checksum.Raw == 0 || Verify(l4, lengthBytes, PseudoHeader(ip, protocol, lengthBytes)),
        IpProtocol.Tcp => Verify(l4, lengthBytes, PseudoHeader(ip, protocol, lengthBytes)),
        IpProtocol.Icmp => Verify(l4, lengthBytes),
        _ => VerifyOther(protocol, l4, lengthBytes, PseudoHeader(ip, protocol, lengthBytes)),
    };

    /// <summary>The same over IPv6, where UDP without a checksum is wrong (RFC 8200 §8.1) and ICMPv6 has the
    /// pseudo-header too.</summary>
    /// <inheritdoc cref="VerifyL4(Ipv4Header*, byte, byte*, int)" path="/param"/>
    public static bool VerifyL4(Ipv6Header* ip, byte protocol, byte* l4, int lengthBytes) => protocol switch
    {
        IpProtocol.Udp when ((UdpHeader*)l4)->Checksum.Raw == 0 => false,
        IpProtocol.Udp or IpProtocol.Tcp or IpProtocol.Icmpv6 => Verify(l4, lengthBytes, PseudoHeader(ip, protocol, lengthBytes)),
        _ => VerifyOther(protocol, l4, lengthBytes, PseudoHeader(ip, protocol, lengthBytes)),
    };

    /// <summary>Protocols off the fast path.</summary>
    /// <remarks>
    /// SCTP's CRC and GRE's checksum leave the addresses out. The pseudo-header of UDP-Lite and DCCP counts the whole message,
    /// however much of it is covered (RFC 3828 §3.1, RFC 4340 §9.1).
    /// </remarks>
    // Not inlined: keeps the switches above as short as those three protocols make them.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool VerifyOther(byte protocol, byte* l4, int lengthBytes, ulong pseudoHeader) => protocol switch
    {
        IpProtocol.Sctp => Crc32c.IsValid((SctpHeader*)l4, lengthBytes),
        IpProtocol.UdpLite => Verify(l4, ((UdpLiteHeader*)l4)->CoveredBytesOf(lengthBytes), pseudoHeader),
        IpProtocol.Dccp => Verify(l4, ((DccpHeader*)l4)->CoveredBytesOf(lengthBytes), pseudoHeader),
        IpProtocol.Gre => !((GreHeader*)l4)->HasChecksum || Verify(l4, lengthBytes),
        _ => true,
    };

    /// <summary>
    /// Computes and stores the checksum of the TCP, UDP or ICMP message that <see cref="Ipv4Header.Protocol"/> announces.
    /// UDP's zero is sent as 0xFFFF (RFC 768); a protocol without a known checksum is left alone.
    /// </summary>
    /// <inheritdoc cref="VerifyL4(Ipv4Header*, byte, byte*, int)" path="/param"/>
    public static void SetL4(Ipv4Header* ip, byte* l4, int lengthBytes)
    {
        ulong seed = ip->Protocol == IpProtocol.Icmp ? 0 : PseudoHeader(ip, ip->Protocol, lengthBytes);
        SetL4(ip->Protocol, l4, lengthBytes, seed);
    }

    /// <summary>The same over IPv6, for TCP, UDP and ICMPv6.</summary>
    /// <inheritdoc cref="VerifyL4(Ipv4Header*, byte, byte*, int)" path="/param"/>
    public static void SetL4(Ipv6Header* ip, byte protocol, byte* l4, int lengthBytes) =>
        SetL4(protocol, l4, lengthBytes, PseudoHeader(ip, protocol, lengthBytes));

    private static void SetL4(byte protocol, byte* l4, int lengthBytes, ulong seed)
    {
        Be16* field;
        switch (protocol)
        {
            case IpProtocol.Tcp:
                field = &((TcpHeader*)l4)->Checksum;
                break;
            case IpProtocol.Udp:
                field = &((UdpHeader*)l4)->Checksum;
                break;
            case IpProtocol.Icmp or IpProtocol.Icmpv6:
                field = &((IcmpHeader*)l4)->Checksum;
                break;
            default:
                return;
        }

        *field = default;
        ushort raw = Internet(l4, lengthBytes, seed);
        *field = Be16.FromRaw(protocol == IpProtocol.Udp && raw == 0 ? (ushort)0xFFFF : raw);
    }
}
