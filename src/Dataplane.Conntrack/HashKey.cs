using System;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Dataplane.Conntrack;

/// <summary>The secret of <see cref="TupleHash"/>: fifteen round keys, 240 bytes, drawn at each start.</summary>
/// <remarks>
/// Read-only after start; shared by all workers. It is never logged, dumped or sent.
/// <code>
/// offset size use
///      0   80 first block (all of an IPv4 tuple): whitening key, keys of rounds 1 to 4
///     80   64 second block of an IPv6 tuple: whitening key, keys of rounds 1 to 3
///    144   64 third block: the same
///    208   32 the two rounds over the sum of the blocks
/// </code>
/// SipHash, where there are no AES instructions, uses the first 16 bytes and no others.
/// </remarks>
[StructLayout(LayoutKind.Sequential, Size = SizeBytes)]
public unsafe struct HashKey
{
    public const int RoundKeys = 15;
    public const int SizeBytes = RoundKeys * 16;

    public fixed byte Bytes[SizeBytes];

    /// <summary>Fills the key from the system's generator.</summary>
    public static void FillRandom(HashKey* key) => RandomNumberGenerator.Fill(new Span<byte>(key, SizeBytes));

    /// <summary>Fills the key with what follows from <paramref name="seed"/> and from nothing else.</summary>
    /// <remarks>
    /// For tests and replays, whose tables must come out the same each time. Not a secret: 64 bits expand by SplitMix64
    /// (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014), which can be inverted.
    /// </remarks>
    public static void FillFrom(HashKey* key, ulong seed)
    {
        ulong state = seed;
        for (int word = 0; word < SizeBytes / sizeof(ulong); word++)
        {
            state += 0x9E37_79B9_7F4A_7C15;
            ulong mixed = (state ^ state >> 30) * 0xBF58_476D_1CE4_E5B9;
            mixed = (mixed ^ mixed >> 27) * 0x94D0_49BB_1331_11EB;
            ((ulong*)key)[word] = mixed ^ mixed >> 31;
        }
    }
}
