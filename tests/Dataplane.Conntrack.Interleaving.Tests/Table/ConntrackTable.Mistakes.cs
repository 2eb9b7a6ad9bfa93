namespace Dataplane.Conntrack;

/// <summary>Ways to insert wrongly.</summary>
internal enum InsertMistake
{
    /// <summary>A place's tag becomes visible before its reference.</summary>
    TagBeforeReference,

    /// <summary>The view is read before the locks are held.</summary>
    ViewBeforeLocks,

    /// <summary>The locks are taken in the order of the directions, not of their numbers.</summary>
    LocksUnordered,
}

/// <remarks>
/// Known to be wrong, each in one thing, and otherwise as like the real one as may be: the exploration must find every one of them. They
/// lack what the scenarios that catch them do not need (expired entries in the way, passes that leave something behind).
/// </remarks>
public unsafe partial struct ConntrackTable<TTuple>
{
    /// <summary>Moves a few buckets, and clears each place before it fills the new one.</summary>
    internal void MoveClearingFirst()
    {
        BucketView* view = View;
        uint count = view->Previous.Count;
        if (count == 0 || Shared.Acquire(ref _resize->Next) >= count)
        {
            return;
        }

        uint first = Shared.Add(ref _resize->Next, MoveBatch) - MoveBatch;
        for (uint number = first; number < first + MoveBatch && first < count; number++)
        {
            Bucket* from = view->Previous.Buckets + number;
            StripeLocks.Enter(_locks + (number & (StripeLocks.Count - 1)));
            for (int place = 0; place < Bucket.Places; place++)
            {
                EntryReference reference = new(from->References[place]);
                ulong hash = Hash(Entry<TTuple>.Tuple(EntryAt(reference.Index), reference.Direction));
                if (from->Tags[place] != 0 && view->Current.FindPlace(hash, null, -1, out Bucket* to, out int free))
                {
                    view->Previous.Withdraw(hash, from, place);
                    view->Current.Publish(hash, to, free, reference);
                }
            }

            StripeLocks.Exit(_locks + (number & (StripeLocks.Count - 1)));
        }

        if (first < count && Shared.Add(ref _resize->Done, MoveBatch) == count)
        {
            EndPass(view);
        }
    }

    /// <summary>Searches Current before Previous, and believes a miss.</summary>
    internal readonly EntryReference FindCurrentFirst(TTuple* tuple, ulong hash, uint nowSeconds)
    {
        BucketView* view = View;
        EntryReference found = FindIn(view->Current, tuple, hash, nowSeconds);
        return found.IsNone && view->Previous.Buckets != null ? FindIn(view->Previous, tuple, hash, nowSeconds) : found;
    }

    /// <summary>Searches in the right order, and believes a miss although the view may have changed meanwhile.</summary>
    internal readonly EntryReference FindOnce(TTuple* tuple, ulong hash, uint nowSeconds)
    {
        BucketView* view = View;
        EntryReference found = view->Previous.Buckets != null ? FindIn(view->Previous, tuple, hash, nowSeconds) : default;
        return found.IsNone ? FindIn(view->Current, tuple, hash, nowSeconds) : found;
    }

    /// <summary>Inserts one tuple under its lock, then the other under its own, and takes the first back if the second is there.</summary>
    internal InsertResult InsertTupleByTuple(WorkerSlot* worker, uint index, out EntryReference existing)
    {
        byte* entry = EntryAt(index);
        EntryHead* head = Entry<TTuple>.Head(entry);
        Shared.Point();
        head->State |= (uint)EntryFlags.Confirmed;
        Shared.Release(ref head->Generation, head->Generation + 1);
        for (Direction direction = Direction.Reply; ; direction = Direction.Original)
        {
            TTuple* tuple = Entry<TTuple>.Tuple(entry, direction);
            ulong hash = Hash(tuple);
            StripeLocks.EnterBoth(_locks, hash, hash);
            existing = FindAny(View, tuple, hash);
            if (existing.IsNone && View->Current.FindPlace(hash, null, -1, out Bucket* bucket, out int place))
            {
                View->Current.Publish(hash, bucket, place, new EntryReference(index, direction));
            }

            StripeLocks.ExitBoth(_locks, hash, hash);
            if (!existing.IsNone)
            {
                Shared.Release(ref head->Generation, head->Generation + 1);
                return direction == Direction.Reply ? InsertResult.ReplyExists : TakeBackReply(worker, index);
            }

            if (direction == Direction.Original)
            {
                worker->Counters.Insert++;
                worker->Unconfirmed--;
                return InsertResult.Inserted;
            }
        }
    }

    private readonly InsertResult TakeBackReply(WorkerSlot* worker, uint index)
    {
        ulong hash = Hash(Entry<TTuple>.Tuple(EntryAt(index), Direction.Reply));
        StripeLocks.EnterBoth(_locks, hash, hash);
        Unlink(View, hash, new EntryReference(index, Direction.Reply));
        StripeLocks.ExitBoth(_locks, hash, hash);
        worker->Counters.ClashResolve++;
        return InsertResult.OriginalExists;
    }

    /// <summary>Inserts with one mistake.</summary>
    internal InsertResult InsertMistaken(WorkerSlot* worker, uint index, InsertMistake mistake, out EntryReference existing)
    {
        byte* entry = EntryAt(index);
        TTuple* original = Entry<TTuple>.Tuple(entry, Direction.Original);
        TTuple* reply = Entry<TTuple>.Tuple(entry, Direction.Reply);
        BucketView* view = View;
        EnterMistaken(Hash(original), Hash(reply), mistake);
        view = mistake == InsertMistake.ViewBeforeLocks ? view : View;
        existing = FindAny(view, original, Hash(original));
        InsertResult result = existing.IsNone ? InsertResult.ReplyExists : InsertResult.OriginalExists;
        existing = existing.IsNone ? FindAny(view, reply, Hash(reply)) : existing;
        if (existing.IsNone)
        {
            EntryHead* head = Entry<TTuple>.Head(entry);
            Shared.Point();
            head->State |= (uint)EntryFlags.Confirmed;
            Shared.Release(ref head->Generation, head->Generation + 1);
            PublishMistaken(view, Hash(reply), new EntryReference(index, Direction.Reply), mistake);
            PublishMistaken(view, Hash(original), new EntryReference(index, Direction.Original), mistake);
            worker->Counters.Insert++;
            worker->Unconfirmed--;
            result = InsertResult.Inserted;
        }

        StripeLocks.ExitBoth(_locks, Hash(original), Hash(reply));
        return result;
    }

    private readonly void EnterMistaken(ulong originalHash, ulong replyHash, InsertMistake mistake)
    {
        if (mistake == InsertMistake.LocksUnordered && ((originalHash ^ replyHash) & (StripeLocks.Count - 1)) != 0)
        {
            StripeLocks.Enter(_locks + (originalHash & (StripeLocks.Count - 1)));
            StripeLocks.Enter(_locks + (replyHash & (StripeLocks.Count - 1)));
            return;
        }

        StripeLocks.EnterBoth(_locks, originalHash, replyHash);
    }

    private static void PublishMistaken(BucketView* view, ulong hash, EntryReference reference, InsertMistake mistake)
    {
        view->Current.FindPlace(hash, null, -1, out Bucket* bucket, out int place);
        if (mistake != InsertMistake.TagBeforeReference)
        {
            view->Current.Publish(hash, bucket, place, reference);
            return;
        }

        Shared.Release(ref bucket->Tags[place], TupleHash.Tag(hash));
        Shared.Release(ref bucket->References[place], reference.Value);
    }

    /// <summary>Takes back what was retired without asking whether somebody still looks at it.</summary>
    internal readonly void ReclaimHastily(WorkerSlot* worker)
    {
        worker->Retired.Seal(Quiescence);
        while (worker->Retired.TryTake(ulong.MaxValue, out uint index))
        {
            EntryHead* head = Entry<TTuple>.Head(EntryAt(index));
            Shared.Release(ref head->Generation, head->Generation + 1);
            Shared.Point();
            head->State = 0;
            _pool->Indexes.Return(&worker->Entries, index);
        }
    }

    /// <summary>Evicts an entry that was not assured when it was chosen, whatever it has become.</summary>
    internal bool EvictRegardless(WorkerSlot* worker, uint index, StateWord judged)
    {
        StateWord present = new(Shared.Acquire(ref Entry<TTuple>.Head(EntryAt(index))->State));
        return (judged.Flags & EntryFlags.Assured) == 0 && TryRemove(worker, index, present);
    }

    /// <summary>Copies a side record without a second look at the generation.</summary>
    internal readonly bool TryCopySideUnasked(byte* copy, SideKind kind, out SideRecord record)
    {
        SideRecord* found = FindSide(Entry<TTuple>.Head(copy)->Side, kind);
        record = found == null ? default : *found;
        return found != null;
    }
}
