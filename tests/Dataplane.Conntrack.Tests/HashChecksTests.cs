using System;
using System.Collections.Generic;
using System.Linq;
using System.Numerics;
using System.Runtime.InteropServices;
using Dataplane.Packet;
using Xunit;

namespace Dataplane.Conntrack.Tests;

/// <summary>The checks of <see cref="HashChecks"/> find fault with hashes that have one; each check with one that the others pass.</summary>
[Trait("Category", "Portable")]
public sealed unsafe class HashChecksTests
{
    public static TheoryData<string, HashFamily> Sets => HashSamples.All;

    [Fact]
    public void An_exclusive_or_of_the_words_is_caught_by_its_spread() => Assert.NotEmpty(
        HashChecks.Spread(Hashes(HashSamples.AddressesByPorts, HashFamily.Ipv6, ExclusiveOr), HashBound.Loose));

    [Fact]
    public void An_unkeyed_CRC_is_caught_by_its_spread_its_avalanche_and_its_disregard_of_the_key()
    {
        byte[] tuples = ManyTuples(HashFamily.Ipv4);
        ulong[] first = HashSamples.Hashes(tuples, HashFamily.Ipv4, Crc, seed: 1);
        ulong[] second = HashSamples.Hashes(tuples, HashFamily.Ipv4, Crc, seed: 2);
        Assert.NotEmpty(HashChecks.Spread(Hashes(HashSamples.AddressesByPorts, HashFamily.Ipv4, Crc), HashBound.Loose));
        Assert.NotEmpty(HashChecks.Avalanche(Crc, HashFamily.Ipv4, tuples: 256, HashBound.Loose));
        Assert.Contains(HashChecks.Unrelated(first, second, HashBound.Loose), finding => finding.Contains("share a bucket"));
    }

    [Fact]
    public void One_AES_round_is_caught_by_its_avalanche() =>
        Assert.NotEmpty(HashChecks.Avalanche(OneRound, HashFamily.Ipv4, tuples: 256, HashBound.Loose));

    [Fact]
    public void Two_AES_rounds_are_caught_by_their_spread_of_sequential_ports() => Assert.NotEmpty(
        HashChecks.Spread(Hashes(HashSamples.SourcePorts, HashFamily.Ipv4, TwoRounds), HashBound.Loose));

    [Fact]
    public void A_hash_that_is_the_same_both_ways_is_caught_by_its_spread_of_tuples_and_their_answers()
    {
        KeyedHash hash = static (tuple, length, key) =>
        {
            Ipv4Tuple inverted = ((Ipv4Tuple*)tuple)->Inverted;
            return HashSamples.Compute(tuple, length, key) ^ TupleHash.Compute(&inverted, key);
        };
        Assert.Empty(HashChecks.Spread(Hashes(HashSamples.AddressesByPorts, HashFamily.Ipv4, hash), HashBound.Strict));
        Assert.NotEmpty(HashChecks.Spread(Hashes(HashSamples.BothWays, HashFamily.Ipv4, hash), HashBound.Loose));
    }

    [Fact]
    public void A_sum_of_block_hashes_is_caught_by_its_dispersion_alone()
    {
        ulong[] hashes = Hashes(HashSamples.AddressesByPorts, HashFamily.Ipv6, SumOfBlocks);
        Assert.Empty(HashChecks.Independence(hashes, HashBound.Strict));
        Assert.Empty(HashChecks.Avalanche(SumOfBlocks, HashFamily.Ipv6, tuples: 256, HashBound.Strict));
        byte[] product = HashSamples.SmallProducts(HashFamily.Ipv6).First();
        Assert.NotEmpty(HashChecks.Dispersion(SumOfBlocks, HashFamily.Ipv6, product, HashBound.Loose));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_tag_that_follows_from_the_bucket_is_caught_by_its_dependence_alone(ulong distance)
    {
        KeyedHash hash = (tuple, length, key) =>
        {
            ulong good = HashSamples.Compute(tuple, length, key);
            return good & 0x0000_FFFF_FFFF_FFFF | (good + distance) << 48;
        };
        ulong[] hashes = Hashes(HashSamples.AddressesByPorts, HashFamily.Ipv4, hash);
        Assert.Empty(HashChecks.Spread(hashes, HashBound.Strict));
        Assert.NotEmpty(HashChecks.Independence(hashes, HashBound.Loose));
    }

    [Fact]
    public void A_good_hash_without_a_key_is_caught_by_its_disregard_of_the_key_alone()
    {
        KeyedHash hash = static (tuple, length, _) =>
        {
            HashKey constant;
            HashKey.FillFrom(&constant, 9);
            return HashSamples.Compute(tuple, length, &constant);
        };
        byte[] tuples = ManyTuples(HashFamily.Ipv4);
        ulong[] first = HashSamples.Hashes(tuples, HashFamily.Ipv4, hash, seed: 1);
        ulong[] second = HashSamples.Hashes(tuples, HashFamily.Ipv4, hash, seed: 2);
        Assert.Empty(HashChecks.Spread(first, HashBound.Strict));
        Assert.Empty(HashChecks.Independence(first, HashBound.Strict));
        Assert.NotEmpty(HashChecks.Unrelated(first, second, HashBound.Loose));
    }

    [Fact]
    public void Forty_tuples_more_in_one_bucket_are_caught_as_the_largest()
    {
        ulong[] hashes = Hashes(HashSamples.AddressesByPorts, HashFamily.Ipv4, HashSamples.Compute);
        Assert.Empty(HashChecks.Spread(hashes, HashBound.Strict));
        for (int index = 0; index < 40; index++)
        {
            hashes[index * 1000] = (ulong)index << 53 | (ulong)index << 32 | (ulong)index << 22;
        }

        string finding = Assert.Single(HashChecks.Spread(hashes, HashBound.Strict));
        Assert.Contains("buckets", finding);
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void No_set_holds_a_tuple_twice(string set, HashFamily family)
    {
        byte[] tuples = HashSamples.Tuples(set, family);
        int distinct = family == HashFamily.Ipv4
            ? new HashSet<Ipv4Tuple>(MemoryMarshal.Cast<byte, Ipv4Tuple>(tuples).ToArray()).Count
            : new HashSet<Ipv6Tuple>(MemoryMarshal.Cast<byte, Ipv6Tuple>(tuples).ToArray()).Count;
        Assert.Equal(tuples.Length / HashSamples.TupleBytes(family), distinct);
        Assert.True(distinct >= 2000);
    }

    [Theory]
    [InlineData(1000, 1143.917, 3.090)] // the upper 0.1 % point in the tables
    [InlineData(100, 149.449, 3.090)]
    [InlineData(100, 61.918, -3.090)] // the lower
    [InlineData(255, 255.0 - 2.0 / 3, 0.0)] // the median is two thirds below the mean
    public void A_chi_square_is_turned_into_standard_deviations(int degreesOfFreedom, double chiSquare, double deviations) =>
        Assert.Equal(deviations, HashChecks.Deviation(chiSquare, degreesOfFreedom), 0.03);

    [Theory]
    [InlineData(1 << 16, 1 << 13, 1e-12)]
    [InlineData(2000, 128, 1e-6)]
    [InlineData(1 << 16, 1 << 16, 1e-9)]
    public void The_largest_load_allowed_is_the_first_that_chance_does_not_exceed(int tuples, int buckets, double chance)
    {
        int load = HashChecks.LargestLoad(tuples, buckets, chance);
        Assert.True(Exceeds(load) < chance, $"{load}");
        Assert.True(Exceeds(load - 1) >= chance, $"{load}");

        double Exceeds(int limit)
        {
            // The complement summed from the mean of the logarithms, in place of the recurrence under test.
            double mean = (double)tuples / buckets;
            double sum = 0;
            for (int count = limit + 1; count < limit + 200; count++)
            {
                sum += Math.Exp(count * Math.Log(mean) - mean - Enumerable.Range(1, count).Sum(factor => Math.Log(factor)));
            }

            return sum * buckets;
        }
    }

    private static ulong[] Hashes(string set, HashFamily family, KeyedHash hash) =>
        HashSamples.Hashes(HashSamples.Tuples(set, family), family, hash, seed: 1);

    private static byte[] ManyTuples(HashFamily family) =>
        HashSamples.Tuples(1 << 18, n => new HashSample { Source = n >> 9, SourcePort = n & 511, Protocol = IpProtocol.Udp }, family);

    private static ulong ExclusiveOr(byte* tuple, int lengthBytes, HashKey* key)
    {
        ulong sum = *(ulong*)key;
        for (int offset = 0; offset < lengthBytes; offset += 8)
        {
            sum ^= *(ulong*)(tuple + offset);
        }

        return sum ^ sum >> 32;
    }

    private static ulong Crc(byte* tuple, int lengthBytes, HashKey* key)
    {
        uint low = 0;
        uint high = uint.MaxValue;
        for (int offset = 0; offset < lengthBytes; offset += 8)
        {
            low = BitOperations.Crc32C(low, *(ulong*)(tuple + offset));
            high = BitOperations.Crc32C(high, BitOperations.RotateLeft(*(ulong*)(tuple + offset), 20));
        }

        return (ulong)high << 32 | low;
    }

    private static ulong OneRound(byte* tuple, int lengthBytes, HashKey* key) => Rounds(tuple, key, 1);

    private static ulong TwoRounds(byte* tuple, int lengthBytes, HashKey* key) => Rounds(tuple, key, 2);

    private static ulong Rounds(byte* tuple, HashKey* key, int count)
    {
        ulong* state = stackalloc ulong[2];
        state[0] = ((ulong*)tuple)[0];
        state[1] = ((ulong*)tuple)[1];
        ReferenceHash.Rounds(new Span<byte>(state, 16), new ReadOnlySpan<byte>(key, HashKey.SizeBytes), count);
        return state[0];
    }

    // What an IPv6 hash without its last two rounds would be.
    private static ulong SumOfBlocks(byte* tuple, int lengthBytes, HashKey* key)
    {
        Ipv4Tuple last = default;
        *(ulong*)&last = *(ulong*)(tuple + 32);
        return TupleHash.Compute((Ipv4Tuple*)tuple, key)
            ^ TupleHash.Compute((Ipv4Tuple*)(tuple + 16), (HashKey*)(key->Bytes + 80))
            ^ TupleHash.Compute(&last, (HashKey*)(key->Bytes + 160));
    }
}
