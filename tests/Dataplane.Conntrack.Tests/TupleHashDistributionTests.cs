using System;
using System.Collections.Generic;
using System.Security.Cryptography;
using Dataplane.Packet;
using Xunit;

namespace Dataplane.Conntrack.Tests;

/// <summary>
/// Chosen tuples fill buckets, tags, steps and locks as chance would: the sets of <see cref="HashSamples"/> by the measures of
/// <see cref="HashChecks"/>. The keys follow from numbers, so that a run repeats; one test draws a fresh key.
/// </summary>
[Trait("Category", "Portable")]
public sealed unsafe class TupleHashDistributionTests
{
    private const int Keys = 3;

    public static TheoryData<string, HashFamily> Sets => HashSamples.All;

    public static TheoryData<HashFamily> Families => new() { HashFamily.Ipv4, HashFamily.Ipv6 };

    [Theory]
    [MemberData(nameof(Sets))]
    public void A_set_of_chosen_tuples_fills_no_bucket_beyond_what_chance_allows(string set, HashFamily family)
    {
        byte[] tuples = HashSamples.Tuples(set, family);
        for (ulong seed = 1; seed <= Keys; seed++)
        {
            AssertNone(HashChecks.Spread(HashSamples.Hashes(tuples, family, HashSamples.Compute, seed), HashBound.Strict), seed);
        }
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void Lock_bucket_step_and_tag_bits_are_pairwise_independent(string set, HashFamily family)
    {
        const ulong seed = 4;
        ulong[] hashes = HashSamples.Hashes(HashSamples.Tuples(set, family), family, HashSamples.Compute, seed);
        AssertNone(HashChecks.Independence(hashes, HashBound.Strict), seed);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Tuples_that_share_a_bucket_under_one_key_are_spread_by_another(HashFamily family)
    {
        byte[] tuples = HashSamples.Tuples(1 << 18, n => new HashSample { Source = n >> 9, SourcePort = n & 511, Protocol = IpProtocol.Udp }, family);
        ulong[] known = HashSamples.Hashes(tuples, family, HashSamples.Compute, seed: 5);
        for (ulong seed = 6; seed < 6 + Keys; seed++)
        {
            AssertNone(HashChecks.Unrelated(known, HashSamples.Hashes(tuples, family, HashSamples.Compute, seed), HashBound.Strict), seed);
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Each_bit_of_a_tuple_flips_each_bit_of_the_hash_half_of_the_time(HashFamily family) =>
        AssertNone(HashChecks.Avalanche(HashSamples.Compute, family, tuples: 1024, HashBound.Strict), seed: 1);

    [Theory]
    [MemberData(nameof(Families))]
    public void The_unevenness_of_product_sets_varies_over_the_keys_as_chance_does(HashFamily family)
    {
        foreach (byte[] tuples in HashSamples.SmallProducts(family))
        {
            AssertNone(HashChecks.Dispersion(HashSamples.Compute, family, tuples, HashBound.Strict), seed: 0);
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A_key_that_nobody_tried_before_serves_as_well(HashFamily family)
    {
        ulong seed = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));
        foreach (string set in new[] { HashSamples.AddressesByPorts, HashSamples.SourcePorts, HashSamples.FewBits })
        {
            ulong[] hashes = HashSamples.Hashes(HashSamples.Tuples(set, family), family, HashSamples.Compute, seed);
            AssertNone(HashChecks.Spread(hashes, HashBound.Loose), seed);
            AssertNone(HashChecks.Independence(hashes, HashBound.Loose), seed);
        }
    }

    private static void AssertNone(List<string> findings, ulong seed) =>
        Assert.True(findings.Count == 0, $"key of seed {seed}: {string.Join("; ", findings)}");
}
