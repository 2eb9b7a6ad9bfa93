using System;
using Xunit;

namespace Dataplane.Nat.Tests;

/// <summary>Numbers that fill their range evenly, start after start, and repeat only when a test asks for it.</summary>
public sealed unsafe class PortRandomTests
{
    [Theory]
    [InlineData(2u)]
    [InlineData(7u)]
    [InlineData(64u)]
    [InlineData(1000u)]
    [InlineData(1024u)]
    public void Every_number_below_the_bound_comes_equally_often(uint bound)
    {
        PortRandom random = default;
        random.InitializeFrom(11);
        int draws = (int)bound * 100;
        int[] bins = new int[bound];
        for (int count = 0; count < draws; count++)
        {
            bins[random.Below(bound)]++;
        }

        AssertChiSquare(bins, 100);
    }

    [Fact]
    public void The_whole_range_is_reached_with_both_its_ends()
    {
        PortRandom random = default;
        random.InitializeFrom(12);
        int[] bins = new int[256];
        var seen = new bool[65536];
        for (int count = 0; count < 1 << 20; count++)
        {
            uint value = random.Below(65536);
            Assert.InRange(value, 0u, 65535u);
            bins[value >> 8]++;
            seen[value] = true;
        }

        AssertChiSquare(bins, (1 << 20) / 256);
        Assert.True(seen[0] && seen[65535]);
        Assert.DoesNotContain(false, seen);
    }

    [Fact]
    public void Below_1_there_is_only_0()
    {
        PortRandom random = default;
        random.Initialize();
        for (int count = 0; count < 1000; count++)
        {
            Assert.Equal(0u, random.Below(1));
        }
    }

    [Fact]
    public void Neighbouring_draws_are_independent()
    {
        // The joint distribution of two draws in a row, 32 x 32; blocks hold eight draws, so pairs span them too.
        PortRandom random = default;
        random.InitializeFrom(13);
        int[] bins = new int[1024];
        uint last = random.Below(32);
        for (int count = 0; count < 102_400; count++)
        {
            uint next = random.Below(32);
            bins[last * 32 + next]++;
            last = next;
        }

        AssertChiSquare(bins, 100);
    }

    [Fact]
    public void A_seed_repeats_its_sequence_also_on_a_used_instance()
    {
        PortRandom first = default;
        PortRandom second = default;
        first.InitializeFrom(5);
        second.Initialize();
        for (int count = 0; count < 21; count++)
        {
            second.Below(100);
        }

        second.InitializeFrom(5);
        for (int count = 0; count < 1000; count++)
        {
            Assert.Equal(first.Below(65536), second.Below(65536));
        }
    }

    [Fact]
    public void Two_seeds_and_two_starts_differ()
    {
        PortRandom* instances = stackalloc PortRandom[4];
        instances[0].InitializeFrom(1);
        instances[1].InitializeFrom(2);
        instances[2].Initialize();
        instances[3].Initialize();
        for (int left = 0; left < 4; left++)
        {
            for (int right = left + 1; right < 4; right++)
            {
                PortRandom a = instances[left];
                PortRandom b = instances[right];
                int same = 0;
                for (int count = 0; count < 1000; count++)
                {
                    same += a.Below(65536) == b.Below(65536) ? 1 : 0;
                }

                Assert.InRange(same, 0, 5);
            }
        }
    }

    internal static void AssertChiSquare(int[] bins, double expected)
    {
        double chiSquare = 0;
        foreach (int count in bins)
        {
            chiSquare += (count - expected) * (count - expected) / expected;
        }

        // Mean n - 1, variance 2 (n - 1); five standard deviations, and a little room where n is small and the tail long.
        double degrees = bins.Length - 1;
        double bound = 5 * Math.Sqrt(2 * degrees) + 10;
        Assert.True(Math.Abs(chiSquare - degrees) < bound, $"chi-square {chiSquare:F0} with {degrees} degrees of freedom");
    }
}
