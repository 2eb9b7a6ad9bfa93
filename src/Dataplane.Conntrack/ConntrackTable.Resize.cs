using System.Runtime.CompilerServices;

namespace Dataplane.Conntrack;

/// <remarks>
/// <para><b>Resizing.</b> The control thread publishes a view with the new, empty array as Current and the old one as Previous. From
/// then on new connections go to Current, duplicates and removals look in both, and workers empty Previous a few buckets at a
/// time. When a whole pass left nothing behind, the worker that finished last publishes a view without Previous; its memory is given
/// back after a grace period, and only then may the next resize begin.</para>
/// <para><b>Writers</b> read the view after they have their locks. A bucket and all that its connections can move to have one
/// lock, so whatever one holder of it did under an older view, the next finds: in Previous until the stripe's buckets are
/// emptied under the same lock, in Current from then on. No publication needs more than the locks already held.</para>
/// <para><b>Readers</b> search Previous first, then Current; a burst (<see cref="FindBurst"/>) searches Current and then, one by one and
/// in that order, for whatever it has not found. A move fills the new place before it clears the old one, so a reader
/// that found the old place cleared loads the new one later and sees it filled: x86-64 keeps stores in order and loads in order, and
/// elsewhere the release stores and acquire loads say the same. A reader that copied the view before a publication can miss what moved
/// on from there: it sees, after the miss, that the view is another one, and searches again. A hit needs no such check:
/// a place names an entry, and the entry's key and state word decide.</para>
/// <para><b>No room.</b> A connection whose probe sequence is full in Current stays in Previous, where it is found as ever, and the
/// pass is repeated until connections have ended and there is room. The number of buckets is refused where this would be likely.</para>
/// </remarks>
public unsafe partial struct ConntrackTable<TTuple>
{
#if TWO_LOCKS
    /// <summary>Few enough that a table of four buckets is moved in two steps.</summary>
    public const uint MoveBatch = 2;
#elif FEW_LOCKS
    /// <summary>The least number of buckets, which every number of buckets is a multiple of.</summary>
    public const uint MoveBatch = 8;
#else
    /// <summary>Buckets moved at once, 128 places: the longest step of a worker, about 10 µs.</summary>
    public const uint MoveBatch = 16;
#endif

    /// <summary>Whether buckets are being moved.</summary>
    public readonly bool IsResizing
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => View->Previous.Buckets != null;
    }

    /// <summary>Makes <paramref name="next"/> the table's buckets; workers move what is in the present ones by
    /// <see cref="MoveStep"/>.</summary>
    /// <remarks>Called by one thread, never before <see cref="HasForgottenPrevious"/>.</remarks>
    internal void BeginResize(BucketArray next)
    {
        Shared.Point();
        _resize->Next = 0;
        _resize->Done = 0;
        _resize->Left = 0;
        _resize->Passes = 0;
        Shared.Release(ref _resize->EndEpoch, 0);
        Publish(next, View->Current);
    }

    /// <summary>Whether no resize runs and no worker can have a bucket of the last one's old array in hand.</summary>
    internal readonly bool HasForgottenPrevious()
    {
        ulong epoch = Shared.Acquire(ref _resize->EndEpoch);
        return !IsResizing && epoch != 0 && Quiescence->OldestSeen() >= epoch;
    }

    /// <summary>Moves a few buckets, if a resize runs; once per poll by every worker.</summary>
    /// <returns>Buckets moved.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint MoveStep() => IsResizing ? MoveClaimed() : 0;

    // Not inlined: most polls find no resize.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private uint MoveClaimed()
    {
        BucketView* view = View;
        uint count = view->Previous.Count;
        if (count == 0 || Shared.Acquire(ref _resize->Next) >= count)
        {
            return 0;
        }

        uint first = Shared.Add(ref _resize->Next, MoveBatch) - MoveBatch;
        if (first >= count)
        {
            return 0;
        }

        PrefetchMoves(view, first);
        uint left = 0;
        for (uint number = first; number < first + MoveBatch; number++)
        {
            left += Move(view, number);
        }

        if (left > 0)
        {
            Shared.Add(ref _resize->Left, left);
        }

        if (Shared.Add(ref _resize->Done, MoveBatch) == count)
        {
            EndPass(view);
        }

        return MoveBatch;
    }

    /// <summary>Moves one bucket's connections; what stays behind is counted.</summary>
    private readonly uint Move(BucketView* view, uint number)
    {
        Bucket* from = view->Previous.Buckets + number;
        uint left = 0;
        int* word = _locks + (number & (StripeLocks.Count - 1));
        StripeLocks.Enter(word);
        for (int place = 0; place < Bucket.Places; place++)
        {
            Shared.Point();
            if (from->Tags[place] == 0)
            {
                continue;
            }

            // Linked under this lock, so the entry's tuples hold still.
            Shared.Point();
            EntryReference reference = new(from->References[place]);
            ulong hash = Hash(Entry<TTuple>.Tuple(EntryAt(reference.Index), reference.Direction));
            if (view->Current.FindPlace(hash, null, -1, out Bucket* to, out int free))
            {
                view->Current.Publish(hash, to, free, reference);
                view->Previous.Withdraw(hash, from, place);
            }
            else
            {
                left++;
            }
        }

        StripeLocks.Exit(word);
        return left;
    }

    /// <summary>Asks for the entries of a batch and for the buckets that they move to.</summary>
    private readonly void PrefetchMoves(BucketView* view, uint first)
    {
        // A bucket is dealt out to as many as the table grows by; beyond a few, most of them get nothing.
        ulong growth = System.Math.Clamp((view->Current.Mask + 1) / (view->Previous.Mask + 1), 1, 4);
        for (uint number = first; number < first + MoveBatch; number++)
        {
            // Without a lock these are hints: whatever an index names is within the arena.
            Bucket* bucket = view->Previous.Buckets + number;
            for (int place = 0; place < Bucket.Places; place++)
            {
                if (bucket->Tags[place] != 0)
                {
                    Prefetch(EntryAt(bucket->References[place] >> 1));
                }
            }

            ulong target = number & view->Current.Mask;
            for (ulong part = 0; part < growth; part++)
            {
                Prefetch(view->Current.Buckets + target + part * (view->Previous.Mask + 1));
            }
        }
    }

    /// <summary>The last worker of a pass ends the resize, or begins another pass for what was left.</summary>
    private void EndPass(BucketView* view)
    {
        Shared.Point();
        _resize->Passes++;
        if (_resize->Left == 0)
        {
            Publish(view->Current, default);
            _resize->Resizes++;
            Shared.Release(ref _resize->EndEpoch, Quiescence->Advance());
            return;
        }

        // Everybody else waits for Next to fall below the count, so it is written last.
        Shared.Point();
        _resize->Left = 0;
        _resize->Done = 0;
        Shared.Release(ref _resize->Next, 0);
    }

    private void Publish(BucketArray current, BucketArray previous)
    {
        ulong number = _view == null ? 0 : _view->Number + 1;
        BucketView* view = ResizeState.View(_resize, number);
        Shared.Point();
        view->Current = current;
        view->Previous = previous;
        view->Number = number;
        fixed (BucketView** slot = &_view)
        {
            Shared.Release((void**)slot, view);
        }
    }
}
