using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Dataplane.Packet;

/// <summary>From the bytes of a received frame to <see cref="PacketMeta"/>: the one place that trusts no length.</summary>
/// <remarks>
/// Two paths, one answer. The plain path in this file takes what nearly every packet is: untagged, IPv4 without
/// options, a whole datagram, TCP or UDP. It only ever accepts; whatever it does not take, for whatever reason, goes
/// from its first byte through the careful path, which alone names drop reasons. So the plain path can merge
/// its conditions as the processor likes, and its answers must be those that the careful path would have given.
/// <para>
/// The careful path checks in this order, and the first failure is the reason: link layer, IP version, header length,
/// total length, header checksum, options or extension headers, source, destination, fragment, transport header,
/// transport checksum. Bytes behind the IP total length (Ethernet padding, or an attempt to smuggle) are neither
/// read nor counted. A fragment that is not the first has no transport header, and no fragment's transport checksum
/// is verified: it covers bytes that are in other packets.
/// </para>
/// <code>
/// PacketParser.cs            plain path                 PacketParser.Transport.cs        TCP, UDP, ICMP, ICMPv6
/// PacketParser.Link.cs       Ethernet, VLAN, dispatch   PacketParser.OtherTransport.cs   SCTP, DCCP, UDP-Lite, GRE, any other
/// PacketParser.Ipv4.cs       header, options            PacketParser.Fragment.cs         fragments of both families
/// PacketParser.Ipv6.cs       header, extension headers  PacketParser.Quoted.cs           the packet inside an ICMP error
/// PacketParser.Arp.cs        ARP                        PacketParser.Quoted6.cs          the packet inside an ICMPv6 error
/// </code>
/// </remarks>
public static unsafe partial class PacketParser
{
    /// <summary>Ethernet, IPv4 and UDP headers: less cannot be plain, and so much may be loaded without looking again.</summary>
    private const int PlainBytesMin = EthernetHeader.SizeBytes + Ipv4Header.SizeBytes + UdpHeader.SizeBytes;

    /// <summary>
    /// One bit for each combination of FIN, SYN, RST, ACK and URG that real stacks send; PSH, ECE and CWR go with any:
    /// SYN, SYN+URG, SYN+ACK, RST, RST+ACK, FIN+ACK, FIN+ACK+URG, ACK, ACK+URG. The set is that of netfilter's tracker.
    /// </summary>
    private const ulong TcpFlagsValid =
        1ul << (int)TcpFlags.Syn
        | 1ul << (int)(TcpFlags.Syn | TcpFlags.Urg)
        | 1ul << (int)(TcpFlags.Syn | TcpFlags.Ack)
        | 1ul << (int)TcpFlags.Rst
        | 1ul << (int)(TcpFlags.Rst | TcpFlags.Ack)
        | 1ul << (int)(TcpFlags.Fin | TcpFlags.Ack)
        | 1ul << (int)(TcpFlags.Fin | TcpFlags.Ack | TcpFlags.Urg)
        | 1ul << (int)TcpFlags.Ack
        | 1ul << (int)(TcpFlags.Ack | TcpFlags.Urg);

    private const TcpFlags TcpFlagsJudged = TcpFlags.Fin | TcpFlags.Syn | TcpFlags.Rst | TcpFlags.Ack | TcpFlags.Urg;

    /// <summary>Parses one received frame.</summary>
    /// <typeparam name="TPolicy">Whether L4 checksums are verified.</typeparam>
    /// <param name="mbuf">A received buffer; only its first <see cref="Mbuf.DataLength"/> bytes are read.</param>
    /// <param name="port">Index of the receiving port in the plan, stored in the meta.</param>
    /// <param name="zone">Zone of the receiving port, part of the tuple.</param>
    /// <param name="meta">
    /// Filled on success; on a drop its kind is <see cref="PacketKind.None"/>, its reason the result, and the rest not
    /// meaningful. An IPv6 packet leaves only zone and protocol in its IPv4 tuple. What later stages write
    /// (<see cref="PacketMeta.Hash"/>, <see cref="PacketMeta.Adjacency"/>) may hold anything.
    /// </param>
    /// <param name="tuple6">Filled for IPv6 kinds only; the caller's one slot per packet of a burst.</param>
    /// <returns><see cref="DropReason.None"/>, or why the packet must go no further.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)] // Into the burst loop: the plain path is all of it.
    public static DropReason Parse<TPolicy>(Mbuf* mbuf, byte port, ushort zone, PacketMeta* meta, Ipv6Tuple* tuple6)
        where TPolicy : struct, IChecksumPolicy =>
        TryParsePlain<TPolicy>(mbuf, port, zone, meta)
            ? DropReason.None
            : ParseCarefully(mbuf, port, zone, meta, tuple6, TPolicy.VerifiesL4);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryParsePlain<TPolicy>(Mbuf* mbuf, byte port, ushort zone, PacketMeta* meta)
        where TPolicy : struct, IChecksumPolicy
    {
        byte* frame = mbuf->Data;
        int frameBytes = mbuf->DataLength;
        if (frameBytes < PlainBytesMin || mbuf->SegmentCount != 1)
        {
            return false;
        }

        var ip = (Ipv4Header*)(frame + EthernetHeader.SizeBytes);
        if (((EthernetHeader*)frame)->EtherType != Be16.FromHost(EtherType.Ipv4)
            || ip->VersionAndLength != Ipv4Header.VersionAndLengthPlain)
        {
            return false;
        }

        int l3Bytes = ip->TotalLengthBytes.Host;
        int l4Bytes = l3Bytes - Ipv4Header.SizeBytes;
        const ushort fragment = Ipv4Header.MoreFragments | Ipv4Header.FragmentOffsetMask;
        if (l4Bytes < UdpHeader.SizeBytes
            || l3Bytes > frameBytes - EthernetHeader.SizeBytes
            || (ip->FlagsAndOffset.Raw & Be16.FromHost(fragment).Raw) != 0
            || !(ip->Source.IsForwardable & ip->Destination.IsForwardable & (ip->Source != ip->Destination)))
        {
            return false;
        }

        byte* l4 = (byte*)ip + Ipv4Header.SizeBytes;
        byte protocol = ip->Protocol;
        int headerBytes;
        TcpFlags tcpFlags;
        if (protocol == IpProtocol.Udp)
        {
            // What the datagram's own length leaves over belongs to nobody; below, l4Bytes is the message's length.
            int udpBytes = ((UdpHeader*)l4)->LengthBytes.Host;
            if (udpBytes < UdpHeader.SizeBytes || udpBytes > l4Bytes)
            {
                return false;
            }

            l4Bytes = udpBytes;
            headerBytes = UdpHeader.SizeBytes;
            tcpFlags = TcpFlags.None;
        }
        else if (protocol == IpProtocol.Tcp && l4Bytes >= TcpHeader.SizeBytes)
        {
            headerBytes = ((TcpHeader*)l4)->HeaderLengthBytes;
            tcpFlags = ((TcpHeader*)l4)->Flags;
            if (headerBytes < TcpHeader.SizeBytes || headerBytes > l4Bytes || !IsValid(tcpFlags))
            {
                return false;
            }
        }
        else
        {
            return false;
        }

        const MbufFlags judged = MbufFlags.RxIpChecksumMask | MbufFlags.RxL4ChecksumMask | MbufFlags.RxVlanStripped;
        MbufFlags flags = mbuf->Flags & judged;
        if (flags != MbufFlags.RxChecksumsGood && !IsIntact<TPolicy>(flags, ip, l4, l4Bytes))
        {
            return false;
        }

        // Addresses and ports are neighbours in a header without options: one load, one insert, one store. The four
        // bytes loaded behind the ports are in the buffer and are what zone, protocol and kind replace.
        uint tail = zone | (uint)protocol << 16;
        Vector128.Load((uint*)&ip->Source).WithElement(3, tail).Store((uint*)&meta->Tuple);
        meta->L3 = (byte*)ip;
        meta->L4 = l4;

        // The small fields go out as three words: Reference (none) and lengths; kind, TCP flags, TTL, 14 bytes of L2, port,
        // no reason, no VLAN; payload and egress (0). PacketMeta draws where each stands.
        *(ulong*)&meta->Reference = (ulong)(uint)l3Bytes << 32 | (ulong)(uint)l4Bytes << 48;
        *(ulong*)&meta->Kind = (ulong)PacketKind.Ipv4Tracked | (ulong)tcpFlags << 8 | (ulong)ip->Ttl << 16
            | (ulong)EthernetHeader.SizeBytes << 24 | (ulong)port << 32;
        *(uint*)&meta->PayloadBytes = (uint)(l4Bytes - headerBytes);
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsValid(TcpFlags flags) => (TcpFlagsValid >> (int)(flags & TcpFlagsJudged) & 1) != 0;

    /// <summary>Where the NIC did not vouch for both checksums: verifies what it left, for a header without options.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)] // Virtual ports never vouch: this is their common case.
    private static bool IsIntact<TPolicy>(MbufFlags flags, Ipv4Header* ip, byte* l4, int l4Bytes)
        where TPolicy : struct, IChecksumPolicy
    {
        if ((flags & MbufFlags.RxVlanStripped) != 0)
        {
            return false;
        }

        MbufFlags ipFlags = flags & MbufFlags.RxIpChecksumMask;
        if (ipFlags != MbufFlags.RxIpChecksumGood
            && (ipFlags == MbufFlags.RxIpChecksumBad || Checksum.Fold(SumPlainHeader(ip)) != 0xFFFF))
        {
            return false;
        }

        if (!TPolicy.VerifiesL4)
        {
            return true;
        }

        MbufFlags l4Flags = flags & MbufFlags.RxL4ChecksumMask;
        return l4Flags == MbufFlags.RxL4ChecksumGood
            || (l4Flags != MbufFlags.RxL4ChecksumBad && Checksum.VerifyL4(ip, ip->Protocol, l4, l4Bytes));
    }

    /// <summary>The sum of a 20-byte header without a loop.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong SumPlainHeader(Ipv4Header* ip)
    {
        ulong first = Unsafe.ReadUnaligned<ulong>(ip);
        ulong second = Unsafe.ReadUnaligned<ulong>((byte*)ip + 8);
        return (uint)first + (first >> 32) + (uint)second + (second >> 32) + ip->Destination.Raw;
    }
}
