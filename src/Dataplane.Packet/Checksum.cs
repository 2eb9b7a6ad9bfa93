using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Dataplane.Packet;

/// <summary>Internet checksums (RFC 1071) computed in full; the incremental half is in <c>Checksum.Incremental.cs</c>.</summary>
/// <remarks>
/// A one's complement sum may be taken in any byte order, over words of any width, and in any grouping
/// (RFC 1071 §2). All sums here are of words as the processor loads them, kept in 64 bits without folding: a sum of
/// 32-bit words of 64 KiB stays below 2^47, so a carry is impossible and seeds can be chained.
/// <para>
/// A folded sum is 0x0000 only where every word is zero; else its zero is 0xFFFF. A stored checksum is the sum's
/// complement: 0x0000 in the common case of a zero sum, 0xFFFF only over nothing but zeros. A receiver accepts when
/// the sum with the checksum in it folds to 0xFFFF.
/// </para>
/// </remarks>
public static unsafe partial class Checksum
{
    /// <summary>From this length on, vectors beat the scalar loop (their set-up and final fold cost about eight adds).</summary>
    private const int VectorThresholdBytes = 64;

    /// <summary>Folds a sum to 16 bits, without complement.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ushort Fold(ulong sum)
    {
        sum = (sum & 0xFFFF_FFFF) + (sum >> 32);
        sum = (sum & 0xFFFF) + (sum >> 16);
        sum = (sum & 0xFFFF) + (sum >> 16);
        return (ushort)(sum + (sum >> 16));
    }

    /// <summary>
    /// The unfolded sum of <paramref name="lengthBytes"/> bytes (0–65,535, odd lengths padded with a zero byte) on
    /// top of <paramref name="seed"/>, which is 0, a pseudo-header, or the sum of preceding data of even length.
    /// </summary>
    public static ulong Sum(byte* data, int lengthBytes, ulong seed = 0)
    {
        ulong sum = seed;
        byte* end = data + lengthBytes;
        if (lengthBytes >= VectorThresholdBytes && Vector256.IsHardwareAccelerated)
        {
            sum += SumVectors(ref data, lengthBytes);
        }

        while (end - data >= 8)
        {
            ulong word = Unsafe.ReadUnaligned<ulong>(data);
            sum += (uint)word;
            sum += word >> 32;
            data += 8;
        }

        long rest = end - data;
        if ((rest & 4) != 0)
        {
            sum += Unsafe.ReadUnaligned<uint>(data);
            data += 4;
        }

        if ((rest & 2) != 0)
        {
            sum += Unsafe.ReadUnaligned<ushort>(data);
            data += 2;
        }

        if ((rest & 1) != 0)
        {
            // The missing second byte of the last word is zero: the byte stands first in memory.
            sum += System.BitConverter.IsLittleEndian ? *data : (uint)*data << 8;
        }

        return sum;
    }

    /// <summary>The checksum field's value (raw, complemented) for data whose checksum field is zero or not in it.</summary>
    /// <inheritdoc cref="Sum" path="/param"/>
    public static ushort Internet(byte* data, int lengthBytes, ulong seed = 0) => (ushort)~Fold(Sum(data, lengthBytes, seed));

    /// <summary>Whether data with its checksum in place sums to zero.</summary>
    /// <inheritdoc cref="Sum" path="/param"/>
    public static bool Verify(byte* data, int lengthBytes, ulong seed = 0) => Fold(Sum(data, lengthBytes, seed)) == 0xFFFF;

    /// <summary>The sum of the IPv4 pseudo-header (RFC 9293 §3.1): addresses, protocol, transport length in bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong PseudoHeader(Ipv4Header* ip, byte protocol, int lengthBytes) =>
        (ulong)ip->Source.Raw + ip->Destination.Raw + Be16.FromHost(protocol).Raw + Be16.FromHost((ushort)lengthBytes).Raw;

    /// <summary>The sum of the IPv6 pseudo-header (RFC 8200 §8.1): addresses, upper-layer length in bytes, protocol.</summary>
    public static ulong PseudoHeader(Ipv6Header* ip, byte protocol, int lengthBytes) =>
        Sum((byte*)&ip->Source, 32) + Be32.FromHost((uint)lengthBytes).Raw + Be32.FromHost(protocol).Raw;

    /// <summary>
    /// Whether the 20 bytes of an IPv4 header without options, or <paramref name="headerLengthBytes"/> with them, are intact.
    /// </summary>
    public static bool VerifyIpv4Header(Ipv4Header* ip, int headerLengthBytes) => Verify((byte*)ip, headerLengthBytes);

    /// <summary>
    /// Whether the checksum of a TCP, UDP or ICMP message of <paramref name="lengthBytes"/> bytes holds. UDP without a
    /// checksum passes (RFC 768); any other protocol has none that is known here and passes too.
    /// </summary>
    /// <param name="ip">The header whose addresses are in the pseudo-header.</param>
    /// <param name="protocol">IANA protocol number of the message.</param>
    /// <param name="l4">The message; all <paramref name="lengthBytes"/> bytes are readable.</param>
    /// <param name="lengthBytes">Of header and payload, at least the protocol's shortest header; for UDP its length
    /// field.</param>
    public static bool VerifyL4(Ipv4Header* ip, byte protocol, byte* l4, int lengthBytes) => protocol switch
    {
        IpProtocol.Udp => ((UdpHeader*)l4)->Checksum.Raw == 0 || Verify(l4, lengthBytes, PseudoHeader(ip, protocol, lengthBytes)),
        IpProtocol.Tcp => Verify(l4, lengthBytes, PseudoHeader(ip, protocol, lengthBytes)),
        IpProtocol.Icmp => Verify(l4, lengthBytes),
        _ => true,
    };

    /// <summary>The same over IPv6, where UDP without a checksum is wrong (RFC 8200 §8.1) and ICMPv6 has the
    /// pseudo-header too.</summary>
    /// <inheritdoc cref="VerifyL4(Ipv4Header*, byte, byte*, int)" path="/param"/>
    public static bool VerifyL4(Ipv6Header* ip, byte protocol, byte* l4, int lengthBytes) => protocol switch
    {
        IpProtocol.Udp when ((UdpHeader*)l4)->Checksum.Raw == 0 => false,
        IpProtocol.Udp or IpProtocol.Tcp or IpProtocol.Icmpv6 => Verify(l4, lengthBytes, PseudoHeader(ip, protocol, lengthBytes)),
        _ => true,
    };

    /// <summary>Computes and stores the header checksum; the header length is taken from IHL, which must be right.</summary>
    public static void SetIpv4Header(Ipv4Header* ip)
    {
        ip->Checksum = default;
        ip->Checksum = Be16.FromRaw(Internet((byte*)ip, ip->HeaderLengthBytes));
    }

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

    /// <summary>Sums whole 64-byte blocks and moves <paramref name="data"/> behind them.</summary>
    /// <remarks>
    /// Each 64-bit lane gains two 32-bit words a step: its low word by a mask, its high word by a shift. Two
    /// accumulators of each kind hide the adds' latency.
    /// </remarks>
    private static ulong SumVectors(ref byte* data, int lengthBytes)
    {
        Vector256<ulong> lowWord = Vector256.Create(0xFFFF_FFFFul);
        Vector256<ulong> first = Vector256<ulong>.Zero;
        Vector256<ulong> second = Vector256<ulong>.Zero;
        Vector256<ulong> third = Vector256<ulong>.Zero;
        Vector256<ulong> fourth = Vector256<ulong>.Zero;
        byte* end = data + (lengthBytes & ~63);
        while (data < end)
        {
            Vector256<ulong> left = Vector256.Load((ulong*)data);
            Vector256<ulong> right = Vector256.Load((ulong*)(data + 32));
            first += left & lowWord;
            second += left >>> 32;
            third += right & lowWord;
            fourth += right >>> 32;
            data += 64;
        }

        return Vector256.Sum(first + second + (third + fourth));
    }
}
