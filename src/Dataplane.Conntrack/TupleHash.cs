using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Dataplane.Packet;
using AesX86 = System.Runtime.Intrinsics.X86.Aes;

namespace Dataplane.Conntrack;

/// <summary>The keyed hash of a tuple: 64 bits of which bucket, tag and probe step take different ones.</summary>
/// <remarks>
/// <para>
/// An attacker chooses tuples but not the key, and sees no hash. What must hold is that he cannot choose many
/// tuples that share a bucket more often than chance. With the AES instructions each 16-byte block of the tuple goes
/// through four AES rounds under keys of its own. Over two rounds no difference of inputs becomes any one difference
/// of outputs with probability above 53/2^34, on average over the keys (Keliher and Sui, "Exact maximum expected
/// differential and linear probability for two-round Advanced Encryption Standard", 2007); over four rounds the bound
/// is the fourth power of that, 2^-113. For an IPv4 tuple, one block, this is the hash.
/// </para>
/// <para>
/// An IPv6 tuple has three blocks, whose results are XORed. Two tuples that differ in one block never have the same
/// sum; if they differ in more, one block's difference must become exactly what the others leave, so the sums are
/// equal with probability at most 2^-113: among 2^27 tuples any two agree with probability below 2^-60.
/// The sum alone is no hash, though. Its low bits are the XOR of the blocks' low bits, so that in a product set
/// (addresses x ports, what a network of clients sends by itself) collisions come in bulk: (a, b) meets (a, b') for
/// every a or for none, and of a square {a, a'} x {b, b'} both diagonals collide or neither. The mean of the loads'
/// chi-square is still that of chance, its variance is four times as large.
/// Hence two more rounds over the 128 bits of the sum. One round leaves each output column a function of four
/// bytes; after two every bit depends on all sixteen through two layers of S-boxes, and equal differences of sums no
/// longer mean equal differences of hashes.
/// </para>
/// <para>
/// What is proved is proved for 128 bits. A bucket is 20 to 30 of them, and a bound of 2^-113 for each of the
/// 2^100 differences that leave those bits alone says nothing; that chosen sets fill buckets as chance would is tested
/// instead, with sets and keys of many kinds, by measures that catch a sum without the last two rounds and blocks with two
/// rounds. Blocks with three pass them: the fourth is the margin.
/// </para>
/// <para>
/// At four cycles a round the latency is 16 or 24 cycles, which overlaps with the neighbouring packets of the burst.
/// Without AES instructions SipHash-1-3 (Aumasson and Bernstein, 2012) takes their place, with the first 16 bytes
/// of the same key.
/// </para>
/// <code>
/// bit  63 ..... 48   47 ..... 32   31 .................. 0
///      tag           probe step    bucket (low bits: lock)
/// </code>
/// </remarks>
public static unsafe class TupleHash
{
    private const int SecondBlockKeys = 80;
    private const int ThirdBlockKeys = 144;
    private const int SumKeys = 208;

    /// <summary>Hashes an IPv4 or IPv6 tuple.</summary>
    /// <remarks>Inlined: the size test folds, and the rounds of neighbouring packets then overlap.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Compute<TTuple>(TTuple* tuple, HashKey* key)
        where TTuple : unmanaged
    {
        if (!AesX86.IsSupported)
        {
            return SipHash13((byte*)tuple, sizeof(TTuple), key);
        }

        byte* data = (byte*)tuple;
        byte* keys = key->Bytes;
        Vector128<byte> sum = FourRounds(Vector128.Load(data), keys, Vector128.Load(keys + 64));
        if (sizeof(TTuple) == Ipv6Tuple.SizeBytes)
        {
            // The key of the fourth round only adds to the sum, so the first block's stands for all three.
            Vector128<byte> last = Vector128.CreateScalar(*(ulong*)(data + 32)).AsByte();
            sum ^= FourRounds(Vector128.Load(data + 16), keys + SecondBlockKeys, Vector128<byte>.Zero);
            sum ^= FourRounds(last, keys + ThirdBlockKeys, Vector128<byte>.Zero);
            sum = AesX86.Encrypt(sum, Vector128.Load(keys + SumKeys));
            sum = AesX86.Encrypt(sum, Vector128.Load(keys + SumKeys + 16));
        }

        return sum.AsUInt64().ToScalar();
    }

    /// <summary>The tag of a hash: its top 16 bits, with 0 (which marks a free place) mapped to 1.</summary>
    /// <remarks>Inlined: two instructions, once a lookup.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ushort Tag(ulong hash)
    {
        uint tag = (uint)(hash >> 48);
        return (ushort)(tag == 0 ? 1u : tag);
    }

    // Inlined, or the state would pass through memory.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> FourRounds(Vector128<byte> block, byte* keys, Vector128<byte> lastKey)
    {
        Vector128<byte> state = block ^ Vector128.Load(keys);
        state = AesX86.Encrypt(state, Vector128.Load(keys + 16));
        state = AesX86.Encrypt(state, Vector128.Load(keys + 32));
        state = AesX86.Encrypt(state, Vector128.Load(keys + 48));
        return AesX86.Encrypt(state, lastKey);
    }

    /// <summary>SipHash with one compression and three finalisation rounds.</summary>
    /// <remarks>Not inlined: it is the cold variant, for processors without AES instructions.</remarks>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong SipHash13(byte* data, int lengthBytes, HashKey* key)
    {
        ulong k0 = ((ulong*)key)[0];
        ulong k1 = ((ulong*)key)[1];
        ulong v0 = k0 ^ 0x736f6d6570736575;
        ulong v1 = k1 ^ 0x646f72616e646f6d;
        ulong v2 = k0 ^ 0x6c7967656e657261;
        ulong v3 = k1 ^ 0x7465646279746573;
        int whole = lengthBytes & ~7;
        for (int offset = 0; offset < whole; offset += 8)
        {
            ulong word = *(ulong*)(data + offset);
            v3 ^= word;
            Round(ref v0, ref v1, ref v2, ref v3);
            v0 ^= word;
        }

        ulong last = (ulong)lengthBytes << 56;
        for (int offset = whole; offset < lengthBytes; offset++)
        {
            last |= (ulong)data[offset] << (offset - whole) * 8;
        }

        v3 ^= last;
        Round(ref v0, ref v1, ref v2, ref v3);
        v0 ^= last;
        v2 ^= 0xff;
        Round(ref v0, ref v1, ref v2, ref v3);
        Round(ref v0, ref v1, ref v2, ref v3);
        Round(ref v0, ref v1, ref v2, ref v3);
        return v0 ^ v1 ^ v2 ^ v3;
    }

    private static void Round(ref ulong v0, ref ulong v1, ref ulong v2, ref ulong v3)
    {
        v0 += v1;
        v2 += v3;
        v1 = BitOperations.RotateLeft(v1, 13) ^ v0;
        v3 = BitOperations.RotateLeft(v3, 16) ^ v2;
        v0 = BitOperations.RotateLeft(v0, 32);
        v2 += v1;
        v0 += v3;
        v1 = BitOperations.RotateLeft(v1, 17) ^ v2;
        v3 = BitOperations.RotateLeft(v3, 21) ^ v0;
        v2 = BitOperations.RotateLeft(v2, 32);
    }
}
