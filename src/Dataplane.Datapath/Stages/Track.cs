using System.Runtime.CompilerServices;
using System.Threading;
using Dataplane.Conntrack;
using Dataplane.Packet;

namespace Dataplane.Datapath.Stages;

/// <summary>What tracking decided about a packet of a known connection.</summary>
public enum TrackVerdict
{
    Forward,
    Drop,

    /// <summary>Its entry has gone or ended: the packet is looked at as a first one.</summary>
    Renew,
}

/// <summary>Fourth stage: the connection's state, deadline and counters.</summary>
public static unsafe class Track
{
    /// <summary>Moves the connection of every packet that was found; drops what its state does not allow.</summary>
    public static void Burst<TFamily, TTuple, TEnv>(WorkerContext* context, ref TEnv env)
        where TFamily : struct, IFamily<TTuple>
        where TTuple : unmanaged
        where TEnv : struct, IEnvironment
    {
        PositionList* tracked = TFamily.Tracked(context);
        int kept = 0;
        int slow = context->SlowCount;
        for (int index = 0; index < tracked->Count; index++)
        {
            int position = tracked->Positions[index];
            switch (One<TFamily, TTuple>(context, context->Metas + position))
            {
                case TrackVerdict.Forward:
                    tracked->Positions[kept++] = position;
                    break;
                case TrackVerdict.Drop:
                    PacketSink.Drop(context, ref env, context->Burst[position], DropReason.TcpStateInvalid);
                    break;
                default:
                    context->Slow[slow++] = position;
                    break;
            }
        }

        tracked->Count = kept;
        context->SlowCount = slow;
    }

    /// <summary>One packet of a known connection.</summary>
    /// <remarks>
    /// Inlined into the pass. The state word is swapped only if the packet changed it: in an established connection that is
    /// once a second, when the deadline's second moves on.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TrackVerdict One<TFamily, TTuple>(WorkerContext* context, PacketMeta* meta)
        where TFamily : struct, IFamily<TTuple>
        where TTuple : unmanaged
    {
        EntryReference reference = new(meta->Reference);
        byte* entry = TFamily.Table(context)->EntryAt(reference.Index);
        EntryHead* head = Entry<TTuple>.Head(entry);
        StateWord word = new(Volatile.Read(ref head->State));
        int row = Trackers.IndexOf(reference.Direction, Trackers.ClassOf(meta->TcpFlags), 0);
        uint effect = context->Effects[row + (int)word.State];
        if ((int)effect >= 0)
        {
            if (!EntryHead.TryMove(head, word, Moved(context, word, effect)))
            {
                return Contended<TFamily, TTuple>(context, meta, entry, row);
            }
        }
        else if (effect >> 24 != Trackers.Keep)
        {
            return Ended<TFamily, TTuple>(context, reference.Index, word, effect >> 24);
        }

        Account<TTuple>(context, meta, entry, reference.Direction);
        return TrackVerdict.Forward;
    }

    /// <summary>Counts a packet; atomic when several workers may count at once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Account<TTuple>(WorkerContext* context, PacketMeta* meta, byte* entry, Direction direction)
        where TTuple : unmanaged
    {
        if (!context->Plan->Accounting)
        {
            return;
        }

        ulong* packets = &Entry<TTuple>.Tail(entry)->PacketsOriginal + (int)direction;
        ulong* bytes = packets + 2;
        if (context->IsShared)
        {
            Interlocked.Add(ref *packets, 1);
            Interlocked.Add(ref *bytes, meta->L3LengthBytes);
        }
        else
        {
            *packets += 1;
            *bytes += meta->L3LengthBytes;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static StateWord Moved(WorkerContext* context, StateWord word, uint effect)
    {
        ulong deadline = context->NowSeconds + 1 + context->Plan->Timeouts.Seconds(word.Policy, (ConnectionState)(effect >> 24));
        return new StateWord(deadline << 32 | (word.Value & 0x00FF_FFFF) | effect);
    }

    // Not inlined: another worker changed the same connection in the same instant.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static TrackVerdict Contended<TFamily, TTuple>(WorkerContext* context, PacketMeta* meta, byte* entry, int row)
        where TFamily : struct, IFamily<TTuple>
        where TTuple : unmanaged
    {
        EntryReference reference = new(meta->Reference);
        EntryHead* head = Entry<TTuple>.Head(entry);
        while (true)
        {
            StateWord word = new(Volatile.Read(ref head->State));
            if (!word.IsLive)
            {
                return TrackVerdict.Renew;
            }

            uint effect = context->Effects[row + (int)word.State];
            uint next = effect >> 24;
            if (next is Trackers.Invalid or Trackers.Reopen)
            {
                return Ended<TFamily, TTuple>(context, reference.Index, word, next);
            }

            if (next == Trackers.Keep || EntryHead.TryMove(head, word, Moved(context, word, effect)))
            {
                Account<TTuple>(context, meta, entry, reference.Direction);
                return TrackVerdict.Forward;
            }
        }
    }

    // Not inlined: refused segments and reused tuples.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static TrackVerdict Ended<TFamily, TTuple>(WorkerContext* context, uint index, StateWord word, uint verdict)
        where TFamily : struct, IFamily<TTuple>
        where TTuple : unmanaged
    {
        if (verdict != Trackers.Reopen)
        {
            return TrackVerdict.Drop;
        }

        // Whoever wins the removal, the packet is looked up again; a loser then finds the winner's new entry.
        TFamily.Table(context)->TryRemove(TFamily.Slot(context), index, word);
        return TrackVerdict.Renew;
    }
}
