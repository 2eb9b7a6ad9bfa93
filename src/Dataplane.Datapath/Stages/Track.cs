using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Threading;
using Dataplane.Conntrack;
using Dataplane.Datapath.SlowPath;
using Dataplane.Packet;

namespace Dataplane.Datapath.Stages;

/// <summary>What tracking decided about a packet of a known connection.</summary>
public enum TrackVerdict
{
    Forward,

    /// <summary>Invalid: <see cref="PacketMeta.Reason"/> says why.</summary>
    Drop,

    /// <summary>Its entry has gone or ended: the packet is looked at as a first one.</summary>
    Renew,
}

/// <summary>Fourth stage: the connection's state, windows, deadline and counters.</summary>
/// <remarks>
/// Three ways, by protocol. What has a direction and nothing else, UDP above all, takes one look into <see cref="WorkerContext.Effects"/>.
/// TCP's plain segments move the windows here (<see cref="TcpTracker.TryAdvance"/>). All other segments, SCTP and DCCP
/// are for <see cref="Judgement"/>.
/// <para>
/// With several workers a packet of these three takes its entry's lock (<see cref="TcpWindows.Enter"/>) for judgement, state and
/// counters at once: one locked instruction in place of one for each counter.
/// </para>
/// </remarks>
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
                    TFamily.Refuse(context, ref env, context->Burst[position], context->Metas + position);
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
        byte protocol = meta->Tuple.Protocol;
        if (protocol == IpProtocol.Tcp)
        {
            return Segment<TFamily, TTuple>(context, meta, entry, reference.Direction);
        }

        if (Judgement.Concerns(protocol))
        {
            return Judgement.One<TFamily, TTuple>(context, meta, entry, reference.Direction);
        }

        EntryHead* head = Entry<TTuple>.Head(entry);
        StateWord word = new(Volatile.Read(ref head->State));
        uint effect = context->Effects[Trackers.IndexOf(reference.Direction, Trackers.Plain, word.State)];
        Debug.Assert((int)effect >= 0, "a protocol without a tracker of its own allows every packet");
        if (!EntryHead.TryMove(head, word, Moved(context, word, effect, ConnectionState.None)))
        {
            return Contended<TFamily, TTuple>(context, meta, entry, reference.Direction);
        }

        Count<TTuple>(context, meta, entry, reference.Direction, isAlone: !context->IsShared);
        return TrackVerdict.Forward;
    }

    /// <summary>Counts a packet that was not tracked: the first one, or a fragment behind the first.</summary>
    public static void Account<TTuple>(WorkerContext* context, PacketMeta* meta, byte* entry, Direction direction)
        where TTuple : unmanaged
    {
        bool locks = context->IsShared && Judgement.Concerns(meta->Tuple.Protocol);
        ref TcpWindows windows = ref Entry<TTuple>.Tail(entry)->Windows;
        if (locks)
        {
            TcpWindows.Enter(ref windows);
        }

        Count<TTuple>(context, meta, entry, direction, isAlone: locks || !context->IsShared);
        if (locks)
        {
            TcpWindows.Exit(ref windows);
        }
    }

    /// <summary>Counts a packet.</summary>
    /// <param name="context">The worker's.</param>
    /// <param name="meta">Of the packet.</param>
    /// <param name="entry">Its connection's.</param>
    /// <param name="direction">Of the packet.</param>
    /// <param name="isAlone">Nobody else counts here now: there is one worker, or this one holds the entry's lock.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Count<TTuple>(WorkerContext* context, PacketMeta* meta, byte* entry, Direction direction, bool isAlone)
        where TTuple : unmanaged
    {
        if (!context->Plan->Accounting)
        {
            return;
        }

        ulong* packets = &Entry<TTuple>.Tail(entry)->PacketsOriginal + (int)direction;
        ulong* bytes = packets + 2;
        if (isAlone)
        {
            *packets += 1;
            *bytes += meta->L3LengthBytes;
        }
        else
        {
            Interlocked.Add(ref *packets, 1);
            Interlocked.Add(ref *bytes, meta->L3LengthBytes);
        }
    }

    /// <summary>The state word after a packet.</summary>
    /// <param name="context">The worker's.</param>
    /// <param name="word">Before it.</param>
    /// <param name="effect">The next state in bits 24-31, flags to set in the low 16.</param>
    /// <param name="cap">Whose timeout may shorten the state's; mostly none.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static StateWord Moved(WorkerContext* context, StateWord word, uint effect, ConnectionState cap)
    {
        uint timeout = context->Plan->Timeouts.Seconds(word.Policy, (ConnectionState)(effect >> 24), cap);
        ulong deadline = context->NowSeconds + 1 + timeout;
        return new StateWord(deadline << 32 | (word.Value & 0x00FF_FFFF) | effect);
    }

    /// <summary>A TCP segment: the plain one here, all others elsewhere.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TrackVerdict Segment<TFamily, TTuple>(WorkerContext* context, PacketMeta* meta, byte* entry, Direction direction)
        where TFamily : struct, IFamily<TTuple>
        where TTuple : unmanaged
    {
        EntryHead* head = Entry<TTuple>.Head(entry);
        ref TcpWindows windows = ref Entry<TTuple>.Tail(entry)->Windows;
        bool isShared = context->IsShared;
        if (isShared)
        {
            TcpWindows.Enter(ref windows);
        }

        StateWord word = new(Volatile.Read(ref head->State));
        if (word.State != ConnectionState.TcpEstablished
            || !TcpTracker.TryAdvance(ref windows, direction, (TcpHeader*)meta->L4, meta->PayloadBytes))
        {
            return Judgement.Locked<TFamily, TTuple>(context, meta, entry, direction);
        }

        uint effect = context->Effects[Trackers.IndexOf(direction, Trackers.Plain, ConnectionState.TcpEstablished)];
        ConnectionState cap = windows.IsUnacknowledged ? ConnectionState.TcpUnacknowledged : ConnectionState.None;
        if (!EntryHead.TryMove(head, word, Moved(context, word, effect, cap)))
        {
            return Judgement.Move<TFamily, TTuple>(context, meta, entry, direction, effect, cap);
        }

        Count<TTuple>(context, meta, entry, direction, isAlone: true);
        if (isShared)
        {
            TcpWindows.Exit(ref windows);
        }

        return TrackVerdict.Forward;
    }

    // Not inlined: another worker changed the same connection in the same instant.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static TrackVerdict Contended<TFamily, TTuple>(WorkerContext* context, PacketMeta* meta, byte* entry, Direction direction)
        where TFamily : struct, IFamily<TTuple>
        where TTuple : unmanaged
    {
        EntryHead* head = Entry<TTuple>.Head(entry);
        while (true)
        {
            StateWord word = new(Volatile.Read(ref head->State));
            if (!word.IsLive)
            {
                return TrackVerdict.Renew;
            }

            uint effect = context->Effects[Trackers.IndexOf(direction, Trackers.Plain, word.State)];
            if (EntryHead.TryMove(head, word, Moved(context, word, effect, ConnectionState.None)))
            {
                Count<TTuple>(context, meta, entry, direction, isAlone: !context->IsShared);
                return TrackVerdict.Forward;
            }
        }
    }
}
