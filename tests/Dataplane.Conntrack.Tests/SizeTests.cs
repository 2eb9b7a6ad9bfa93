using System;
using Dataplane.Packet;
using Xunit;

namespace Dataplane.Conntrack.Tests;

/// <summary>Sizes outside their range are refused by name; those inside give the load that the table is made for.</summary>
public sealed class SizeTests
{
    [Theory]
    [InlineData(0u, 1, 0u, "EntriesMax")]
    [InlineData((1u << 30) + 1, 1, 0u, "EntriesMax")]
    [InlineData(100u, 0, 0u, "Workers")]
    [InlineData(100u, Quiescence.WorkersMax + 1, 0u, "Workers")]
    [InlineData(100u, 1, (1u << 31) + 1, "BucketsMin")]
    public void A_size_outside_its_range_is_refused_by_name(uint entriesMax, int workers, uint bucketsMin, string name)
    {
        ConntrackSize size = new(entriesMax, workers, false, bucketsMin);
        var exception = Assert.Throws<ArgumentOutOfRangeException>(() => new ConntrackMemory<Ipv4Tuple>(size));
        Assert.Contains(name, exception.ParamName, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1u)]
    [InlineData(12_288u)]
    [InlineData(12_289u)]
    [InlineData(1_000_000u)]
    [InlineData(1u << 30)]
    public void Buckets_are_a_power_of_two_that_three_quarters_of_suffice(uint entriesMax)
    {
        ulong buckets = ConntrackMemory<Ipv4Tuple>.BucketsFor(entriesMax, 0);
        Assert.True(ulong.IsPow2(buckets));
        Assert.True(buckets >= (ulong)StripeLocks.Count);
        Assert.True(2ul * entriesMax <= buckets * Bucket.Places * 3 / 4);
        Assert.True(buckets == (ulong)StripeLocks.Count || 2ul * entriesMax > buckets / 2 * Bucket.Places * 3 / 4 - 2);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(2)]
    public void A_slot_of_no_worker_is_refused(int worker)
    {
        using ConntrackMemory<Ipv4Tuple> memory = new(new ConntrackSize(1, 2, false));
        Assert.Throws<ArgumentOutOfRangeException>(() => Slot(memory, worker));
    }

    private static unsafe void Slot(ConntrackMemory<Ipv4Tuple> memory, int worker) => memory.Slot(worker);
}
