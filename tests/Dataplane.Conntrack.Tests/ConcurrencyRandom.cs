using System;

namespace Dataplane.Conntrack.Tests;

/// <summary>A thread's random numbers, which follow from the run's seed.</summary>
/// <remarks>SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014), from a place of its own for each
/// thread.</remarks>
internal sealed class ConcurrencyRandom(int seed, int stream)
{
    private ulong _state = (ulong)(uint)seed << 32 | (ulong)(uint)stream << 24;

    /// <summary>From 0 to <paramref name="maxValue"/> - 1.</summary>
    public int Next(int maxValue)
    {
        _state += 0x9E37_79B9_7F4A_7C15;
        ulong mixed = (_state ^ _state >> 30) * 0xBF58_476D_1CE4_E5B9;
        mixed = (mixed ^ mixed >> 27) * 0x94D0_49BB_1331_11EB;
        return (int)Math.BigMul(mixed ^ mixed >> 31, (uint)maxValue, out _);
    }
}
