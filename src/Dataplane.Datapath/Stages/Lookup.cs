using Dataplane.Conntrack;
using Dataplane.Packet;

namespace Dataplane.Datapath.Stages;

/// <summary>Third stage, in passes over the burst: tags, then keys; each pass asks for the lines of the next.</summary>
public static unsafe class Lookup
{
    /// <summary>Compares tags in every packet's bucket and asks for the candidate's entry.</summary>
    public static void Match(WorkerContext* context)
    {
        ConntrackTable<Ipv4Tuple>* table = context->Table;
        BucketView* view = table->View;
        BucketArray current = view->Current;
        BucketArray previous = view->Previous;
        byte* entries = table->Entries;
        bool accounting = context->Plan->Accounting;
        PacketMeta* metas = context->Metas;
        int* tracked = context->Tracked;
        int count = context->TrackedCount;
        for (int index = 0; index < count; index++)
        {
            PacketMeta* meta = metas + tracked[index];
            EntryReference reference = current.Candidate(meta->Hash);
            if (reference.IsNone && previous.Buckets != null)
            {
                reference = previous.Candidate(meta->Hash);
            }

            meta->Reference = reference.Value;
            byte* entry = entries + (nuint)reference.Index * (nuint)Entry<Ipv4Tuple>.SizeBytes;
            ConntrackTable<Ipv4Tuple>.Prefetch(entry);
            if (accounting)
            {
                ConntrackTable<Ipv4Tuple>.Prefetch(Entry<Ipv4Tuple>.Tail(entry));
            }
        }
    }

    /// <summary>Compares keys: what is found stays in <see cref="WorkerContext.Tracked"/>, the rest goes to the slow
    /// path.</summary>
    public static void Compare(WorkerContext* context)
    {
        ConntrackTable<Ipv4Tuple> table = *context->Table;
        uint now = context->NowSeconds;
        int kept = 0;
        int slow = context->SlowCount;
        PacketMeta* metas = context->Metas;
        int* tracked = context->Tracked;
        int count = context->TrackedCount;
        for (int index = 0; index < count; index++)
        {
            int position = tracked[index];
            PacketMeta* meta = metas + position;
            EntryReference reference = new(meta->Reference);

            // A candidate that is not the one (a tag in common, an expired entry, or none) takes the complete search there.
            if (!reference.IsNone && table.IsLiveMatch(reference, &meta->Tuple, now))
            {
                tracked[kept++] = position;
            }
            else
            {
                context->Slow[slow++] = position;
            }
        }

        context->Counters->Found += (uint)kept;
        context->TrackedCount = kept;
        context->SlowCount = slow;
    }
}
