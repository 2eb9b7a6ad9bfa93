using System;
using System.Threading;

namespace Dataplane.Conntrack.Tests;

// Ways to write the table that are known to be wrong, each wrong in one thing only.

/// <summary>The moment between two steps that should have been one, made so long that whoever looks at all looks into it.</summary>
internal static class PlantedGap
{
    private const int SpinsPerSleep = 16;

    [ThreadStatic]
    private static int t_opened;

    public static void Open()
    {
        Thread.SpinWait(500);

        // With one processor for two workers a spin shows nothing to the other.
        if (++t_opened % SpinsPerSleep == 0)
        {
            Thread.Sleep(1);
        }
    }
}

/// <summary>Inserts the entry first and writes its rewrite afterwards.</summary>
internal sealed unsafe class PlantedPublishBeforeBuild<TTuple, TFamily> : ConcurrencyOperations<TTuple, TFamily>
    where TTuple : unmanaged
    where TFamily : ITupleFamily<TTuple>
{
    public override InsertResult Insert(
        TestTable<TTuple, TFamily> test, WorkerSlot* worker, uint index, uint nowSeconds, out EntryReference existing)
    {
        EntryHead* head = test.Head(index);
        uint rewrite = head->Rewrite;
        head->Rewrite = 0;
        InsertResult result = base.Insert(test, worker, index, nowSeconds, out existing);
        PlantedGap.Open();
        Volatile.Write(ref head->Rewrite, rewrite);
        return result;
    }
}

/// <summary>Takes back what was retired without asking whether somebody still looks at it.</summary>
internal sealed unsafe class PlantedHastyReclaim<TTuple, TFamily> : ConcurrencyOperations<TTuple, TFamily>
    where TTuple : unmanaged
    where TFamily : ITupleFamily<TTuple>
{
    public override void Reclaim(TestTable<TTuple, TFamily> test, WorkerSlot* worker)
    {
        worker->Retired.Seal(test.Table->Quiescence);
        while (worker->Retired.TryTake(ulong.MaxValue, out uint index))
        {
            test.Head(index)->Generation++;
            test.Head(index)->State = 0;
            test.Memory.Pool->Indexes.Return(&worker->Entries, index);
        }
    }
}

/// <summary>Looks for duplicates and fills the reply's place, lets go of the locks, and takes them again for the original's place.</summary>
internal sealed unsafe class PlantedUnlockBetween<TTuple, TFamily> : ConcurrencyOperations<TTuple, TFamily>
    where TTuple : unmanaged
    where TFamily : ITupleFamily<TTuple>
{
    public override InsertResult Insert(
        TestTable<TTuple, TFamily> test, WorkerSlot* worker, uint index, uint nowSeconds, out EntryReference existing)
    {
        TTuple original = test.Tuple(index, Direction.Original);
        TTuple reply = test.Tuple(index, Direction.Reply);
        int* locks = (int*)test.Private("_locks");
        StripeLocks.EnterBoth(locks, test.Hash(original), test.Hash(reply));
        existing = test.Find(original, nowSeconds, (int)worker->WorkerIndex);
        InsertResult result = existing.IsNone ? InsertResult.Inserted : InsertResult.OriginalExists;
        if (existing.IsNone)
        {
            existing = test.Find(reply, nowSeconds, (int)worker->WorkerIndex);
            result = existing.IsNone ? InsertResult.Inserted : InsertResult.ReplyExists;
        }

        if (result == InsertResult.Inserted)
        {
            test.Head(index)->State |= (uint)EntryFlags.Confirmed;
            Shared.Release(ref test.Head(index)->Generation, test.Head(index)->Generation + 1);
            Fill(test, reply, new EntryReference(index, Direction.Reply));
        }

        StripeLocks.ExitBoth(locks, test.Hash(original), test.Hash(reply));
        if (result == InsertResult.Inserted)
        {
            PlantedGap.Open();
            StripeLocks.EnterBoth(locks, test.Hash(original), test.Hash(reply));
            Fill(test, original, new EntryReference(index, Direction.Original));
            StripeLocks.ExitBoth(locks, test.Hash(original), test.Hash(reply));
            worker->Counters.Insert++;
            worker->Unconfirmed--;
        }

        return result;
    }

    private static void Fill(TestTable<TTuple, TFamily> test, TTuple tuple, EntryReference reference)
    {
        ulong hash = test.Hash(tuple);
        BucketArray array = test.Table->View->Current;
        if (!array.FindPlace(hash, null, -1, out Bucket* bucket, out int place))
        {
            throw new InvalidOperationException("the table of this run is nearly empty");
        }

        array.Publish(hash, bucket, place, reference);
    }
}

/// <summary>Takes any entry in the way for the connection itself, also if only the reply tuple is the same.</summary>
internal sealed unsafe class PlantedAdoptionByReply<TTuple, TFamily> : ConcurrencyOperations<TTuple, TFamily>
    where TTuple : unmanaged
    where TFamily : ITupleFamily<TTuple>
{
    public override InsertResult Insert(
        TestTable<TTuple, TFamily> test, WorkerSlot* worker, uint index, uint nowSeconds, out EntryReference existing)
    {
        InsertResult result = base.Insert(test, worker, index, nowSeconds, out existing);
        return result == InsertResult.ReplyExists ? InsertResult.OriginalExists : result;
    }
}

/// <summary>Stores the word with the new deadline in place of a compare-and-swap: a state that changed meanwhile changes back.</summary>
internal sealed unsafe class PlantedLateDeadline<TTuple, TFamily> : ConcurrencyOperations<TTuple, TFamily>
    where TTuple : unmanaged
    where TFamily : ITupleFamily<TTuple>
{
    public override bool TryRefresh(EntryHead* head, StateWord judged, StateWord next)
    {
        PlantedGap.Open();
        Shared.Release(ref head->State, next.Value);
        return true;
    }
}

/// <summary>Empties the old place of a moving connection before it fills the new one.</summary>
internal sealed unsafe class PlantedClearBeforeFill<TTuple, TFamily> : ConcurrencyOperations<TTuple, TFamily>
    where TTuple : unmanaged
    where TFamily : ITupleFamily<TTuple>
{
    public override void MoveStep(TestTable<TTuple, TFamily> test)
    {
        BucketView* view = test.Table->View;
        uint count = view->Previous.Count;
        if (count > 0)
        {
            // The batch that the table would move next; it then finds nothing left to do there.
            uint first = Volatile.Read(ref ((ResizeState*)test.Private("_resize"))->Next);
            for (uint number = first; number < first + ConntrackTable<TTuple>.MoveBatch && number < count; number++)
            {
                Move(test, view, number);
            }
        }

        base.MoveStep(test);
    }

    private static void Move(TestTable<TTuple, TFamily> test, BucketView* view, uint number)
    {
        Bucket* from = view->Previous.Buckets + number;
        int* word = (int*)test.Private("_locks") + (number & (StripeLocks.Count - 1));
        StripeLocks.Enter(word);
        for (int place = 0; place < Bucket.Places; place++)
        {
            EntryReference reference = new(from->References[place]);
            if (from->Tags[place] == 0)
            {
                continue;
            }

            ulong hash = test.Hash(test.Tuple(reference.Index, reference.Direction));
            if (view->Current.FindPlace(hash, null, -1, out Bucket* to, out int free))
            {
                view->Previous.Withdraw(hash, from, place);
                PlantedGap.Open();
                view->Current.Publish(hash, to, free, reference);
            }
        }

        StripeLocks.Exit(word);
    }
}
