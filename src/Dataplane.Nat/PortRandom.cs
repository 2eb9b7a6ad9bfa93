using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;
using Dataplane.Conntrack;
using AesX86 = System.Runtime.Intrinsics.X86.Aes;

namespace Dataplane.Nat;

/// <summary>A worker's source of unpredictable numbers for ports and ids; native, one writer.</summary>
/// <remarks>
/// AES in counter mode with ten rounds under round keys drawn independently from the system's generator: an outside
/// observer of some
/// ports learns nothing of the next (RFC 6056 §3.3.1 asks for exactly this of algorithm 1). Without AES instructions
/// SipHash of the counter
/// under the same key. Each block of 16 bytes serves eight draws.
/// </remarks>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct PortRandom
{
    private const int Rounds = 10;

    private fixed byte _keys[16 * (Rounds + 1)];
    private fixed ushort _block[8];
    private ulong _counter;
    private int _left;

    /// <summary>Draws the keys; call once, before the first packet.</summary>
    public void Initialize()
    {
        fixed (byte* keys = _keys)
        {
            RandomNumberGenerator.Fill(new System.Span<byte>(keys, 16 * (Rounds + 1)));
        }

        _counter = 0;
        _left = 0;
    }

    /// <summary>Fixed keys, for tests that replay a seed.</summary>
    public void InitializeFrom(ulong seed)
    {
        for (int index = 0; index < 16 * (Rounds + 1); index++)
        {
            seed = seed * 6364136223846793005 + 1442695040888963407;
            _keys[index] = (byte)(seed >> 56);
        }

        _counter = 0;
        _left = 0;
    }

    /// <summary>A number below <paramref name="bound"/>, which is 1 to 65,536.</summary>
    /// <remarks>Multiply-shift of 16 bits: for bounds that do not divide 65,536 some values are likelier by at most
    /// bound/65,536.</remarks>
    public uint Below(uint bound)
    {
        if (_left == 0)
        {
            Refill();
        }

        return _block[--_left] * bound >> 16;
    }

    // Not inlined: one call in eight.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Refill()
    {
        _counter++;
        _left = 8;
        fixed (byte* keys = _keys)
        fixed (ushort* block = _block)
        {
            if (!AesX86.IsSupported)
            {
                ulong counter = _counter << 1;
                ((ulong*)block)[0] = TupleHash.SipHash13((byte*)&counter, 8, (HashKey*)keys);
                counter |= 1;
                ((ulong*)block)[1] = TupleHash.SipHash13((byte*)&counter, 8, (HashKey*)keys);
                return;
            }

            Vector128<byte> state = Vector128.CreateScalar(_counter).AsByte() ^ Vector128.Load(keys);
            for (int round = 1; round <= Rounds; round++)
            {
                state = AesX86.Encrypt(state, Vector128.Load(keys + 16 * round));
            }

            state.AsUInt16().Store(block);
        }
    }
}
