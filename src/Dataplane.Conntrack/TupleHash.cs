using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using AesX86 = System.Runtime.Intrinsics.X86.Aes;

namespace Dataplane.Conntrack;

/// <summary>The keyed hash of a tuple: 64 bits of which bucket, tag and probe step take different ones.</summary>
/// <remarks>
/// <para>
/// An attacker chooses tuples but not the key, and sees no hash. What must hold is that he cannot choose many
/// tuples that share a bucket more often than chance. With the AES instructions each 16-byte block of
/// the tuple goes through four AES rounds under keys of its own and the results are XORed: over four
/// rounds no input difference leads to any chosen output difference with probability above 2^-113
/// (Keliher and Sui, "Exact maximum expected differential and linear probability for 2-round AES", gives the two-round
/// bound 53/2^34 from which the four-round bound follows), far below the 2^-26 that bucket and
/// tag could tell apart. Four rounds cost 16 cycles of latency and overlap across a burst.
/// </para>
/// <para>
/// Without AES instructions SipHash-1-3 (Aumasson and Bernstein, 2012) takes its place with the first 16 bytes of the same key.
/// </para>
/// <code>
/// bit  63 ..... 48   47 ..... 32   31 .................. 0
///      tag           probe step    bucket (low bits: lock)
/// </code>
/// </remarks>
public static unsafe class TupleHash
{
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
        Vector128<byte> sum = FourRounds(Vector128.Load(data), key->Bytes);
        if (sizeof(TTuple) == 40)
        {
            Vector128<byte> last = Vector128.CreateScalar(*(ulong*)(data + 32)).AsByte();
            sum ^= FourRounds(Vector128.Load(data + 16), key->Bytes + 80);
            sum ^= FourRounds(last, key->Bytes + 160);
        }

        return sum.AsUInt64().ToScalar();
    }

    /// <summary>The tag of a hash: its top 16 bits, with 0 (which marks a free place) mapped to 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ushort Tag(ulong hash)
    {
        uint tag = (uint)(hash >> 48);
        return (ushort)(tag == 0 ? 1u : tag);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> FourRounds(Vector128<byte> block, byte* keys)
    {
        Vector128<byte> state = block ^ Vector128.Load(keys);
        state = AesX86.Encrypt(state, Vector128.Load(keys + 16));
        state = AesX86.Encrypt(state, Vector128.Load(keys + 32));
        state = AesX86.Encrypt(state, Vector128.Load(keys + 48));
        return AesX86.Encrypt(state, Vector128.Load(keys + 64));
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
