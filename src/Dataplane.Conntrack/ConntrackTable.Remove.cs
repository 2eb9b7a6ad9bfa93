using System.Diagnostics;

namespace Dataplane.Conntrack;

public unsafe partial struct ConntrackTable<TTuple>
{
    /// <summary>Removes an entry if its state word is still the one that the caller judged.</summary>
    /// <returns>False when another worker changed the word first (the entry was refreshed, or somebody else removes
    /// it), or when too many
    /// entries of this worker wait for their grace period: some other worker has been away for long.</returns>
    /// <remarks>Takes both stripe locks; the caller holds none.</remarks>
    public bool TryRemove(WorkerSlot* worker, uint index, StateWord judged)
    {
        byte* entry = EntryAt(index);
        EntryHead* head = Entry<TTuple>.Head(entry);
        if (!judged.IsLive
            || worker->Retired.Room == 0
            || !Shared.Swap(ref head->State, judged.With(EntryFlags.Dying).Value, judged.Value))
        {
            return false;
        }

        ulong originalHash = Hash(Entry<TTuple>.Tuple(entry, Direction.Original));
        ulong replyHash = Hash(Entry<TTuple>.Tuple(entry, Direction.Reply));
        StripeLocks.EnterBoth(_locks, originalHash, replyHash);
        BucketView* view = View;
        Unlink(view, originalHash, new EntryReference(index, Direction.Original));
        Unlink(view, replyHash, new EntryReference(index, Direction.Reply));
        StripeLocks.ExitBoth(_locks, originalHash, replyHash);
        worker->Counters.Delete++;
        _pool->GiveCredits(worker, Entry<TTuple>.Zone(entry));
        worker->Retired.Add(index);
        return true;
    }

    /// <summary>Removes an entry to make room for another, unless a packet has made it worth keeping.</summary>
    /// <param name="worker">The calling worker's slot.</param>
    /// <param name="index">The victim.</param>
    /// <param name="judged">Its state word when it was chosen.</param>
    /// <returns>False when the entry is assured, or when a packet changed it since it was chosen: between an eviction and the packet that
    /// assures a connection the packet wins.</returns>
    public bool TryEvict(WorkerSlot* worker, uint index, StateWord judged)
    {
        if ((judged.Flags & EntryFlags.Assured) != 0 || !TryRemove(worker, index, judged))
        {
            return false;
        }

        worker->Counters.EarlyDrop++;
        return true;
    }

    private static void Unlink(BucketView* view, ulong hash, EntryReference reference)
    {
        if (view->Previous.Buckets != null && view->Previous.FindReference(hash, reference, out Bucket* bucket, out int place))
        {
            view->Previous.Withdraw(hash, bucket, place);
        }
        else if (view->Current.FindReference(hash, reference, out bucket, out place))
        {
            view->Current.Withdraw(hash, bucket, place);
        }
        else
        {
            // The remover owns the entry and holds its locks: a missing place means that the table is corrupt.
            System.Environment.FailFast($"connection table: entry {reference.Index} has no {reference.Direction} place");
            throw new UnreachableException();
        }
    }
}
