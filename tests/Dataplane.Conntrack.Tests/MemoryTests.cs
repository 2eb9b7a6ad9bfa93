using System;
using Dataplane.Packet;
using Xunit;

namespace Dataplane.Conntrack.Tests;

/// <summary>The bill: what a connection costs, everything counted, and that what is off costs nothing.</summary>
public sealed unsafe class MemoryTests
{
    /// <summary>Bytes of an IPv4 connection at most: its entry, its places at the load that its table is made for, its share of the
    /// rest.</summary>
    private const double BytesMax = 176;

    [Fact]
    public void A_connection_of_a_full_table_of_a_million_costs_166_bytes_of_all_that_is_mapped()
    {
        using TestTable<Ipv4Tuple, Ipv4Family> test = new(1_000_000);
        Assert.Equal(165.6, test.Memory.BytesPerConnection, 0.05);
        double all = (double)test.Memory.TotalBytes / test.Memory.Capacity;
        Assert.InRange(all, test.Memory.BytesPerConnection, test.Memory.BytesPerConnection + 2);
        Assert.True(all <= BytesMax);

        // What is asked for by formula below is what a table has.
        Assert.Equal(BytesPerConnection<Ipv4Tuple>(1_000_000), test.Memory.BytesPerConnection, 1e-9);
    }

    [Theory]
    [InlineData(1_000_000u, 165.6)]
    [InlineData(10_000_000u, 158.8)]
    [InlineData(100_000_000u, 153.5)]
    public void The_bill_of_larger_tables_follows_from_their_buckets(uint entriesMax, double bytes) =>
        Assert.Equal(bytes, BytesPerConnection<Ipv4Tuple>(entriesMax), 0.1);

    [Fact]
    public void No_size_beyond_a_million_costs_more_than_the_bound()
    {
        // Just beyond what a number of buckets holds at three quarters is where it doubles, and the bill is highest.
        for (uint buckets = 1 << 18; buckets < 1u << 28; buckets *= 2)
        {
            uint holds = buckets / 8 * 3 * Bucket.Places;
            for (uint entriesMax = holds - 8; entriesMax < holds + 8; entriesMax++)
            {
                Assert.InRange(BytesPerConnection<Ipv4Tuple>(Math.Max(entriesMax, 1_000_000)), 132, BytesMax);
            }
        }
    }

    [Fact]
    public void An_IPv6_connection_costs_64_bytes_more()
    {
        using TestTable<Ipv6Tuple, Ipv6Family> test = new(100_000);
        Assert.Equal(BytesPerConnection<Ipv6Tuple>(100_000), test.Memory.BytesPerConnection, 1e-9);
        Assert.Equal(64, BytesPerConnection<Ipv6Tuple>(1_000_000) - BytesPerConnection<Ipv4Tuple>(1_000_000), 1e-9);
    }

    [Fact]
    public void Side_records_and_limits_cost_nothing_when_they_are_off()
    {
        ConntrackSize off = new(10_000, 2, false);
        using TestTable<Ipv4Tuple, Ipv4Family> without = new(off);
        using TestTable<Ipv4Tuple, Ipv4Family> with = new(off with { SideRecords = 5000 });
        uint records = 1 + 5000 + 2 * IndexCache.Capacity;
        Assert.Equal(records * (SideRecord.SizeBytes + sizeof(uint)), with.Memory.TotalBytes - without.Memory.TotalBytes);
        Assert.True(without.Table->SideAt(0) == null);
        Assert.Equal(without.Memory.BytesPerConnection, with.Memory.BytesPerConnection);

        using TestTable<Ipv4Tuple, Ipv4Family> zoned = new(off with { Zones = [new ZoneLimit(1, 5), new ZoneLimit(2, 5)] });
        Assert.InRange(zoned.Memory.TotalBytes - without.Memory.TotalBytes, 2 * CreditPool.SizeBytes, 2 * CreditPool.SizeBytes + 2 * 128);
    }

    [Fact]
    public void The_total_is_the_arena_the_buckets_and_what_workers_share()
    {
        using TestTable<Ipv4Tuple, Ipv4Family> one = new(10_000, workers: 1);
        using TestTable<Ipv4Tuple, Ipv4Family> two = new(10_000, workers: 2);
        Assert.Equal((long)one.Memory.EntryCount * Entry<Ipv4Tuple>.SizeBytes, one.Memory.ArenaBytes);
        Assert.Equal((long)one.Memory.BucketCount * Bucket.SizeBytes, one.Memory.BucketBytes);
        long shared = one.Memory.TotalBytes - one.Memory.ArenaBytes - one.Memory.BucketBytes;
        Assert.InRange(shared, one.Memory.EntryCount * sizeof(uint), one.Memory.EntryCount * sizeof(uint) + (512 << 10));

        // Another worker: its reserve of entries with their words, its ring, its caches.
        Assert.Equal(one.Memory.EntryCount + EntryPool.ReservePerWorker, two.Memory.EntryCount);
        long worker = EntryPool.ReservePerWorker * (Entry<Ipv4Tuple>.SizeBytes + sizeof(uint)) + RetireRing.MemoryBytes;
        Assert.InRange(two.Memory.TotalBytes - one.Memory.TotalBytes, worker, worker + 2 * IndexCache.Capacity * sizeof(uint) + 2048);
    }

    [Fact]
    public void Capacity_is_paid_for_and_the_limit_below_it_is_not()
    {
        ConntrackSize size = new(10_000, 1, false);
        using TestTable<Ipv4Tuple, Ipv4Family> roomy = new(size with { Capacity = 50_000 });
        using TestTable<Ipv4Tuple, Ipv4Family> tight = new(size);
        Assert.Equal(50_000u, roomy.Memory.Capacity);
        Assert.Equal(40_000 * (Entry<Ipv4Tuple>.SizeBytes + sizeof(uint)), roomy.Memory.TotalBytes - tight.Memory.TotalBytes);
    }

    private static double BytesPerConnection<TTuple>(uint entriesMax)
        where TTuple : unmanaged
    {
        uint buckets = ConntrackMemory<TTuple>.BucketsFor(entriesMax, 0);
        return Entry<TTuple>.SizeBytes + sizeof(uint) + (double)buckets * Bucket.SizeBytes / entriesMax;
    }
}
