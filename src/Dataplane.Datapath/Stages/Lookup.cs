using Dataplane.Conntrack;

namespace Dataplane.Datapath.Stages;

/// <summary>Third stage: the table's burst look-up over the packets of one family.</summary>
public static unsafe class Lookup
{
    /// <summary>Finds connections: what is found stays in <see cref="IFamily{TTuple}.Tracked"/>, the rest goes to the slow path.</summary>
    public static void Burst<TFamily, TTuple>(WorkerContext* context)
        where TFamily : struct, IFamily<TTuple>
        where TTuple : unmanaged
    {
        PositionList* tracked = TFamily.Tracked(context);
        int* positions = tracked->Positions;
        int count = tracked->Count;
        TrackedPackets<TFamily, TTuple> packets = new(context, positions);
        int found = TFamily.Table(context)->FindBurst(packets, count, context->NowSeconds, TFamily.Slot(context));
        context->Counters->Found += (uint)found;
        if (found < count)
        {
            Sort(context, tracked);
        }
    }

    /// <summary>Moves the packets without a connection to the slow path's list.</summary>
    private static void Sort(WorkerContext* context, PositionList* tracked)
    {
        int kept = 0;
        int slow = context->SlowCount;
        int* positions = tracked->Positions;
        for (int index = 0; index < tracked->Count; index++)
        {
            int position = positions[index];
            if (context->Metas[position].Reference != 0)
            {
                positions[kept++] = position;
            }
            else
            {
                context->Slow[slow++] = position;
            }
        }

        tracked->Count = kept;
        context->SlowCount = slow;
    }
}
