using System;

namespace Dataplane.TestKit;

/// <summary>CRC32c bit by bit, most significant first, as RFC 9260 appendix A describes it: the oracle of the fast one.</summary>
public static class ReferenceCrc32c
{
    private const uint Generator = 0x1EDC_6F41;

    /// <summary>The CRC of data, as a number; SCTP stores it least significant byte first.</summary>
    public static uint Of(ReadOnlySpan<byte> data)
    {
        uint register = uint.MaxValue;
        foreach (byte value in data)
        {
            // Each byte enters with its lowest bit first.
            for (int bit = 0; bit < 8; bit++)
            {
                bool isOne = (register >> 31) != (uint)(value >> bit & 1);
                register = isOne ? register << 1 ^ Generator : register << 1;
            }
        }

        return Reversed(~register);
    }

    private static uint Reversed(uint value)
    {
        uint reversed = 0;
        for (int bit = 0; bit < 32; bit++)
        {
            reversed |= (value >> bit & 1) << 31 - bit;
        }

        return reversed;
    }
}
