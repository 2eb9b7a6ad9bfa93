using System.Runtime.CompilerServices;
using System.Threading;
using Dataplane.Conntrack;
using Dataplane.Packet;

namespace Dataplane.Datapath.Stages;

/// <summary>Packets that a tracker of their own judges: SCTP, DCCP, and every TCP segment but the plain one.</summary>
public static unsafe class Judgement
{
    /// <summary>Whether a protocol has a tracker of its own. With several workers its packets are judged and counted under their
    /// entry's lock.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Concerns(byte protocol) => protocol is IpProtocol.Tcp or IpProtocol.Sctp or IpProtocol.Dccp;

    /// <summary>Judges a packet, moves its connection and counts it.</summary>
    // Not inlined: rare protocols, whose code the pass over a burst does without.
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static TrackVerdict One<TFamily, TTuple>(WorkerContext* context, PacketMeta* meta, byte* entry, Direction direction)
        where TFamily : struct, IFamily<TTuple>
        where TTuple : unmanaged
    {
        if (context->IsShared)
        {
            TcpWindows.Enter(ref Entry<TTuple>.Tail(entry)->Windows);
        }

        return Locked<TFamily, TTuple>(context, meta, entry, direction);
    }

    /// <summary>The same with the entry's lock, if there are several workers, already held; gives it back.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static TrackVerdict Locked<TFamily, TTuple>(WorkerContext* context, PacketMeta* meta, byte* entry, Direction direction)
        where TFamily : struct, IFamily<TTuple>
        where TTuple : unmanaged
    {
        EntryHead* head = Entry<TTuple>.Head(entry);
        StateWord word = new(Volatile.Read(ref head->State));
        TrackerVerdict verdict = IsForeignRestart(context, meta, head, word.State, direction) ? TrackerVerdict.Keep
            : IsReopening(meta, head, word.State, direction) ? TrackerVerdict.Reopen
            : Judge(context, meta, ref Entry<TTuple>.Tail(entry)->Windows, word.State, direction);
        if (verdict.Effect < Trackers.Invalid)
        {
            EntryFlags flags = Trackers.FlagsOf((ConnectionState)verdict.Effect, direction);
            return Move<TFamily, TTuple>(context, meta, entry, direction, (uint)verdict.Effect << 24 | (uint)flags, verdict.Cap);
        }

        if (verdict.IsForwarded)
        {
            Track.Count<TTuple>(context, meta, entry, direction, isAlone: true);
            Unlock<TTuple>(context, entry);
            return TrackVerdict.Forward;
        }

        Unlock<TTuple>(context, entry);
        if (verdict.Effect == Trackers.Reopen)
        {
            // Whoever wins the removal, the packet is looked up again; a loser then finds the winner's new entry.
            TFamily.Table(context)->TryRemove(TFamily.Slot(context), new EntryReference(meta->Reference).Index, word);
            return TrackVerdict.Renew;
        }

        meta->Reason = verdict.Reason;
        return TrackVerdict.Drop;
    }

    /// <summary>Swaps the state word for what an accepted packet makes of it, counts the packet and gives the lock back.</summary>
    /// <remarks>
    /// What was judged under the lock stands whoever else changes the word: nobody moves the state without the lock, and a
    /// removal, or a changed timeout, has nothing to do with the segment.
    /// </remarks>
    // Not inlined: TCP's plain segment swaps in the pass, and comes here only when that failed.
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static TrackVerdict Move<TFamily, TTuple>(
        WorkerContext* context, PacketMeta* meta, byte* entry, Direction direction, uint effect, ConnectionState cap)
        where TFamily : struct, IFamily<TTuple>
        where TTuple : unmanaged
    {
        EntryHead* head = Entry<TTuple>.Head(entry);
        while (true)
        {
            StateWord word = new(Volatile.Read(ref head->State));
            if (!word.IsLive)
            {
                Unlock<TTuple>(context, entry);
                return TrackVerdict.Renew;
            }

            if (EntryHead.TryMove(head, word, Track.Moved(context, word, effect, cap)))
            {
                Track.Count<TTuple>(context, meta, entry, direction, isAlone: true);
                Unlock<TTuple>(context, entry);
                return TrackVerdict.Forward;
            }
        }
    }

    private static TrackerVerdict Judge(
        WorkerContext* context, PacketMeta* meta, ref TcpWindows windows, ConnectionState state, Direction direction) =>
        meta->Tuple.Protocol switch
        {
            IpProtocol.Tcp => TcpTracker.Judge(
                ref windows, state, direction, TcpSegment.Read((TcpHeader*)meta->L4, meta->PayloadBytes), context->Plan->Tcp),
            IpProtocol.Sctp => SctpTracker.Judge(
                ref SctpTags.Of(ref windows), state, direction, (SctpHeader*)meta->L4, meta->L4LengthBytes,
                isWhole: meta->Fragment == FragmentPart.Whole),
            _ => DccpTracker.Judge(state, direction, (DccpHeader*)meta->L4),
        };

    /// <summary>A SYN of the opener on a live connection that did not come from where the opener is reached.</summary>
    /// <remarks>
    /// It passes, as any SYN there, but is not remembered: it says what would end the connection, and who could forge both that and
    /// its answer from outside would need no number of either side.
    /// </remarks>
    private static bool IsForeignRestart(
        WorkerContext* context, PacketMeta* meta, EntryHead* head, ConnectionState state, Direction direction)
    {
        const TcpFlags kind = TcpFlags.Syn | TcpFlags.Ack | TcpFlags.Rst;
        if (meta->Tuple.Protocol != IpProtocol.Tcp || direction != Direction.Original || (meta->TcpFlags & kind) != TcpFlags.Syn
            || state is < ConnectionState.TcpSynReceived or > ConnectionState.TcpLastAck)
        {
            return false;
        }

        uint cached = head->NextHopReply;
        return cached >> 16 == context->Plan->Generation
            && Adjacency.Load(context->Neighbours->Adjacencies + (cached & 0xFFFF)).Port != meta->Port;
    }

    /// <summary>An opening of the other side on the tuple of a connection that has ended: the next one, the other way round.</summary>
    /// <remarks>Not where something is translated: nobody outside could open that connection, and whoever forges it ends
    /// nothing.</remarks>
    private static bool IsReopening(PacketMeta* meta, EntryHead* head, ConnectionState state, Direction direction)
    {
        if (direction != Direction.Reply || head->Rewrite != 0)
        {
            return false;
        }

        const TcpFlags kind = TcpFlags.Syn | TcpFlags.Ack | TcpFlags.Rst;
        return state switch
        {
            ConnectionState.TcpTimeWait or ConnectionState.TcpClose => (meta->TcpFlags & kind) == TcpFlags.Syn,
            ConnectionState.SctpClosed => meta->L4LengthBytes > SctpHeader.SizeBytes
                && ((SctpChunk*)(meta->L4 + SctpHeader.SizeBytes))->Type == SctpChunkType.Init,
            ConnectionState.DccpTimeWait => ((DccpHeader*)meta->L4)->Type == DccpType.Request,
            _ => false,
        };
    }

    private static void Unlock<TTuple>(WorkerContext* context, byte* entry)
        where TTuple : unmanaged
    {
        if (context->IsShared)
        {
            TcpWindows.Exit(ref Entry<TTuple>.Tail(entry)->Windows);
        }
    }
}
