using Xunit;

namespace Dataplane.Dpdk.Tests;

/// <summary>Needs the shim, not the EAL.</summary>
public sealed class MemoryLimitTests
{
    [Fact]
    public void A_small_region_is_read_faster_than_a_large_one()
    {
        using MemoryLimit cached = MemoryLimit.Open(16 << 10, MemoryPages.Small);
        using MemoryLimit remote = MemoryLimit.Open(256 << 20, MemoryPages.Small);
        Assert.Equal(MemoryPages.Small, remote.Pages);
        Assert.True(cached.Run(0, 2_000_000) > remote.Run(0, 2_000_000));
    }

    [Fact]
    public void Huge_pages_are_used_or_the_fallback_is_reported()
    {
        using MemoryLimit region = MemoryLimit.Open(8 << 20, MemoryPages.Reserved);
        bool free = HugepageState.Read("none") is { PageKiB: 2048, FreePages: >= 64 };
        Assert.True(region.Pages == MemoryPages.Reserved || !free, $"{region.Pages}, although pages are free");
        Assert.True(region.Run(MemoryLimit.DepthMax, 100_000) > 1e5);
    }

    [Theory]
    [InlineData(257, 1)]
    [InlineData(-1, 1)]
    [InlineData(1, 0)]
    public void A_depth_or_a_count_out_of_range_is_refused(int depth, long accesses)
    {
        using MemoryLimit region = MemoryLimit.Open(4096, MemoryPages.Small);
        Assert.Throws<DpdkException>(() => region.Run(depth, accesses));
    }

    [Theory]
    [InlineData(63)]
    [InlineData(-1)]
    public void A_region_without_a_line_or_beyond_memory_is_refused(long bytes) =>
        Assert.Throws<DpdkException>(() => MemoryLimit.Open(bytes, MemoryPages.Small));
}
