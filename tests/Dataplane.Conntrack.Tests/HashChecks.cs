using System;
using System.Collections.Generic;
using System.Numerics;

namespace Dataplane.Conntrack.Tests;

/// <summary>How far from chance a figure may be.</summary>
/// <param name="Deviations">Standard deviations of a normal variate, to either side.</param>
/// <param name="Chance">The probability that a good hash exceeds the largest bucket allowed.</param>
internal readonly record struct HashBound(double Deviations, double Chance)
{
    /// <summary>2.6e-12 a figure: all 35,000 or so figures of a run together give a good hash less than 1e-6 to fail.</summary>
    public static HashBound Strict => new(7, 1e-12);

    /// <summary>For keys that no one has tried before: below 1e-22 a figure.</summary>
    public static HashBound Loose => new(10, 1e-22);
}

/// <summary>
/// What chance allows, checked: each method gives the findings against a set of hashes, none if it is as good as random.
/// The same methods pass <see cref="TupleHash"/> and catch the hashes planted in <see cref="HashChecksTests"/>.
/// </summary>
internal static class HashChecks
{
    private const int GroupBits = 5;
    private const int GroupValues = 1 << GroupBits;

    // The windows of up to ten bits that the table takes apart, by their lowest bit.
    private static readonly (string Name, int Shift)[] s_windows =
    [
        ("lock and low bucket bits", 0), ("bucket bits", 10), ("high bucket bits", 22),
        ("low step bits", 32), ("high step bits", 38), ("low tag bits", 48), ("high tag bits", 54),
    ];

    // Groups of five bits of lock, bucket, step and tag.
    private static readonly int[] s_groups = [0, 5, 10, 15, 20, 25, 32, 37, 42, 48, 53, 59];

    /// <summary>Each part of the hash takes all its values equally often (chi-square), and the largest bucket is one that chance
    /// makes. Too even is a finding as well: a counter in disguise has a chi-square near 0.</summary>
    public static List<string> Spread(ReadOnlySpan<ulong> hashes, HashBound bound)
    {
        var findings = new List<string>();
        int bits = BitOperations.Log2((uint)hashes.Length / 8);
        int windowBits = Math.Min(bits, 10);
        foreach ((string name, int shift) in s_windows)
        {
            double deviation = Deviation(ChiSquare(Fill(hashes, shift, windowBits)), (1 << windowBits) - 1);
            Report(findings, $"{name} spread unevenly", deviation, bound);
        }

        // Buckets with eight to sixteen tuples in the mean: as full as a table's get.
        int largest = 0;
        foreach (int load in Fill(hashes, 0, bits))
        {
            largest = Math.Max(largest, load);
        }

        int allowed = LargestLoad(hashes.Length, 1 << bits, bound.Chance);
        if (largest > allowed)
        {
            findings.Add($"{largest} tuples in one of {1 << bits} buckets, {allowed} allowed");
        }

        return findings;
    }

    /// <summary>No five bits of lock, bucket, step or tag tell anything of another five: chi-square of each pair's contingency table.</summary>
    public static List<string> Independence(ReadOnlySpan<ulong> hashes, HashBound bound)
    {
        var findings = new List<string>();
        for (int first = 0; first < s_groups.Length; first++)
        {
            for (int second = first + 1; second < s_groups.Length; second++)
            {
                double deviation = Dependence(hashes, s_groups[first], hashes, s_groups[second]);
                Report(findings, $"bits from {s_groups[first]} and from {s_groups[second]} depend on each other", deviation, bound);
            }
        }

        return findings;
    }

    /// <summary>Where one key puts a tuple tells nothing of where another key puts it; what shares a bucket under the first is spread
    /// by the second as chance would. Takes the hashes of the same tuples, in order; at least 2^18 of them.</summary>
    public static List<string> Unrelated(ReadOnlySpan<ulong> first, ReadOnlySpan<ulong> second, HashBound bound)
    {
        var findings = new List<string>();
        foreach (int group in s_groups)
        {
            Report(findings, $"bits from {group} depend on those of the other key", Dependence(first, group, second, group), bound);
        }

        int bucketBits = BitOperations.Log2((uint)first.Length / 1024);
        ulong bucket = first[0] & (1ul << bucketBits) - 1;
        var chosen = new List<ulong>();
        for (int index = 0; index < first.Length; index++)
        {
            if ((first[index] & (1ul << bucketBits) - 1) == bucket)
            {
                chosen.Add(second[index]);
            }
        }

        foreach (string finding in Spread(chosen.ToArray(), bound))
        {
            findings.Add($"{chosen.Count} tuples that share a bucket under the other key: {finding}");
        }

        return findings;
    }

    /// <summary>Each bit of a tuple changes each bit of the hash in half of <paramref name="tuples"/> tuples drawn at random.</summary>
    public static unsafe List<string> Avalanche(KeyedHash hash, HashFamily family, int tuples, HashBound bound)
    {
        var findings = new List<string>();
        int size = HashSamples.TupleBytes(family);
        byte[] before = new byte[tuples * size];
        new Random(size).NextBytes(before);
        ulong[] hashes = HashSamples.Hashes(before, family, hash, seed: 1);
        for (int bit = 0; bit < size * 8; bit++)
        {
            byte[] after = (byte[])before.Clone();
            for (int tuple = 0; tuple < tuples; tuple++)
            {
                after[tuple * size + bit / 8] ^= (byte)(1 << bit % 8);
            }

            int[] flips = Flips(hashes, HashSamples.Hashes(after, family, hash, seed: 1));
            for (int output = 0; output < flips.Length; output++)
            {
                double deviation = (flips[output] - tuples / 2.0) / Math.Sqrt(tuples / 4.0);
                Report(findings, $"input bit {bit} flips output bit {output} {flips[output]} times of {tuples}", deviation, bound);
            }
        }

        return findings;
    }

    /// <summary>
    /// Under many keys the unevenness of a set varies no more than chance: if <paramref name="tuples"/> collide in bulk or not at
    /// all, the chi-square is still right in the mean, and only its variance over the keys tells.
    /// </summary>
    public static List<string> Dispersion(KeyedHash hash, HashFamily family, byte[] tuples, HashBound bound)
    {
        const int keys = 256;
        var findings = new List<string>();
        double squares = 0;
        for (int key = 0; key < keys; key++)
        {
            ulong[] hashes = HashSamples.Hashes(tuples, family, hash, (ulong)key);
            int bits = BitOperations.Log2((uint)hashes.Length / 16);
            double deviation = Deviation(ChiSquare(Fill(hashes, 0, bits)), (1 << bits) - 1);
            squares += deviation * deviation;
        }

        Report(findings, $"chi-square varies {squares / keys:F2} times as much as chance", Deviation(squares, keys), bound);
        return findings;
    }

    /// <summary>
    /// The smallest load that none of <paramref name="buckets"/> buckets exceeds but with probability <paramref name="chance"/> when
    /// <paramref name="tuples"/> fall at random: a load is binomial, its tail above the mean is below Poisson's (Anderson and Samuels
    /// 1967), and the buckets' chances add at most.
    /// </summary>
    public static int LargestLoad(int tuples, int buckets, double chance)
    {
        double mean = (double)tuples / buckets;
        int load = (int)Math.Ceiling(mean) + 1;
        while (buckets * PoissonTail(mean, load + 1) >= chance)
        {
            load++;
        }

        return load;
    }

    /// <summary>
    /// A chi-square as standard deviations of a normal variate: its cube root is nearly normal (Wilson and Hilferty 1931).
    /// </summary>
    public static double Deviation(double chiSquare, int degreesOfFreedom)
    {
        double variance = 2.0 / (9.0 * degreesOfFreedom);
        return (Math.Cbrt(chiSquare / degreesOfFreedom) - (1 - variance)) / Math.Sqrt(variance);
    }

    private static double PoissonTail(double mean, int from)
    {
        double term = Math.Exp(-mean);
        for (int count = 1; count <= from; count++)
        {
            term *= mean / count;
        }

        double tail = 0;
        for (int count = from; term > tail * 1e-9; count++)
        {
            tail += term;
            term *= mean / (count + 1);
        }

        return tail;
    }

    private static int[] Fill(ReadOnlySpan<ulong> hashes, int shift, int bits)
    {
        int[] bins = new int[1 << bits];
        uint mask = (uint)bins.Length - 1;
        foreach (ulong hash in hashes)
        {
            bins[(uint)(hash >> shift) & mask]++;
        }

        return bins;
    }

    private static double ChiSquare(int[] bins)
    {
        double total = 0;
        double squares = 0;
        foreach (int count in bins)
        {
            total += count;
            squares += (double)count * count;
        }

        return squares * bins.Length / total - total;
    }

    private static double Dependence(ReadOnlySpan<ulong> first, int firstShift, ReadOnlySpan<ulong> second, int secondShift)
    {
        int[] cells = new int[GroupValues * GroupValues];
        int[] rows = new int[GroupValues];
        int[] columns = new int[GroupValues];
        for (int index = 0; index < first.Length; index++)
        {
            uint row = (uint)(first[index] >> firstShift) % GroupValues;
            uint column = (uint)(second[index] >> secondShift) % GroupValues;
            cells[row * GroupValues + column]++;
            rows[row]++;
            columns[column]++;
        }

        double chiSquare = 0;
        for (int cell = 0; cell < cells.Length; cell++)
        {
            double expected = (double)rows[cell / GroupValues] * columns[cell % GroupValues] / first.Length;
            double difference = cells[cell] - expected;
            chiSquare += expected == 0 ? 0 : difference * difference / expected;
        }

        return Deviation(chiSquare, (GroupValues - 1) * (GroupValues - 1));
    }

    private static int[] Flips(ulong[] before, ulong[] after)
    {
        int[] flips = new int[64];
        for (int index = 0; index < before.Length; index++)
        {
            for (ulong change = before[index] ^ after[index]; change != 0; change &= change - 1)
            {
                flips[BitOperations.TrailingZeroCount(change)]++;
            }
        }

        return flips;
    }

    private static void Report(List<string> findings, string what, double deviation, HashBound bound)
    {
        if (!(Math.Abs(deviation) <= bound.Deviations))
        {
            findings.Add($"{what}: {deviation:F1} standard deviations, {bound.Deviations} allowed");
        }
    }
}
