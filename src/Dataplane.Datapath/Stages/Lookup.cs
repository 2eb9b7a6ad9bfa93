using Dataplane.Conntrack;
using Dataplane.Packet;

namespace Dataplane.Datapath.Stages;

/// <summary>Third stage, in passes over the burst: tags, then keys; each pass asks for the lines of the next.</summary>
public static unsafe class Lookup
{
    /// <summary>Compares tags in every packet's bucket and asks for the candidate's entry.</summary>
    public static void Match<TFamily, TTuple>(WorkerContext* context)
        where TFamily : struct, IFamily<TTuple>
        where TTuple : unmanaged
    {
        ConntrackTable<TTuple>* table = TFamily.Table(context);
        BucketView* view = table->View;
        BucketArray current = view->Current;
        BucketArray previous = view->Previous;
        byte* entries = table->Entries;
        bool accounting = context->Plan->Accounting;
        PacketMeta* metas = context->Metas;
        int* tracked = TFamily.Tracked(context)->Positions;
        int count = TFamily.Tracked(context)->Count;
        for (int index = 0; index < count; index++)
        {
            PacketMeta* meta = metas + tracked[index];
            EntryReference reference = current.Candidate(meta->Hash);
            if (reference.IsNone && previous.Buckets != null)
            {
                reference = previous.Candidate(meta->Hash);
            }

            meta->Reference = reference.Value;
            byte* entry = entries + (nuint)reference.Index * (nuint)Entry<TTuple>.SizeBytes;
            ConntrackTable<TTuple>.Prefetch(entry);
            if (Entry<TTuple>.HeadOffset >= 64)
            {
                // Longer tuples: the head is on the second line.
                ConntrackTable<TTuple>.Prefetch(Entry<TTuple>.Head(entry));
            }

            if (accounting)
            {
                ConntrackTable<TTuple>.Prefetch(Entry<TTuple>.Tail(entry));
            }
        }
    }

    /// <summary>Compares keys: what is found stays in <see cref="WorkerContext.Tracked"/>, the rest goes to the slow
    /// path.</summary>
    public static void Compare<TFamily, TTuple>(WorkerContext* context)
        where TFamily : struct, IFamily<TTuple>
        where TTuple : unmanaged
    {
        ConntrackTable<TTuple>* table = TFamily.Table(context);
        uint now = context->NowSeconds;
        int kept = 0;
        int slow = context->SlowCount;
        PacketMeta* metas = context->Metas;
        int* tracked = TFamily.Tracked(context)->Positions;
        int count = TFamily.Tracked(context)->Count;
        for (int index = 0; index < count; index++)
        {
            int position = tracked[index];
            PacketMeta* meta = metas + position;
            EntryReference reference = new(meta->Reference);

            // A candidate that is not the one (a tag in common, an expired entry, or none) takes the complete search there.
            if (!reference.IsNone && table->IsLiveMatch(reference, TFamily.Tuple(context, meta), now))
            {
                tracked[kept++] = position;
            }
            else
            {
                context->Slow[slow++] = position;
            }
        }

        context->Counters->Found += (uint)kept;
        TFamily.Tracked(context)->Count = kept;
        context->SlowCount = slow;
    }
}
