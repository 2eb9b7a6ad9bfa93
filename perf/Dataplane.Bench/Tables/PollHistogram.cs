using System;
using System.Collections.Generic;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Dataplane.Bench.Tables;

/// <summary>How long a worker was away from its queues, poll by poll.</summary>
/// <remarks>
/// Counts by length in nanoseconds, 32 classes for each power of two: a quantile is right to 3 %. The longest is kept exactly.
/// </remarks>
internal sealed class PollHistogram
{
    private const int ClassBits = 5;
    private const int Classes = 1 << ClassBits;

    private readonly long[] _counts = new long[(64 - ClassBits + 1) * Classes];

    /// <summary>Polls counted.</summary>
    public long Count { get; private set; }

    /// <summary>The longest, in nanoseconds.</summary>
    public long Longest { get; private set; }

    /// <summary>All together, in nanoseconds.</summary>
    public long Total { get; private set; }

    /// <summary>Counts one poll.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)] // Within the measured loop.
    public void Add(long nanoseconds)
    {
        Count++;
        Total += nanoseconds;
        Longest = nanoseconds > Longest ? nanoseconds : Longest;
        _counts[ClassOf(nanoseconds)]++;
    }

    /// <summary>Adds another's counts.</summary>
    public void Add(PollHistogram other)
    {
        Count += other.Count;
        Total += other.Total;
        Longest = Math.Max(Longest, other.Longest);
        for (int index = 0; index < _counts.Length; index++)
        {
            _counts[index] += other._counts[index];
        }
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        (Count, Longest, Total) = (0, 0, 0);
        Array.Clear(_counts);
    }

    /// <summary>The length, in nanoseconds, that this share of the polls does not exceed.</summary>
    public long Quantile(double share)
    {
        long wanted = (long)Math.Ceiling(share * Count);
        long seen = 0;
        for (int index = 0; index < _counts.Length; index++)
        {
            seen += _counts[index];
            if (seen >= wanted && seen > 0)
            {
                return Math.Min(UpperEnd(index), Longest);
            }
        }

        return Longest;
    }

    /// <summary>Microseconds by name, for the JSON file.</summary>
    public Dictionary<string, object> Summary() => new()
    {
        ["polls"] = Count,
        ["seconds"] = Total / 1e9,
        ["p50_us"] = Quantile(0.5) / 1e3,
        ["p99_us"] = Quantile(0.99) / 1e3,
        ["p999_us"] = Quantile(0.999) / 1e3,
        ["max_us"] = Longest / 1e3,
    };

    public override string ToString() =>
        $"p50 {Quantile(0.5) / 1e3:F2}  p99 {Quantile(0.99) / 1e3:F2}  p99.9 {Quantile(0.999) / 1e3:F2}  "
        + $"max {Longest / 1e3:F1} us in {Total / 1e9:F2} s";

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int ClassOf(long nanoseconds)
    {
        ulong value = (ulong)Math.Max(nanoseconds, 0);
        int exponent = Math.Max(BitOperations.Log2(value | 1) - ClassBits, 0);
        return exponent * Classes + (int)(value >> exponent);
    }

    // The classes of an exponent above 0 are the upper half of theirs: the lower half is the exponent before.
    private static long UpperEnd(int index)
    {
        int exponent = Math.Max(index / Classes - 1, 0);
        return ((long)(index - exponent * Classes) + 1 << exponent) - 1;
    }
}
