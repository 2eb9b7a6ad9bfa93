using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Dataplane.Packet;

/// <summary>Internet checksums (RFC 1071) computed in full.</summary>
/// <remarks>
/// A one's complement sum may be taken in any byte order, over words of any width, and in any grouping
/// (RFC 1071 §2). All sums here are of words as the processor loads them, kept in 64 bits without folding: a sum of
/// 32-bit words of 64 KiB stays below 2^47, so a carry is impossible and seeds can be chained.
/// <para>
/// A folded sum is 0x0000 only where every word is zero; else its zero is 0xFFFF. A stored checksum is the sum's
/// complement: 0x0000 in the common case of a zero sum, 0xFFFF only over nothing but zeros. A receiver accepts when
/// the sum with the checksum in it folds to 0xFFFF.
/// </para>
/// <code>
/// Checksum.cs                sums, IPv4 header
/// Checksum.Transport.cs      which bytes each transport protocol sums up
/// Checksum.Incremental.cs    changes by translation (RFC 1624)
/// </code>
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

    /// <summary>Computes and stores the header checksum; the header length is taken from IHL, which must be right.</summary>
    public static void SetIpv4Header(Ipv4Header* ip)
    {
        ip->Checksum = default;
        ip->Checksum = Be16.FromRaw(Internet((byte*)ip, ip->HeaderLengthBytes));
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
