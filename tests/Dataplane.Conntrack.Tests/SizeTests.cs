using System;
using Dataplane.Packet;
using Xunit;

namespace Dataplane.Conntrack.Tests;

/// <summary>Sizes outside their range are refused by name; those inside give the load that the table is made for.</summary>
public sealed unsafe class SizeTests
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

        // Fewer would cut the probe sequences of a small table short.
        ulong least = (ulong)StripeLocks.Count * BucketArray.ProbesMax;
        Assert.True(buckets >= least);
        Assert.True(2ul * entriesMax <= buckets * Bucket.Places * 3 / 4);

        // Stripes of few buckets vary more: half.
        Assert.True(buckets > 32 * StripeLocks.Count || 2ul * entriesMax <= buckets * Bucket.Places / 2);
        Assert.True(buckets <= 64 * StripeLocks.Count || 2ul * entriesMax > buckets / 2 * Bucket.Places * 3 / 4 - 2);
    }

    [Theory]
    [InlineData(1u)]
    [InlineData(3_000u)]
    [InlineData(24_000u)]
    public void A_table_of_any_size_takes_as_many_connections_as_it_was_made_for(uint entriesMax)
    {
        using ConntrackMemory<Ipv4Tuple> memory = new(new ConntrackSize(entriesMax, 1, false));
        WorkerSlot* slot = memory.Slot(0);
        for (uint number = 0; number < entriesMax; number++)
        {
            Assert.Equal(AllocateResult.Allocated, memory.Table->Allocate(slot, 0, out uint index));
            byte* entry = memory.Table->EntryAt(index);
            Ipv4Tuple tuple = new() { Source = Ipv4Address.FromHost(number), Destination = Ipv4Address.FromHost(~number), Protocol = IpProtocol.Udp };
            *Entry<Ipv4Tuple>.Tuple(entry, Direction.Original) = tuple;
            *Entry<Ipv4Tuple>.Tuple(entry, Direction.Reply) = tuple.Inverted;
            Entry<Ipv4Tuple>.Head(entry)->State = new StateWord(100, ConnectionState.UdpUnreplied, 0, EntryFlags.None).Value;
            Assert.Equal(InsertResult.Inserted, memory.Table->Insert(slot, index, 1, out _));
        }

        Assert.Equal(AllocateResult.TableFull, memory.Table->Allocate(slot, 0, out _));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(2)]
    public void A_slot_of_no_worker_is_refused(int worker)
    {
        using ConntrackMemory<Ipv4Tuple> memory = new(new ConntrackSize(1, 2, false));
        Assert.Throws<ArgumentOutOfRangeException>(() => Slot(memory, worker));
    }

    private static void Slot(ConntrackMemory<Ipv4Tuple> memory, int worker) => memory.Slot(worker);
}
