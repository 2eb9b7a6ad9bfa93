using System.Collections.Generic;
using Xunit;

namespace Dataplane.Conntrack.Tests;

/// <summary>What must hold when a run's threads have ended: first with the connections that are left, then without any.</summary>
internal static unsafe class ConcurrencyAudit<TTuple, TFamily>
    where TTuple : unmanaged
    where TFamily : ITupleFamily<TTuple>
{
    public static void Check(ConcurrencyRun<TTuple, TFamily> run)
    {
        run.Test.AssertConsistent();
        Assert.Equal(0, run.Test.Memory.UnconfirmedCount());
        CheckLedger(run);
        CheckRacers(run);
        RemoveAll(run.Test);
        FinishResize(run.Test);
        CheckEmpty(run.Test);
        CheckCredits(run.Test);
        CheckIndexes(&run.Test.Memory.Pool->Indexes, run.Test.Memory.EntryCount, run.Test, isSide: false);
        uint sides = 1 + run.Test.Memory.Size.SideRecords + ConcurrencyRun<TTuple, TFamily>.Workers * IndexCache.Capacity;
        CheckIndexes((IndexPool*)run.Test.Private("_sidePool"), sides, run.Test, isSide: true);
    }

    private static void CheckLedger(ConcurrencyRun<TTuple, TFamily> run)
    {
        for (uint number = 0; number < run.Setup.Owned; number++)
        {
            LedgerWord line = run.Ledger[number];
            EntryReference original = run.Test.Find(run.Original(number), run.Clock);
            EntryReference reply = run.Test.Find(run.Reply(number), run.Clock);
            Assert.Equal(original.Index, reply.Index);
            if (line.Phase == Phase.Dead)
            {
                Assert.True(original.IsNone, $"dead connection {number} is in the table");
            }
            else if (line.Phase != Phase.Unsure && run.Clock < run.Ledger.NotBefore(number, line.Version))
            {
                Assert.Equal(new EntryReference(line.Index, Direction.Original), original);
                Assert.Equal(new EntryReference(line.Index, Direction.Reply), reply);
            }
        }
    }

    private static void CheckRacers(ConcurrencyRun<TTuple, TFamily> run)
    {
        for (uint racer = 0; racer < run.Setup.Racing; racer++)
        {
            Assert.Equal(run.RacingOriginalsOpen[racer] == 0, run.Test.Find(run.Original(run.Setup.Owned + racer)).IsNone);
        }

        for (uint choice = 0; choice < ConcurrencySetup.RacingReplies; choice++)
        {
            Assert.Equal(run.RacingRepliesOpen[choice] == 0, run.Test.Find(run.RacingReply(choice)).IsNone);
        }
    }

    /// <summary>Removes whatever an arena walk shows alive; the table counts as many.</summary>
    private static void RemoveAll(TestTable<TTuple, TFamily> test)
    {
        for (uint index = 1; index < test.Memory.EntryCount; index++)
        {
            int worker = (int)(index % ConcurrencyRun<TTuple, TFamily>.Workers);
            if (test.Memory.Slot(worker)->Retired.Room == 0)
            {
                test.QuiesceAll();
            }

            if (test.Word(index).IsLive)
            {
                Assert.True(test.Remove(index, worker));
            }
        }
    }

    private static void FinishResize(TestTable<TTuple, TFamily> test)
    {
        test.QuiesceAll();
        test.MoveAll();
        test.QuiesceAll();
        Assert.True(test.Memory.FinishResize());
    }

    private static void CheckEmpty(TestTable<TTuple, TFamily> test)
    {
        test.AssertConsistent();
        Assert.Equal(0, test.Memory.Count());
        Assert.Equal(0, test.Memory.DyingCount());
        Assert.Equal(0, test.OccupiedPlaces());
        for (uint bucket = 0; bucket < test.Memory.BucketCount; bucket++)
        {
            Assert.Equal(0, test.Buckets[bucket].Overflowed);
        }
    }

    private static void CheckCredits(TestTable<TTuple, TFamily> test)
    {
        LimitTable* limits = test.Memory.Pool->Limits;
        long left = limits->Global.Left;
        for (int worker = 0; worker < ConcurrencyRun<TTuple, TFamily>.Workers; worker++)
        {
            left += test.Memory.Slot(worker)->Credits;
        }

        Assert.Equal(limits->Global.Max, left);
        for (int number = 0; number < limits->ZoneCount; number++)
        {
            left = limits->Zones[number].Left;
            for (int worker = 0; worker < ConcurrencyRun<TTuple, TFamily>.Workers; worker++)
            {
                left += test.Memory.Slot(worker)->Zones[number].Credits;
            }

            Assert.Equal(limits->Zones[number].Max, left);
        }
    }

    /// <summary>Every index from 1 on is free, once: in a worker's cache or in the pool's stack.</summary>
    private static void CheckIndexes(IndexPool* pool, uint count, TestTable<TTuple, TFamily> test, bool isSide)
    {
        // By the layout that IndexPool documents.
        List<uint> free = [];
        uint* stack = *(uint**)((byte*)pool + 8);
        for (uint place = 0; place < *(uint*)((byte*)pool + 4); place++)
        {
            free.Add(stack[place]);
        }

        for (int worker = 0; worker < ConcurrencyRun<TTuple, TFamily>.Workers; worker++)
        {
            WorkerSlot* slot = test.Memory.Slot(worker);
            IndexCache cache = isSide ? slot->Sides : slot->Entries;
            for (int place = 0; place < cache.Count; place++)
            {
                free.Add(cache.Indexes[place]);
            }
        }

        free.Sort();
        for (int place = 0; place < free.Count; place++)
        {
            Assert.Equal((uint)place + 1, free[place]);
        }

        Assert.Equal(count - 1, (uint)free.Count);
    }
}
