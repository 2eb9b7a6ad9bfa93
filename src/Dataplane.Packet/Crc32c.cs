using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Dataplane.Packet;

/// <summary>The CRC of SCTP: Castagnoli's polynomial 0x1EDC6F41, reflected (RFC 9260 appendix A).</summary>
/// <remarks>
/// <para>
/// Computed by the SSE 4.2 instruction, eight bytes at a time, or by a table of 256 words. The register starts as all ones and is
/// complemented at the end, so the value is linear but for a constant: two packets of one length that differ by d have
/// CRCs that differ by the plain remainder of d. That is how a translated port changes the CRC without another look at
/// the packet (<see cref="Replace"/>), and why damage that the packet had before is still found at its end.
/// </para>
/// <para>
/// The remainder of four bytes in front of n others is the product of their polynomial and x^(8n), modulo the
/// generator: one multiplication for each one bit of n, with the powers x^(8 · 2^k) from a table of 16.
/// </para>
/// </remarks>
public static unsafe class Crc32c
{
    /// <summary>The generator without its highest term, lowest power in the highest bit.</summary>
    private const uint Reflected = 0x82F6_3B78;

    private static readonly uint[] s_table = BuildTable();

    private static readonly uint[] s_powers = BuildPowers();

    /// <summary>The CRC of <paramref name="lengthBytes"/> bytes, complemented as it is stored.</summary>
    public static uint Compute(byte* data, int lengthBytes) => ~Extend(uint.MaxValue, data, lengthBytes);

    /// <summary>Whether the checksum of an SCTP packet is right (RFC 9260 §6.8).</summary>
    /// <param name="packet">The common header.</param>
    /// <param name="lengthBytes">Of header and chunks, at least <see cref="SctpHeader.SizeBytes"/>.</param>
    public static bool IsValid(SctpHeader* packet, int lengthBytes) => OfPacket(packet, lengthBytes) == Stored(packet);

    /// <summary>Computes the checksum of an SCTP packet and stores it. For packets that the router makes.</summary>
    /// <inheritdoc cref="IsValid" path="/param"/>
    public static void Write(SctpHeader* packet, int lengthBytes) => Store(packet, OfPacket(packet, lengthBytes));

    /// <summary>Stores both ports and adjusts the checksum to them, wrong as it may have been.</summary>
    /// <inheritdoc cref="IsValid" path="/param"/>
    /// <param name="packet">The common header.</param>
    /// <param name="lengthBytes">Of header and chunks, 12 to 65,535.</param>
    /// <param name="source">The new source port.</param>
    /// <param name="destination">The new destination port.</param>
    public static void Replace(SctpHeader* packet, int lengthBytes, Be16 source, Be16 destination)
    {
        uint before = Unsafe.ReadUnaligned<uint>(packet);
        packet->SourcePort = source;
        packet->DestinationPort = destination;
        uint difference = before ^ Unsafe.ReadUnaligned<uint>(packet);
        if (difference != 0)
        {
            uint remainder = Extend(0, (byte*)&difference, sizeof(uint));
            Store(packet, Stored(packet) ^ Shift(remainder, lengthBytes - sizeof(uint)));
        }
    }

    /// <summary>The register after more bytes; <paramref name="crc"/> before them, not complemented.</summary>
    internal static uint Extend(uint crc, byte* data, int lengthBytes) =>
        Sse42.X64.IsSupported ? ExtendByInstruction(crc, data, lengthBytes) : ExtendByTable(crc, data, lengthBytes);

    internal static uint ExtendByTable(uint crc, byte* data, int lengthBytes)
    {
        uint[] table = s_table;
        for (int index = 0; index < lengthBytes; index++)
        {
            crc = table[(byte)(crc ^ data[index])] ^ crc >> 8;
        }

        return crc;
    }

    private static uint ExtendByInstruction(uint crc, byte* data, int lengthBytes)
    {
        ulong wide = crc;
        for (; lengthBytes >= 8; lengthBytes -= 8, data += 8)
        {
            wide = Sse42.X64.Crc32(wide, Unsafe.ReadUnaligned<ulong>(data));
        }

        crc = (uint)wide;
        for (; lengthBytes > 0; lengthBytes--, data++)
        {
            crc = Sse42.Crc32(crc, *data);
        }

        return crc;
    }

    /// <summary>The CRC of a packet as if its checksum field were zero, without touching it.</summary>
    private static uint OfPacket(SctpHeader* packet, int lengthBytes)
    {
        uint zero = 0;
        uint crc = Extend(uint.MaxValue, (byte*)packet, SctpHeader.ChecksumOffset);
        crc = Extend(crc, (byte*)&zero, sizeof(uint));
        return ~Extend(crc, (byte*)packet + SctpHeader.SizeBytes, lengthBytes - SctpHeader.SizeBytes);
    }

    private static uint Stored(SctpHeader* packet) =>
        System.BitConverter.IsLittleEndian ? packet->Checksum : BinaryPrimitives.ReverseEndianness(packet->Checksum);

    private static void Store(SctpHeader* packet, uint crc) =>
        packet->Checksum = System.BitConverter.IsLittleEndian ? crc : BinaryPrimitives.ReverseEndianness(crc);

    /// <summary>The register after <paramref name="zeros"/> bytes of zero.</summary>
    private static uint Shift(uint remainder, int zeros)
    {
        for (int bit = 0; zeros != 0; bit++, zeros >>= 1)
        {
            remainder = (zeros & 1) != 0 ? Multiply(remainder, s_powers[bit]) : remainder;
        }

        return remainder;
    }

    /// <summary>The product of two polynomials modulo the generator; x^0 is the highest bit.</summary>
    private static uint Multiply(uint left, uint right)
    {
        uint product = 0;
        for (; left != 0; left <<= 1)
        {
            product ^= (left >> 31) != 0 ? right : 0;
            right = (right & 1) != 0 ? right >> 1 ^ Reflected : right >> 1;
        }

        return product;
    }

    private static uint[] BuildTable()
    {
        uint[] table = new uint[256];
        for (uint value = 0; value < table.Length; value++)
        {
            uint crc = value;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? crc >> 1 ^ Reflected : crc >> 1;
            }

            table[value] = crc;
        }

        return table;
    }

    private static uint[] BuildPowers()
    {
        // x^8: bit 31 is x^0, so x^8 is bit 23.
        uint[] powers = new uint[16];
        powers[0] = 1u << 23;
        for (int index = 1; index < powers.Length; index++)
        {
            powers[index] = Multiply(powers[index - 1], powers[index - 1]);
        }

        return powers;
    }
}
