using Dataplane.Packet;

namespace Dataplane.Conntrack;

/// <content>SYN and SYN-ACK: where windows begin.</content>
public static unsafe partial class TcpTracker
{
    /// <summary>The state and windows with which a connection begins.</summary>
    /// <param name="windows">Of an entry that no other worker sees yet; whatever stood there is overwritten.</param>
    /// <param name="segment">Its first segment, of the original direction by definition.</param>
    /// <param name="policy">The plan's.</param>
    /// <param name="state">The first state.</param>
    /// <returns><see cref="DropReason.None"/>, or <see cref="DropReason.TcpNotSyn"/>: this segment opens nothing.</returns>
    public static DropReason Open(ref TcpWindows windows, in TcpSegment segment, in TcpPolicy policy, out ConnectionState state)
    {
        windows = default;
        int packetClass = Trackers.ClassOf(segment.Flags);
        state = packetClass == Trackers.Syn ? ConnectionState.TcpSynSent : ConnectionState.TcpEstablished;
        if (packetClass == Trackers.Syn)
        {
            Begin(ref windows, segment);
            return DropReason.None;
        }

        if (packetClass != Trackers.Plain || !policy.IsLoose || (segment.Flags & TcpFlags.Ack) == 0)
        {
            state = ConnectionState.None;
            return DropReason.TcpNotSyn;
        }

        Learn(ref windows, segment);
        return DropReason.None;
    }

    /// <summary>The opener's side after its SYN. What its window grants counts from zero until the peer's number is known.</summary>
    private static void Begin(ref TcpWindows windows, in TcpSegment syn)
    {
        windows.Original.End = syn.End;
        windows.Original.MaxAck = 0;
        windows.Original.Granted = syn.Window;
        windows.Reply.End = 0;

        // The least acknowledgment that accepts the SYN; data that came with it (RFC 7413) may or may not be accepted.
        windows.Reply.MaxAck = syn.Sequence + 1;
        windows.Reply.Granted = syn.End;
        windows.Scales = TcpWindows.ScaleNone << 4 | TcpWindows.ScaleNone;
        windows.OfferScale(Direction.Original, syn.OfferedScale());
        windows.Spans = 0;
        windows.Retransmissions = 0;
        windows.Bits &= TcpWindows.Locked;
    }

    /// <summary>Both sides from the middle of a connection: see the remarks of <see cref="TcpTracker"/>.</summary>
    private static void Learn(ref TcpWindows windows, in TcpSegment segment)
    {
        const uint reachBytes = (uint)ushort.MaxValue << TcpWindows.ScaleMax;
        windows.Original.End = segment.End;
        windows.Original.MaxAck = segment.Acknowledgment;
        windows.Original.Granted = segment.Acknowledgment + reachBytes;
        windows.Reply.End = segment.Acknowledgment;
        windows.Reply.MaxAck = segment.Sequence;
        windows.Reply.Granted = segment.End + reachBytes;
        windows.Scales = TcpWindows.ScaleMax << 4 | TcpWindows.ScaleMax;
        windows.NoteWindow(Direction.Original, 1u << 30);
        windows.NoteWindow(Direction.Reply, 1u << 30);
        windows.Bits |= TcpWindows.Learned;
    }

    private static TrackerVerdict JudgeSyn(
        ref TcpWindows windows, ConnectionState state, Direction direction, in TcpSegment syn, byte next)
    {
        if (next == Trackers.Reopen)
        {
            return TrackerVerdict.Reopen;
        }

        if (next == Trackers.Keep)
        {
            // A number that the opener has used is that of its own SYN, delayed: its SYN-ACK may be on its way, too, and
            // must not begin the connection a second time.
            bool isDelayed = windows.Original.End - (syn.Sequence + 1) <= windows.SpanBytes(Direction.Reply);
            if (direction == Direction.Original && !isDelayed)
            {
                windows.NoteRestart(syn.Sequence + 1, syn.OfferedScale());
            }

            return TrackerVerdict.Keep;
        }

        if (direction == Direction.Original)
        {
            Repeat(ref windows, syn);
        }
        else if (state == ConnectionState.TcpSynSent)
        {
            // The other SYN of a simultaneous open. The opener's window now counts from its number.
            windows.Reply.End = syn.End;
            Anchor(ref windows.Original, syn.Sequence + 1);
            windows.OfferScale(Direction.Reply, syn.OfferedScale());
            windows.Reply.Granted = windows.Reply.MaxAck + syn.Window;
        }

        return TrackerVerdict.Next(next);
    }

    /// <summary>A SYN again while it is unanswered: the same, perhaps without its data, or that of the opener's next attempt.</summary>
    private static void Repeat(ref TcpWindows windows, in TcpSegment syn)
    {
        if (syn.Sequence + 1 != windows.Reply.MaxAck)
        {
            Begin(ref windows, syn);
            return;
        }

        // Whatever one of its copies offered or carried, the peer may have accepted.
        windows.CountRetransmission(Direction.Original);
        if ((int)(syn.End - windows.Original.End) > 0)
        {
            windows.Original.End = syn.End;
            windows.Reply.Granted = syn.End;
        }

        int scale = syn.OfferedScale();
        if (scale != TcpWindows.ScaleNone)
        {
            windows.OfferScale(Direction.Original, scale);
        }
    }

    private static TrackerVerdict JudgeSynAck(
        ref TcpWindows windows, ConnectionState state, Direction direction, in TcpSegment segment, byte next)
    {
        if (direction == Direction.Original)
        {
            return next == Trackers.Keep ? TrackerVerdict.Keep : JudgeSimultaneous(ref windows, segment, next);
        }

        if ((windows.Bits & TcpWindows.Restarting) != 0 && segment.Acknowledgment == windows.RestartNext)
        {
            Restart(ref windows);
            Answer(ref windows, segment);
            return TrackerVerdict.Next((byte)ConnectionState.TcpSynReceived);
        }

        if (next == Trackers.Keep || !IsBetween(windows.Reply.MaxAck, segment.Acknowledgment, windows.Original.End))
        {
            // Late, or of an older connection: the opener answers it with an ACK or a reset (RFC 9293 §3.10.7.3), which
            // the peer needs to see.
            return TrackerVerdict.Keep;
        }

        if (state == ConnectionState.TcpSynReceived)
        {
            if (segment.Sequence + 1 == windows.Original.MaxAck)
            {
                windows.CountRetransmission(Direction.Reply);
                return TrackerVerdict.Next(next);
            }

            // A server that keeps no state, or another one behind the same address: the opener takes the one that reaches it first.
            windows.NoteEarlierAnswer(windows.Original.MaxAck);
        }

        Answer(ref windows, segment);
        return TrackerVerdict.Next(next);
    }

    /// <summary>The peer's side after its SYN-ACK.</summary>
    private static void Answer(ref TcpWindows windows, in TcpSegment segment)
    {
        uint first = segment.Sequence + 1;
        windows.Reply.End = segment.End;
        windows.Reply.MaxAck = segment.Acknowledgment;
        windows.Reply.Granted = segment.Acknowledgment + (segment.Window == 0 ? 1u : segment.Window);
        windows.OfferScale(Direction.Reply, segment.OfferedScale());
        Anchor(ref windows.Original, first);
        windows.ForgetRetransmissions(Direction.Original);
    }

    /// <summary>The opener has taken the earlier one of two SYN-ACKs: its number is the peer's.</summary>
    private static void TakeEarlierAnswer(ref TcpWindows windows)
    {
        uint first = windows.RestartNext;
        windows.Reply.End = first;
        Anchor(ref windows.Original, first);
    }

    /// <summary>The opener's own SYN-ACK: it has received the peer's SYN (RFC 9293 §3.5, figure 7).</summary>
    private static TrackerVerdict JudgeSimultaneous(ref TcpWindows windows, in TcpSegment segment, byte next)
    {
        DropReason reason = Misfit(ref windows, Direction.Original, segment, windows.Reply.End);
        if (reason == DropReason.None && (int)(segment.Acknowledgment - windows.Original.MaxAck) < 0)
        {
            reason = DropReason.TcpAckBelowWindow;
        }

        if (reason != DropReason.None)
        {
            return TrackerVerdict.Invalid(reason);
        }

        Accept(ref windows, Direction.Original, segment);
        return TrackerVerdict.Next(next);
    }

    /// <summary>Both ends have begun anew where the entry had not noticed that the old connection was gone.</summary>
    private static void Restart(ref TcpWindows windows)
    {
        int scale = windows.Bits >> 4;
        windows.Original.End = windows.RestartNext;
        windows.Original.MaxAck = 0;

        // The SYN's window was not kept: the most that an unscaled one can be.
        windows.Original.Granted = ushort.MaxValue;
        windows.OfferScale(Direction.Original, scale);
        windows.Spans = 0;
        windows.Retransmissions = 0;
        windows.Bits &= TcpWindows.Locked;
    }

    /// <summary>Moves what the opener's SYN granted to the peer's first number.</summary>
    private static void Anchor(ref TcpSide original, uint first)
    {
        // Once anchored it stands above MaxAck by the window alone, and can be moved again.
        uint windowBytes = original.Granted - original.MaxAck;
        original.MaxAck = first;
        original.Granted = first + windowBytes;
    }
}
