using System;
using System.Collections.Generic;
using System.IO;
using Dataplane.Bench.Compare;
using Xunit;

namespace Dataplane.Bench.Tests;

/// <summary>Memory is waited for, and not for ever.</summary>
public sealed class FreeMemoryTests
{
    private const long Gibibyte = 1L << 30;

    private TimeSpan _waited;

    [Fact]
    public void Enough_is_not_waited_for()
    {
        Assert.Null(Memory(_ => 2 * Gibibyte).Lack(2 * Gibibyte));
        Assert.Equal(TimeSpan.Zero, _waited);
    }

    [Fact]
    public void It_waits_until_there_is_enough()
    {
        TimeSpan enough = TimeSpan.FromSeconds(7);
        Assert.Null(Memory(waited => waited < enough ? 2 * Gibibyte - 1 : 2 * Gibibyte).Lack(2 * Gibibyte));
        Assert.Equal(enough, _waited);
    }

    [Fact]
    public void What_comes_at_the_end_of_its_patience_is_in_time()
    {
        Assert.Null(Memory(waited => waited < FreeMemory.Patience ? Gibibyte : 2 * Gibibyte).Lack(2 * Gibibyte));
        Assert.Equal(FreeMemory.Patience, _waited);
    }

    [Fact]
    public void After_its_patience_it_says_what_is_missing()
    {
        string? lack = Memory(waited => waited < FreeMemory.Patience ? Gibibyte : Gibibyte + Gibibyte / 2).Lack(2 * Gibibyte);
        Assert.Equal("2048 MiB of memory should be free, 1536 are after 30 s", lack);
        Assert.Equal(FreeMemory.Patience, _waited);
    }

    [Fact]
    public void Its_patience_is_for_each_run_anew()
    {
        FreeMemory memory = Memory(waited => waited < 1.5 * FreeMemory.Patience ? Gibibyte : 2 * Gibibyte);
        Assert.NotNull(memory.Lack(2 * Gibibyte));
        Assert.Null(memory.Lack(2 * Gibibyte));
        Assert.Equal(1.5 * FreeMemory.Patience, _waited);
    }

    [Fact]
    public void Where_nobody_knows_what_is_free_nothing_is_missing()
    {
        Assert.Null(Memory(_ => null).Lack(long.MaxValue));
        Assert.Equal(TimeSpan.Zero, _waited);
    }

    [Fact]
    public void Of_a_machine_it_is_what_programs_can_get() => Assert.Equal(5_242_880L << 10, FreeMemory.Available("""
        MemTotal:        8140632 kB
        MemFree:          214360 kB
        MemAvailable:    5242880 kB
        Buffers:          102400 kB
        """));

    [Fact]
    public void More_than_fits_32_bits_is_counted() => Assert.Equal(1L << 42, FreeMemory.Available("MemAvailable: 4294967296 kB\n"));

    [Theory]
    [InlineData("")]
    [InlineData("MemTotal:        8140632 kB\nMemFree:          214360 kB\n")]
    [InlineData("OtherMemAvailable: 5242880 kB\n")]
    [InlineData("MemAvailable:\n")]
    [InlineData("MemAvailable: plenty kB\n")]
    [InlineData("MemAvailable: -1 kB\n")]
    [InlineData("MemAvailable: 99999999999999999999 kB\n")]
    public void A_text_that_does_not_say_is_not_guessed_from(string text) => Assert.Null(FreeMemory.Available(text));

    [Fact]
    public void This_machine_says_how_much_is_free()
    {
        Assert.InRange(FreeMemory.Available(File.ReadAllText("/proc/meminfo")) ?? 0, 1, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes * 1024);
        Assert.Null(FreeMemory.OfMachine.Lack(1));
    }

    /// <summary>Memory of which so much is free after so much waiting.</summary>
    private FreeMemory Memory(Func<TimeSpan, long?> free) => new(() => free(_waited), time => _waited += time);
}
