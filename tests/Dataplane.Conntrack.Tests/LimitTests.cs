using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using Dataplane.Packet;
using Xunit;

namespace Dataplane.Conntrack.Tests;

/// <summary>Limits of the table and of zones: reached exactly, never passed, changed while connections are open.</summary>
[Trait("Category", "Portable")]
public sealed unsafe class LimitTests
{
    private uint _number;

    [Fact]
    public void A_limit_lowered_below_what_is_open_closes_nothing_and_opens_nothing_until_enough_has_ended()
    {
        using TestTable<Ipv4Tuple, Ipv4Family> test = Made(100, 1);
        List<uint> open = Open(test, zone: 0, 60);
        Assert.True(test.Memory.TrySetEntriesMax(40));
        Assert.Equal(40, test.Memory.EntriesMax);
        Assert.All(open, index => Assert.True(test.Word(index).IsLive));
        for (int position = 0; position < 20; position++)
        {
            Assert.False(TryOpen(test, 0, out _));
            Close(test, open, 0);
        }

        // Forty are open: the limit itself.
        Assert.False(TryOpen(test, 0, out _));
        Assert.Equal(21ul, test.Memory.Counters().TableFull);
        Close(test, open, 0);
        Assert.True(TryOpen(test, 0, out _));
        Assert.False(TryOpen(test, 0, out _));
        Assert.Equal(40, test.Memory.Count());
        test.AssertConsistent();
    }

    [Fact]
    public void A_limit_is_raised_up_to_the_capacity_and_not_beyond()
    {
        using TestTable<Ipv4Tuple, Ipv4Family> test = new(new ConntrackSize(50, 1, false) { Capacity = 200 });
        Open(test, 0, 50);
        Assert.False(TryOpen(test, 0, out _));
        Assert.False(test.Memory.TrySetEntriesMax(201));
        Assert.False(test.Memory.TrySetEntriesMax(0));
        Assert.False(test.Memory.TrySetEntriesMax(-5));
        Assert.False(test.Memory.TrySetEntriesMax(long.MaxValue));
        Assert.Equal(50, test.Memory.EntriesMax);
        Assert.False(TryOpen(test, 0, out _));
        Assert.True(test.Memory.TrySetEntriesMax(200));
        Open(test, 0, 150);
        Assert.False(TryOpen(test, 0, out _));
        Assert.Equal(200, test.Memory.Count());
    }

    [Fact]
    public void Credits_that_a_worker_drew_before_the_limit_was_lowered_are_void_after_its_housekeeping()
    {
        using TestTable<Ipv4Tuple, Ipv4Family> test = Made(10_000, 1);
        Open(test, 0, 1);
        Assert.True(test.Memory.Slot(0)->Credits > 0);
        Assert.True(test.Memory.TrySetEntriesMax(1));
        test.Memory.Pool->HandIn(test.Memory.Slot(0));
        Assert.False(TryOpen(test, 0, out _));
        Assert.True(test.Memory.TrySetEntriesMax(10_000));
        Open(test, 0, 9_999);
        Assert.False(TryOpen(test, 0, out _));
    }

    [Fact]
    public void A_worker_to_whom_a_connection_comes_back_while_few_credits_are_left_keeps_none()
    {
        using TestTable<Ipv4Tuple, Ipv4Family> test = Made(1000, 2);
        List<uint> open = Open(test, 0, 100, worker: 1);
        while (open.Count > 1)
        {
            Close(test, open, worker: 1);
        }

        int held = test.Memory.Slot(1)->Credits;
        Assert.True(held > CreditPool.Batch, $"only {held} credits at hand: the case was not met");
        Open(test, 0, (uint)(1000 - 1 - held), worker: 0);
        Assert.False(TryOpen(test, 0, out _, worker: 0));
        Close(test, open, worker: 1);
        Assert.Equal(0, test.Memory.Slot(1)->Credits);
        Open(test, 0, (uint)held + 1, worker: 0);
        Assert.Equal(1000, test.Memory.Count());
        Assert.False(TryOpen(test, 0, out _, worker: 0));
    }

    [Theory]
    [InlineData(1, 1u)]
    [InlineData(1, 33u)]
    [InlineData(1, 700u)]
    [InlineData(2, 1u)]
    [InlineData(2, 33u)]
    [InlineData(2, 700u)]
    public void A_zone_reaches_its_limit_exactly_and_no_more(int workers, uint zoneMax)
    {
        using TestTable<Ipv4Tuple, Ipv4Family> test = Made(2000, workers, (5, zoneMax));

        // The last worker leaves credits behind that it drew while there were plenty.
        List<uint> passing = Open(test, 5, zoneMax / 3, workers - 1);
        while (passing.Count > 0)
        {
            Close(test, passing, workers - 1);
        }

        test.QuiesceAll();
        uint opened = 0;
        while (TryOpen(test, 5, out _))
        {
            opened++;
        }

        int idle = workers > 1 ? test.Memory.Slot(1)->Zones[1].Credits : 0;
        Assert.Equal(zoneMax, opened + (uint)idle);
        Assert.Equal(1ul, test.Memory.ZoneRefused(5));
        HandInAll(test);
        Open(test, 5, (uint)idle);
        Assert.False(TryOpen(test, 5, out _));
        Assert.False(TryOpen(test, 5, out _, workers - 1));
        Assert.Equal(zoneMax, test.Memory.ZoneEntries(5));
        Assert.Equal(3ul, test.Memory.ZoneRefused(5));
        Assert.Equal(0ul, test.Memory.Counters().TableFull);
        Assert.Equal(zoneMax, test.Memory.Count());
    }

    [Fact]
    public void A_zone_whose_limit_is_above_the_tables_is_bound_by_the_tables()
    {
        using TestTable<Ipv4Tuple, Ipv4Family> test = Made(100, 1, (5, 500));
        Open(test, 5, 100);
        Assert.False(TryOpen(test, 5, out _));
        Assert.True(test.Memory.TrySetZoneMax(5, null));
        Assert.False(TryOpen(test, 5, out _));
        Assert.Equal(2ul, test.Memory.Counters().TableFull);
        Assert.Equal(0ul, test.Memory.ZoneRefused(5));
        Assert.Equal(100, test.Memory.ZoneEntries(5));
    }

    [Fact]
    public void Zones_without_a_limit_share_the_tables_and_cannot_be_given_one()
    {
        using TestTable<Ipv4Tuple, Ipv4Family> test = Made(300, 1, (5, 10), (6, null));
        Assert.Equal(2, test.Memory.ZoneCount);
        Assert.False(test.Memory.TrySetZoneMax(7, 10));
        Assert.False(test.Memory.TrySetZoneMax(0, null));
        Assert.Null(test.Memory.ZoneMax(7));
        Assert.Null(test.Memory.ZoneMax(6));
        Assert.Equal(10, test.Memory.ZoneMax(5));
        Open(test, 7, 100);
        Open(test, 65535, 100);
        Open(test, 6, 50);
        Open(test, 0, 50);
        Assert.False(TryOpen(test, 7, out _));
        Assert.Equal(50, test.Memory.ZoneEntries(6));
        Assert.Equal(0ul, test.Memory.ZoneRefused(7));
    }

    [Fact]
    public void A_zone_may_have_the_number_0_or_the_highest()
    {
        using TestTable<Ipv4Tuple, Ipv4Family> test = Made(300, 1, (0, 3), (65535, 4));
        Open(test, 0, 3);
        Open(test, 65535, 4);
        Assert.False(TryOpen(test, 0, out _));
        Assert.False(TryOpen(test, 65535, out _));
        Open(test, 1, 293);
    }

    [Fact]
    public void There_is_no_room_in_a_full_zone_and_in_no_zone_of_a_full_table()
    {
        using TestTable<Ipv4Tuple, Ipv4Family> test = Made(300, 1, (5, 3));
        WorkerSlot* slot = test.Memory.Slot(0);
        Open(test, 5, 2);
        Assert.True(test.Table->HasRoom(slot, 5));
        Open(test, 5, 1);
        Assert.False(test.Table->HasRoom(slot, 5));
        Assert.True(test.Table->HasRoom(slot, 6));
        Open(test, 6, 297);
        Assert.False(test.Table->HasRoom(slot, 6));
    }

    [Fact]
    public void A_zones_limit_is_changed_while_its_connections_are_open()
    {
        using TestTable<Ipv4Tuple, Ipv4Family> test = Made(1000, 1, (5, 20), (6, 20));
        List<uint> open = Open(test, 5, 20);
        Assert.True(test.Memory.TrySetZoneMax(5, 12));
        Assert.Equal(12, test.Memory.ZoneMax(5));
        Assert.Equal(20, test.Memory.ZoneEntries(5));
        while (open.Count > 12)
        {
            Assert.False(TryOpen(test, 5, out _));
            Close(test, open, 0);
        }

        Assert.False(TryOpen(test, 5, out _));
        Close(test, open, 0);
        Open(test, 5, 1);
        Assert.False(TryOpen(test, 5, out _));
        Assert.True(test.Memory.TrySetZoneMax(5, 30));
        Open(test, 5, 18);
        Assert.False(TryOpen(test, 5, out _));
        Assert.True(test.Memory.TrySetZoneMax(5, null));
        Assert.Null(test.Memory.ZoneMax(5));
        Open(test, 5, 200);
        Assert.Equal(230, test.Memory.ZoneEntries(5));
        Assert.True(test.Memory.TrySetZoneMax(5, 230));
        HandInAll(test);
        Assert.False(TryOpen(test, 5, out _));

        // The neighbour noticed nothing.
        Open(test, 6, 20);
        Assert.False(TryOpen(test, 6, out _));
    }

    [Theory]
    [InlineData(0L)]
    [InlineData(-1L)]
    [InlineData(long.MinValue)]
    [InlineData(CreditPool.Unlimited + 1)]
    public void A_zones_limit_out_of_range_is_refused_and_the_old_one_stays(long zoneMax)
    {
        using TestTable<Ipv4Tuple, Ipv4Family> test = Made(100, 1, (5, 7));
        Assert.False(test.Memory.TrySetZoneMax(5, zoneMax));
        Assert.Equal(7, test.Memory.ZoneMax(5));
        Assert.ThrowsAny<ArgumentException>(() => Made(100, 1, (5, zoneMax)).Dispose());
    }

    [Fact]
    public void A_zone_twice_or_too_many_zones_are_refused()
    {
        Assert.Throws<ArgumentException>(() => Made(100, 1, (5, 7), (6, 7), (5, null)).Dispose());
        ImmutableArray<ZoneLimit> zones = [.. Zones(LimitTable.ZonesMax)];
        Assert.Throws<ArgumentOutOfRangeException>(() => new ConntrackMemory<Ipv4Tuple>(new ConntrackSize(100, 1, false) { Zones = zones }));
        using TestTable<Ipv4Tuple, Ipv4Family> test = new(new ConntrackSize(100, 1, false) { Zones = zones.RemoveAt(0) });
        Assert.Equal(LimitTable.ZonesMax - 1, test.Memory.ZoneCount);
    }

    [Fact]
    public void Credits_come_back_when_an_entry_is_abandoned_and_when_it_is_removed()
    {
        using TestTable<Ipv4Tuple, Ipv4Family> test = Made(20, 1, (5, 3));
        for (int round = 0; round < 500; round++)
        {
            List<uint> open = Open(test, 5, 2);
            uint built = Build(test, 5, 0);
            Assert.NotEqual(0u, built);
            Assert.Equal(1, test.Memory.UnconfirmedCount());
            Assert.Equal(3, test.Memory.ZoneEntries(5));
            Assert.False(TryOpen(test, 5, out _));
            test.Table->Abandon(test.Memory.Slot(0), built);
            Close(test, open, 0);
            Close(test, open, 0);
            Assert.Equal(0, test.Memory.ZoneEntries(5));
            test.QuiesceAll();
        }

        Assert.Equal(0, test.Memory.UnconfirmedCount());
        Open(test, 6, 20);
    }

    [Theory]
    [InlineData(40u)]
    [InlineData(4000u)]
    public void A_zones_refusals_cost_the_table_nothing(uint entriesMax)
    {
        using TestTable<Ipv4Tuple, Ipv4Family> test = Made(entriesMax, 2, (5, 3));
        Open(test, 5, 3);
        for (int round = 0; round < 300; round++)
        {
            Assert.False(TryOpen(test, 5, out _, round % 2));
        }

        Assert.Equal(300ul, test.Memory.ZoneRefused(5));
        Assert.Equal(0ul, test.Memory.Counters().TableFull);
        Assert.Equal(3, test.Memory.Count());
        Assert.Equal(0, test.Memory.UnconfirmedCount());
        Open(test, 6, entriesMax - 3 - (uint)test.Memory.Slot(1)->Credits);
        HandInAll(test);
        while (TryOpen(test, 6, out _))
        {
        }

        Assert.Equal(entriesMax, test.Memory.Count());
    }

    [Fact]
    public void The_tables_refusals_cost_a_zone_nothing()
    {
        using TestTable<Ipv4Tuple, Ipv4Family> test = Made(50, 1, (5, 40));
        List<uint> others = Open(test, 6, 50);
        for (int round = 0; round < 100; round++)
        {
            Assert.False(TryOpen(test, 5, out _));
        }

        while (others.Count > 0)
        {
            Close(test, others, 0);
        }

        Open(test, 5, 40);
        Assert.False(TryOpen(test, 5, out _));
        Assert.Equal(40, test.Memory.ZoneEntries(5));
    }

    [Fact]
    public void An_entry_that_one_worker_opened_and_another_closed_leaves_both_limits_exact()
    {
        using TestTable<Ipv4Tuple, Ipv4Family> test = Made(600, 2, (5, 400));
        for (int round = 0; round < 20; round++)
        {
            List<uint> open = Open(test, 5, 250, worker: 0);
            while (open.Count > 0)
            {
                Close(test, open, worker: 1);
            }

            test.QuiesceAll();
            HandInAll(test);
        }

        Assert.Equal(0, test.Memory.ZoneEntries(5));
        uint opened = 0;
        while (TryOpen(test, 5, out _))
        {
            opened++;
        }

        Assert.Equal(400, opened + test.Memory.Slot(1)->Zones[1].Credits);
    }

    private static TestTable<Ipv4Tuple, Ipv4Family> Made(uint entriesMax, int workers, params (ushort Zone, long? EntriesMax)[] zones) =>
        new(new ConntrackSize(entriesMax, workers, false)
        {
            Seed = 5,
            Zones = [.. Array.ConvertAll(zones, zone => new ZoneLimit(zone.Zone, zone.EntriesMax))],
        });

    private static IEnumerable<ZoneLimit> Zones(int count)
    {
        for (int zone = 0; zone < count; zone++)
        {
            yield return new ZoneLimit((ushort)zone, 1);
        }
    }

    private static void HandInAll(TestTable<Ipv4Tuple, Ipv4Family> test)
    {
        for (int worker = 0; worker < test.Memory.Size.Workers; worker++)
        {
            test.Memory.Pool->HandIn(test.Memory.Slot(worker));
        }
    }

    private static void Close(TestTable<Ipv4Tuple, Ipv4Family> test, List<uint> open, int worker)
    {
        Assert.True(test.Remove(open[^1], worker));
        open.RemoveAt(open.Count - 1);
    }

    private List<uint> Open(TestTable<Ipv4Tuple, Ipv4Family> test, ushort zone, uint count, int worker = 0)
    {
        List<uint> open = [];
        for (uint opened = 0; opened < count; opened++)
        {
            Assert.True(TryOpen(test, zone, out uint index, worker), $"refused after {opened} of {count}");
            open.Add(index);
        }

        return open;
    }

    private bool TryOpen(TestTable<Ipv4Tuple, Ipv4Family> test, ushort zone, out uint index, int worker = 0)
    {
        index = Build(test, zone, worker);
        if (index != 0)
        {
            Assert.Equal(InsertResult.Inserted, test.Table->Insert(test.Memory.Slot(worker), index, 1000, out _));
        }

        return index != 0;
    }

    private uint Build(TestTable<Ipv4Tuple, Ipv4Family> test, ushort zone, int worker)
    {
        Ipv4Tuple tuple = TestTable<Ipv4Tuple, Ipv4Family>.InZone(Ipv4Family.Numbered(_number++), zone);
        return test.Build(tuple, tuple.Inverted, worker: worker);
    }
}
