using System;
using System.Collections.Generic;
using Dataplane.Packet;
using Xunit;

namespace Dataplane.Conntrack.Tests;

/// <summary>Rarely used state: taken on demand, attached once per kind, freed with its connection and not before.</summary>
[Trait("Category", "Portable")]
public sealed unsafe class SideRecordTests
{
    private static readonly SideKind[] s_kinds = [SideKind.Helper, SideKind.SequenceAdjustment, SideKind.Label, SideKind.Probe];

    [Fact]
    public void An_attached_record_is_found_by_its_kind_with_its_contents()
    {
        using TestTable<Ipv6Tuple, Ipv6Family> test = Made(10);
        uint index = test.Insert(1);
        uint other = test.Insert(2);
        uint side = Take(test, SideKind.Label);
        test.Table->SideAt(side)->Data[0] = 0xA5;
        test.Table->SideAt(side)->Data[SideRecord.DataBytes - 1] = 0x5A;
        Assert.True(Side(test, index, SideKind.Label) == null);
        Assert.True(test.Table->TryAttachSide(index, side));
        SideRecord* found = Side(test, index, SideKind.Label);
        Assert.True(found == test.Table->SideAt(side));
        Assert.Equal(0xA5, found->Data[0]);
        Assert.Equal(0x5A, found->Data[SideRecord.DataBytes - 1]);
        Assert.True(Side(test, index, SideKind.Helper) == null);
        Assert.True(Side(test, other, SideKind.Label) == null);
    }

    [Fact]
    public void A_record_attached_while_the_entry_is_built_is_there_when_it_is_found()
    {
        using TestTable<Ipv6Tuple, Ipv6Family> test = Made(10);
        uint index = test.Build(Ipv6Family.Numbered(1), Ipv6Family.Numbered(1).Inverted);
        uint side = Take(test, SideKind.Helper);
        Assert.True(test.Table->TryAttachSide(index, side));
        Assert.Equal(InsertResult.Inserted, test.Table->Insert(test.Memory.Slot(0), index, 1000, out _));
        Assert.True(Side(test, test.Find(Ipv6Family.Numbered(1)).Index, SideKind.Helper) == test.Table->SideAt(side));
    }

    [Fact]
    public void A_second_record_of_a_kind_is_refused_and_stays_the_callers()
    {
        using TestTable<Ipv6Tuple, Ipv6Family> test = Made(10);
        uint index = test.Insert(1);
        foreach (SideKind kind in s_kinds)
        {
            Assert.True(test.Table->TryAttachSide(index, Take(test, kind)));
        }

        uint[] second = Array.ConvertAll(s_kinds, kind => Take(test, kind));
        foreach (uint side in second)
        {
            SideRecord* first = Side(test, index, test.Table->SideAt(side)->Kind);
            Assert.False(test.Table->TryAttachSide(index, side));
            Assert.True(Side(test, index, test.Table->SideAt(side)->Kind) == first);
        }

        // Returned, they can be taken again at once: nothing waits for a grace period, since nobody saw them.
        Array.ForEach(second, side => test.Table->ReturnSide(test.Memory.Slot(0), side));
        Assert.Equal(10 + IndexCache.Capacity - s_kinds.Length, TakeAll(test).Count);
    }

    [Theory]
    [InlineData(0, 1, 2, 3)]
    [InlineData(3, 2, 1, 0)]
    [InlineData(2, 0, 3, 1)]
    public void Four_kinds_hang_on_one_connection_in_any_order(int first, int second, int third, int fourth)
    {
        using TestTable<Ipv6Tuple, Ipv6Family> test = Made(10);
        uint index = test.Insert(1);
        int[] order = [first, second, third, fourth];
        for (int attached = 0; attached < order.Length; attached++)
        {
            uint side = Take(test, s_kinds[order[attached]]);
            test.Table->SideAt(side)->Data[0] = (byte)(100 + order[attached]);
            Assert.True(test.Table->TryAttachSide(index, side));
            for (int kind = 0; kind < s_kinds.Length; kind++)
            {
                SideRecord* found = Side(test, index, s_kinds[kind]);
                Assert.Equal(Array.IndexOf(order, kind) <= attached, found != null);
                Assert.True(found == null || found->Data[0] == 100 + kind);
            }
        }
    }

    [Fact]
    public void Records_are_freed_with_their_connection_after_its_grace_period()
    {
        using TestTable<Ipv6Tuple, Ipv6Family> test = Made(10, workers: 2);
        test.Table->Quiescence->GoOnline(0);
        test.Table->Quiescence->GoOnline(1);
        uint index = test.Insert(1);
        HashSet<uint> attached = [];
        foreach (SideKind kind in s_kinds)
        {
            uint side = Take(test, kind);
            Assert.True(attached.Add(side));
            Assert.True(test.Table->TryAttachSide(index, side));
        }

        TakeAll(test);
        Assert.True(test.Remove(index));
        test.Table->Quiescence->Quiescent(0);
        test.Table->Reclaim(test.Memory.Slot(0));
        test.Table->Quiescence->Quiescent(0);
        test.Table->Reclaim(test.Memory.Slot(0));

        // Worker 1 may have found the connection before it was removed.
        Assert.Empty(TakeAll(test));
        Assert.True(Side(test, index, SideKind.Probe) != null);
        test.Table->Quiescence->Quiescent(1);
        test.Table->Reclaim(test.Memory.Slot(0));
        Assert.Equal(attached, TakeAll(test));
    }

    [Fact]
    public void An_abandoned_entry_gives_its_records_back_at_once()
    {
        using TestTable<Ipv6Tuple, Ipv6Family> test = Made(2);
        for (int round = 0; round < 1000; round++)
        {
            uint index = test.Build(Ipv6Family.Numbered(1), Ipv6Family.Numbered(1).Inverted);
            Assert.True(test.Table->TryAttachSide(index, Take(test, SideKind.Helper)));
            Assert.True(test.Table->TryAttachSide(index, Take(test, SideKind.Label)));
            test.Table->Abandon(test.Memory.Slot(0), index);
        }

        Assert.Equal(2 + IndexCache.Capacity, TakeAll(test).Count);
    }

    [Fact]
    public void A_record_and_an_entry_that_are_reused_start_blank()
    {
        using TestTable<Ipv6Tuple, Ipv6Family> test = Made(1);
        uint index = test.Insert(1);
        uint label = Take(test, SideKind.Label);
        test.Table->SideAt(label)->Data[7] = 7;
        Assert.True(test.Table->TryAttachSide(index, label));
        Assert.True(test.Table->TryAttachSide(index, Take(test, SideKind.Probe)));
        Assert.True(test.Remove(index));
        test.QuiesceAll();
        Assert.Equal(index, test.Insert(2));
        Assert.All(s_kinds, kind => Assert.True(Side(test, index, kind) == null));
        foreach (uint side in TakeAll(test))
        {
            SideRecord* record = test.Table->SideAt(side);
            Assert.Equal(SideKind.Helper, record->Kind);
            Assert.Equal(0u, record->Next);
            Assert.True(new ReadOnlySpan<byte>(record->Data, SideRecord.DataBytes).IndexOfAnyExcept((byte)0) < 0);
        }
    }

    [Fact]
    public void The_pool_has_as_many_as_were_asked_for_whatever_rests_with_other_workers_and_counts_who_came_too_late()
    {
        using TestTable<Ipv6Tuple, Ipv6Family> test = Made(300, workers: 2);

        // All that worker 1 can keep rests with it.
        List<uint> kept = [];
        for (int taken = 0; taken < IndexCache.Capacity; taken++)
        {
            Assert.True(test.Table->TryTakeSide(test.Memory.Slot(1), SideKind.Helper, out uint side));
            kept.Add(side);
        }

        kept.ForEach(side => test.Table->ReturnSide(test.Memory.Slot(1), side));
        HashSet<uint> all = TakeAll(test);
        Assert.InRange(all.Count, 300, 300 + 2 * IndexCache.Capacity);
        Assert.DoesNotContain(0u, all);
        Assert.All(all, side => Assert.InRange(side, 1u, 300u + 2 * IndexCache.Capacity));
        ulong refused = test.Memory.Counters().SideFull;
        Assert.Equal(1ul, refused);
        Assert.False(test.Table->TryTakeSide(test.Memory.Slot(0), SideKind.Probe, out uint none));
        Assert.Equal(0u, none);
        Assert.Equal(2ul, test.Memory.Counters().SideFull);
    }

    [Fact]
    public void A_table_without_records_refuses_all_and_works_on()
    {
        using TestTable<Ipv6Tuple, Ipv6Family> test = Made(0);
        Assert.False(test.Table->TryTakeSide(test.Memory.Slot(0), SideKind.Helper, out _));
        Assert.Equal(1ul, test.Memory.Counters().SideFull);
        uint index = test.Insert(1);
        Assert.True(Side(test, index, SideKind.Helper) == null);
        Assert.True(test.Remove(index));
        test.QuiesceAll();
        test.AssertConsistent();
    }

    [Theory]
    [InlineData((1u << 30) + 1)]
    [InlineData(uint.MaxValue)]
    public void More_records_than_there_can_be_are_refused(uint sideRecords)
    {
        var exception = Assert.Throws<ArgumentOutOfRangeException>(() => Made(sideRecords).Dispose());
        Assert.Contains(nameof(ConntrackSize.SideRecords), exception.ParamName, StringComparison.Ordinal);
    }

    private static TestTable<Ipv6Tuple, Ipv6Family> Made(uint sideRecords, int workers = 1) =>
        new(new ConntrackSize(100, workers, false) { SideRecords = sideRecords, Seed = 3 });

    private static SideRecord* Side(TestTable<Ipv6Tuple, Ipv6Family> test, uint index, SideKind kind) =>
        test.Table->Side(test.Table->EntryAt(index), kind);

    private static uint Take(TestTable<Ipv6Tuple, Ipv6Family> test, SideKind kind)
    {
        Assert.True(test.Table->TryTakeSide(test.Memory.Slot(0), kind, out uint side));
        return side;
    }

    /// <summary>Takes what worker 0 can get.</summary>
    private static HashSet<uint> TakeAll(TestTable<Ipv6Tuple, Ipv6Family> test)
    {
        HashSet<uint> taken = [];
        while (test.Table->TryTakeSide(test.Memory.Slot(0), SideKind.Helper, out uint side))
        {
            Assert.True(taken.Add(side), $"record {side} was handed out twice");
        }

        return taken;
    }
}
