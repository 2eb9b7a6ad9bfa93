using System;
using Xunit;

namespace Dataplane.Conntrack.Tests;

/// <summary>Keys: a secret from the system, or one that follows from a number.</summary>
[Trait("Category", "Portable")]
public sealed unsafe class HashKeyTests
{
    [Fact]
    public void A_repeatable_key_is_the_SplitMix64_stream_of_its_seed()
    {
        // The first values of the authors' C program for this seed.
        ulong[] stream = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821];
        HashKey key;
        HashKey.FillFrom(&key, 1234567);
        Assert.Equal(stream, new ReadOnlySpan<ulong>(&key, stream.Length));
    }

    [Fact]
    public void A_repeatable_key_is_the_same_each_time_and_filled_to_its_end()
    {
        HashKey* keys = stackalloc HashKey[3];
        new Span<byte>(keys, 3 * HashKey.SizeBytes).Fill(0xA5);
        HashKey.FillFrom(keys, 7);
        HashKey.FillFrom(keys + 1, 7);
        Assert.True(Bytes(keys).SequenceEqual(Bytes(keys + 1)));
        Assert.NotEqual(0xA5A5_A5A5_A5A5_A5A5, ((ulong*)keys)[HashKey.SizeBytes / sizeof(ulong) - 1]);
        Assert.Equal(-1, Bytes(keys + 2).IndexOfAnyExcept((byte)0xA5));
    }

    [Fact]
    public void Neighbouring_seeds_and_random_keys_share_no_word()
    {
        HashKey* keys = stackalloc HashKey[4];
        HashKey.FillFrom(keys, 0);
        HashKey.FillFrom(keys + 1, 1);
        HashKey.FillRandom(keys + 2);
        HashKey.FillRandom(keys + 3);
        int words = 4 * HashKey.SizeBytes / sizeof(ulong);

        // 120 words of 64 bits: chance makes two of them equal once in 2^51 runs.
        for (int first = 0; first < words; first++)
        {
            for (int second = first + 1; second < words; second++)
            {
                Assert.NotEqual(((ulong*)keys)[first], ((ulong*)keys)[second]);
            }
        }
    }

    private static ReadOnlySpan<byte> Bytes(HashKey* key) => new(key, HashKey.SizeBytes);
}
