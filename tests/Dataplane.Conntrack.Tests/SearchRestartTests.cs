using System;
using System.Diagnostics;
using System.Threading;
using Dataplane.Packet;
using Xunit;

namespace Dataplane.Conntrack.Tests;

/// <summary>A search that finds nothing while the view of the table changes under it begins again, and is counted.</summary>
[Collection(nameof(ConcurrencyCollection))]
public sealed unsafe class SearchRestartTests
{
    private const uint Locks = (uint)StripeLocks.Count;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    [Fact]
    public void A_search_that_a_resize_overtook_begins_again_and_is_counted()
    {
        using TestTable<Ipv4Tuple, Ipv4Family> test = new(new ConntrackSize(100, 2, false) { Buckets = Locks, Seed = 6 });
        uint index = test.Insert(1);
        test.Table->Quiescence->GoOnline(1);
        test.Table->Quiescence->GoOnline(0);
        bool isOver = false;
        long searches = 0;
        long lost = 0;
        long invented = 0;
        Thread reader = new(() =>
        {
            while (!Volatile.Read(ref isOver))
            {
                invented += test.Find(Ipv4Family.Numbered(2), worker: 1).IsNone ? 0 : 1;
                lost += test.Find(Ipv4Family.Numbered(1), worker: 1).Index == index ? 0 : 1;
                searches += 2;
                test.Table->Quiescence->Quiescent(1);
            }

            test.Table->Quiescence->GoOffline(1);
        });
        reader.Start();
        Stopwatch clock = Stopwatch.StartNew();
        try
        {
            for (uint round = 0; Restarts(test) < 10 && clock.Elapsed < s_patience; round++)
            {
                Assert.Equal(ResizeStart.Begun, test.Memory.Begin(round % 2 == 0 ? 2 * Locks : Locks));
                test.MoveAll();
                while (!test.Memory.FinishResize())
                {
                    test.Table->Quiescence->Quiescent(0);
                    Thread.Yield();
                }
            }
        }
        finally
        {
            Volatile.Write(ref isOver, true);
            reader.Join();
        }

        Assert.True(Restarts(test) >= 10, $"{Restarts(test)} restarts in {searches} searches over {test.Memory.Resizes} resizes");
        Assert.Equal(0ul, test.Memory.Slot(0)->Counters.SearchRestart);
        Assert.True((long)Restarts(test) < searches);
        Assert.Equal(0, lost);
        Assert.Equal(0, invented);
    }

    [Fact]
    public void A_search_in_a_table_at_rest_or_in_the_middle_of_a_resize_is_made_once()
    {
        using TestTable<Ipv4Tuple, Ipv4Family> test = new(new ConntrackSize(100, 1, false) { Buckets = Locks, Seed = 6 });
        test.Insert(1);
        Assert.True(test.Find(Ipv4Family.Numbered(2)).IsNone);
        Assert.Equal(ResizeStart.Begun, test.Memory.Begin(2 * Locks));
        do
        {
            Assert.True(test.Find(Ipv4Family.Numbered(2)).IsNone);
            Assert.False(test.Find(Ipv4Family.Numbered(1)).IsNone);
        }
        while (test.Table->MoveStep() != 0);
        Assert.Equal(0ul, test.Memory.Counters().SearchRestart);
    }

    private static ulong Restarts(TestTable<Ipv4Tuple, Ipv4Family> test) => Volatile.Read(ref test.Memory.Slot(1)->Counters.SearchRestart);
}
