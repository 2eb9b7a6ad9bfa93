using System;
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.Intrinsics.X86;

namespace Dataplane.Conntrack.Tests;

/// <summary>The two hashes written from their papers, byte by byte: the oracle of <see cref="TupleHash"/>.</summary>
internal static class ReferenceHash
{
    private static readonly byte[] s_sBox = BuildSBox();
    private static readonly byte[] s_double = BuildDouble();

    /// <summary>What <see cref="TupleHash.Compute"/> must give on this machine.</summary>
    public static ulong Of(ReadOnlySpan<byte> tuple, ReadOnlySpan<byte> key) => Aes.IsSupported ? AesRounds(tuple, key) : Sip(1, 3, tuple, key);

    /// <summary>
    /// Each block of 16 bytes, the last padded with zeros, whitened and put through four full AES rounds (FIPS 197 §5.1) under
    /// round keys of its own, the fourth of which is zero but for the first block; the exclusive or of all; if there are several
    /// blocks, two further rounds. The first eight bytes, little-endian.
    /// </summary>
    public static ulong AesRounds(ReadOnlySpan<byte> tuple, ReadOnlySpan<byte> key)
    {
        byte[] sum = new byte[16];
        int next = 0;
        for (int block = 0; block * 16 < tuple.Length; block++)
        {
            byte[] state = new byte[16];
            tuple[(block * 16)..Math.Min(tuple.Length, block * 16 + 16)].CopyTo(state);
            int keys = block == 0 ? 5 : 4;
            Rounds(state, key.Slice(next, keys * 16), 4);
            next += keys * 16;
            AddKey(sum, state);
        }

        if (tuple.Length > 16)
        {
            Rounds(sum, [.. new byte[16], .. key[next..]], 2);
        }

        return BinaryPrimitives.ReadUInt64LittleEndian(sum);
    }

    /// <summary>Whitening and <paramref name="count"/> full AES rounds, with the keys in order; keys that are missing are zero.</summary>
    public static void Rounds(Span<byte> state, ReadOnlySpan<byte> keys, int count)
    {
        AddKey(state, keys);
        for (int round = 1; round <= count; round++)
        {
            Round(state);
            if (keys.Length > round * 16)
            {
                AddKey(state, keys[(round * 16)..]);
            }
        }
    }

    /// <summary>SipHash-c-d (Aumasson and Bernstein 2012, §2) of up to 255 bytes under the first 16 bytes of a key.</summary>
    public static ulong Sip(int compressionRounds, int finalisationRounds, ReadOnlySpan<byte> data, ReadOnlySpan<byte> key)
    {
        ulong k0 = BinaryPrimitives.ReadUInt64LittleEndian(key);
        ulong k1 = BinaryPrimitives.ReadUInt64LittleEndian(key[8..]);
        ulong[] v = [k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573];
        byte[] padded = new byte[data.Length / 8 * 8 + 8];
        data.CopyTo(padded);
        padded[^1] = (byte)data.Length;
        for (int offset = 0; offset < padded.Length; offset += 8)
        {
            ulong word = BinaryPrimitives.ReadUInt64LittleEndian(padded.AsSpan(offset));
            v[3] ^= word;
            SipRounds(v, compressionRounds);
            v[0] ^= word;
        }

        v[2] ^= 0xff;
        SipRounds(v, finalisationRounds);
        return v[0] ^ v[1] ^ v[2] ^ v[3];
    }

    private static void SipRounds(ulong[] v, int count)
    {
        for (int round = 0; round < count; round++)
        {
            HalfRound(v, 0, 1, 2, 3, 13, 16);
            HalfRound(v, 2, 1, 0, 3, 17, 21);
        }
    }

    // The paper's figure 2.1: each half adds, rotates and mixes two pairs, and rotates the first sum by half a word.
    private static void HalfRound(ulong[] v, int a, int b, int c, int d, int s, int t)
    {
        v[a] += v[b];
        v[c] += v[d];
        v[b] = BitOperations.RotateLeft(v[b], s) ^ v[a];
        v[d] = BitOperations.RotateLeft(v[d], t) ^ v[c];
        v[a] = BitOperations.RotateLeft(v[a], 32);
    }

    private static void AddKey(Span<byte> state, ReadOnlySpan<byte> key)
    {
        for (int index = 0; index < 16; index++)
        {
            state[index] ^= key[index];
        }
    }

    private static void Round(Span<byte> state)
    {
        Span<byte> shifted = stackalloc byte[16];
        for (int index = 0; index < 16; index++)
        {
            // ShiftRows: row r of column c comes from column c + r.
            shifted[index] = s_sBox[state[(index + 4 * (index % 4)) % 16]];
        }

        for (int column = 0; column < 16; column += 4)
        {
            for (int row = 0; row < 4; row++)
            {
                state[column + row] = (byte)(s_double[shifted[column + row]]
                    ^ s_double[shifted[column + (row + 1) % 4]] ^ shifted[column + (row + 1) % 4]
                    ^ shifted[column + (row + 2) % 4] ^ shifted[column + (row + 3) % 4]);
            }
        }
    }

    /// <summary>The product in GF(2^8) modulo x^8 + x^4 + x^3 + x + 1.</summary>
    private static byte Multiply(int left, int right)
    {
        int product = 0;
        for (; right != 0; right >>= 1)
        {
            product ^= (right & 1) != 0 ? left : 0;
            left = left << 1 ^ ((left & 0x80) != 0 ? 0x11B : 0);
        }

        return (byte)product;
    }

    private static byte[] BuildSBox()
    {
        byte[] box = new byte[256];
        for (int value = 0; value < 256; value++)
        {
            // The inverse is the 254th power (0 stays 0), followed by FIPS 197's affine transformation.
            byte inverse = 1;
            for (int power = 0; power < 254; power++)
            {
                inverse = Multiply(inverse, value);
            }

            int result = 0x63;
            for (int rotation = 0; rotation < 5; rotation++)
            {
                result ^= (inverse << rotation | inverse >> (8 - rotation)) & 0xFF;
            }

            box[value] = (byte)result;
        }

        return box;
    }

    private static byte[] BuildDouble()
    {
        byte[] table = new byte[256];
        for (int value = 0; value < 256; value++)
        {
            table[value] = Multiply(2, value);
        }

        return table;
    }
}
