using System;
using Dataplane.Packet;
using Xunit;

namespace Dataplane.Conntrack.Tests;

/// <summary>Structured tuples, as a scan or one busy client sends them, fill buckets, tags, steps and locks as chance would.</summary>
[Trait("Category", "Portable")]
public sealed unsafe class TupleHashDistributionTests
{
    private const int Samples = 1 << 17;
    private const int Bins = 1024;

    // Chi-square with 1023 degrees of freedom has mean 1023 and variance 2 * 1023.
    private const double OneBlockDeviation = 45.2;

    // An IPv6 hash is the exclusive or of its blocks' hashes. Sequential tuples vary two of the blocks in all combinations: each
    // of the 1023 terms is then a product of two squared normal variates, of variance 3 * 3 - 1 in place of 2.
    private const double TwoBlocksDeviation = 90.5;

    /// <summary>The parts of a hash that the table takes apart: name, lowest bit; ten bits of each.</summary>
    public static TheoryData<string, int> Parts => new()
    {
        { "lock and low bucket bits", 0 },
        { "bucket bits of a large table", 14 },
        { "high bucket bits", 22 },
        { "probe step", 33 },
        { "low tag bits", 48 },
        { "high tag bits", 54 },
    };

    [Theory]
    [MemberData(nameof(Parts))]
    public void Sequential_IPv4_tuples_spread_evenly(string part, int shift) =>
        AssertUniform(Ipv4Family.Numbered, part, shift, OneBlockDeviation);

    [Theory]
    [MemberData(nameof(Parts))]
    public void Sequential_IPv6_tuples_spread_evenly(string part, int shift) =>
        AssertUniform(Ipv6Family.Numbered, part, shift, TwoBlocksDeviation);

    [Theory]
    [MemberData(nameof(Parts))]
    public void Tuples_that_differ_in_their_zone_alone_spread_evenly(string part, int shift) => AssertUniform(
        number =>
        {
            // The zone has 16 bits; the kind takes the others.
            Ipv4Tuple tuple = Ipv4Family.Numbered(1);
            tuple.Zone = (ushort)number;
            tuple.Kind = (byte)(number >> 16);
            return tuple;
        },
        part,
        shift,
        OneBlockDeviation);

    [Fact]
    public void Tag_and_bucket_are_independent()
    {
        // 32 x 32 cells of the joint distribution: a tag that followed from the bucket would fill one cell in 32.
        HashKey key = TupleHashTests.RandomKey(new Random(3));
        int[] cells = new int[Bins];
        for (uint number = 0; number < Samples; number++)
        {
            Ipv4Tuple tuple = Ipv4Family.Numbered(number);
            ulong hash = TupleHash.Compute(&tuple, &key);
            cells[(hash & 31) * 32 + (uint)(TupleHash.Tag(hash) & 31)]++;
        }

        AssertChiSquare(cells, "tag and bucket", OneBlockDeviation);
    }

    [Fact]
    public void Every_bit_of_an_IPv4_tuple_changes_every_bit_of_the_hash_half_of_the_time() => AssertAvalanche<Ipv4Tuple>();

    [Fact]
    public void Every_bit_of_an_IPv6_tuple_changes_every_bit_of_the_hash_half_of_the_time() => AssertAvalanche<Ipv6Tuple>();

    private static void AssertUniform<TTuple>(Func<uint, TTuple> make, string part, int shift, double deviation)
        where TTuple : unmanaged
    {
        HashKey key = TupleHashTests.RandomKey(new Random(2));
        int[] bins = new int[Bins];
        for (uint number = 0; number < Samples; number++)
        {
            TTuple tuple = make(number);
            bins[TupleHash.Compute(&tuple, &key) >> shift & (Bins - 1)]++;
        }

        AssertChiSquare(bins, part, deviation);
    }

    private static void AssertChiSquare(int[] bins, string part, double deviation)
    {
        double expected = (double)Samples / Bins;
        double chiSquare = 0;
        foreach (int count in bins)
        {
            chiSquare += (count - expected) * (count - expected) / expected;
        }

        // Too even is as suspicious as too uneven: a counter in disguise has a chi-square near 0.
        Assert.True(Math.Abs(chiSquare - (Bins - 1)) < 5 * deviation, $"{part}: chi-square {chiSquare:F0} with {Bins - 1} degrees of freedom");
    }

    private static void AssertAvalanche<TTuple>()
        where TTuple : unmanaged
    {
        const int tuples = 1024;
        var random = new Random(1);
        HashKey key = TupleHashTests.RandomKey(random);
        for (int bit = 0; bit < sizeof(TTuple) * 8; bit++)
        {
            int[] flips = new int[64];
            for (int count = 0; count < tuples; count++)
            {
                TTuple tuple = default;
                random.NextBytes(new Span<byte>(&tuple, sizeof(TTuple)));
                ulong before = TupleHash.Compute(&tuple, &key);
                ((byte*)&tuple)[bit / 8] ^= (byte)(1 << bit % 8);
                ulong change = before ^ TupleHash.Compute(&tuple, &key);
                for (int output = 0; output < 64; output++)
                {
                    flips[output] += (int)(change >> output & 1);
                }
            }

            for (int output = 0; output < 64; output++)
            {
                // 512 expected, standard deviation 16; six of them, since up to 320 x 64 such counts are looked at.
                Assert.True(Math.Abs(flips[output] - tuples / 2) <= 96, $"input bit {bit} flips output bit {output} {flips[output]} times of {tuples}");
            }
        }
    }
}
