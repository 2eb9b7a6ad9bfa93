using System;
using System.Buffers.Binary;

namespace Dataplane.TestKit;

/// <summary>The Internet checksum as RFC 1071 §1 words it, 16 bits at a time: the oracle of the fast one.</summary>
public static class ReferenceChecksum
{
    /// <summary>The one's complement sum of big-endian words, an odd last byte padded with zero; folded.</summary>
    public static ushort Sum(ReadOnlySpan<byte> data, ushort seed = 0)
    {
        uint sum = seed;
        for (int index = 0; index < data.Length; index += 2)
        {
            sum += (uint)data[index] << 8;
            sum += index + 1 < data.Length ? data[index + 1] : 0u;
            if (sum > 0xFFFF)
            {
                sum -= 0xFFFF;
            }
        }

        return (ushort)sum;
    }

    /// <summary>The complement of <see cref="Sum"/>, host order: what a checksum field holds.</summary>
    public static ushort Of(ReadOnlySpan<byte> data, ushort seed = 0) => (ushort)~Sum(data, seed);

    /// <summary>The sum of an IPv4 pseudo-header.</summary>
    /// <param name="addresses">Source and destination as they stand in the header, 8 bytes; 32 for IPv6.</param>
    /// <param name="protocol">IANA protocol number.</param>
    /// <param name="lengthBytes">Of the transport message.</param>
    public static ushort PseudoHeader(ReadOnlySpan<byte> addresses, byte protocol, int lengthBytes)
    {
        Span<byte> tail = stackalloc byte[8];
        BinaryPrimitives.WriteInt32BigEndian(tail, lengthBytes);
        BinaryPrimitives.WriteInt32BigEndian(tail[4..], protocol);
        return Sum(tail, Sum(addresses));
    }
}
