using Dataplane.Packet;

namespace Dataplane.Conntrack;

/// <content>Data, acknowledgments and FINs: everything but SYN and RST.</content>
public static unsafe partial class TcpTracker
{
    private static TrackerVerdict JudgeSegment(
        ref TcpWindows windows, ConnectionState state, Direction direction, in TcpSegment segment, in TcpPolicy policy, byte next)
    {
        if ((segment.Flags & TcpFlags.Ack) == 0)
        {
            // Every segment after the SYN has it (RFC 9293 §3.10.7.4, fifth).
            return TrackerVerdict.Invalid(DropReason.TcpAckMissing);
        }

        if (next == Trackers.Keep)
        {
            // Before the handshake: an ACK of an older connection of this tuple, on its way to be answered by a reset.
            return TrackerVerdict.Keep;
        }

        if (state == ConnectionState.TcpSynReceived && direction == Direction.Original
            && windows.IsOfEarlierAnswer(segment.Acknowledgment))
        {
            TakeEarlierAnswer(ref windows);
        }

        uint peerEnd = PeerEnd(ref windows, direction, segment);
        DropReason reason = Misfit(ref windows, direction, segment, peerEnd);
        if (reason == DropReason.None && state == ConnectionState.TcpSynReceived && direction == Direction.Original
            && (int)(segment.Acknowledgment - windows.Original.MaxAck) < 0)
        {
            // The handshake's last step proves that its sender has received the SYN-ACK: only the exact number does.
            reason = DropReason.TcpAckBelowWindow;
        }

        if (reason != DropReason.None)
        {
            // Liberal: let through, but no window is learnt from it, or one forged segment would move them for good; and
            // no handshake ends by it.
            return !policy.IsLiberal ? TrackerVerdict.Invalid(reason)
                : state == ConnectionState.TcpSynReceived ? TrackerVerdict.Keep
                : TrackerVerdict.Next((segment.Flags & TcpFlags.Fin) == 0 ? next : JudgeFin(ref windows, state, direction, next));
        }

        if (next == (byte)ConnectionState.TcpEstablished && state == ConnectionState.TcpSynReceived)
        {
            windows.SettleScales();
        }

        if ((segment.Flags & TcpFlags.Fin) != 0)
        {
            next = JudgeFin(ref windows, state, direction, next);
        }

        TcpWindows.Side(ref windows, Opposite(direction)).End = peerEnd;
        Accept(ref windows, direction, segment);

        // What comes after the end passes, but an end that goes on sending must not keep the entry for ever.
        return next == Trackers.Keep || state is ConnectionState.TcpTimeWait or ConnectionState.TcpClose
            ? TrackerVerdict.Keep : TrackerVerdict.Next(next, CapOf(ref windows, direction, policy));
    }

    /// <summary>Tells a FIN's repetition from a FIN. It passes, but the connection lives no longer for it: an end that repeats itself
    /// and is never answered must not keep the entry for ever.</summary>
    /// <remarks>The sequence numbers cannot tell the second FIN from the first: an ACK from behind a FIN may overtake it.</remarks>
    private static byte JudgeFin(ref TcpWindows windows, ConnectionState state, Direction direction, byte next)
    {
        if (state is ConnectionState.TcpFinWait or ConnectionState.TcpCloseWait)
        {
            return windows.FirstToClose == direction ? Trackers.Keep : next;
        }

        if (state is ConnectionState.TcpLastAck or ConnectionState.TcpTimeWait)
        {
            return Trackers.Keep;
        }

        if (next == (byte)ConnectionState.TcpFinWait)
        {
            windows.FirstToClose = direction;
        }

        return next;
    }

    /// <summary>Why no endpoint that has seen what passed here could have sent this; <see cref="DropReason.None"/> if one could.</summary>
    private static DropReason Misfit(ref TcpWindows windows, Direction direction, in TcpSegment segment, uint peerEnd)
    {
        ref TcpSide own = ref TcpWindows.Side(ref windows, direction);
        ref TcpSide peer = ref TcpWindows.Side(ref windows, Opposite(direction));
        uint acknowledged = segment.HighestAcknowledged();
        if ((int)(segment.Sequence - peer.Granted) > 0 && (int)(segment.Sequence - own.End) > 0)
        {
            return DropReason.TcpSequenceAboveWindow;
        }

        if ((int)(segment.End - (own.End - windows.SpanBytes(Opposite(direction)) - 1)) < 0)
        {
            return DropReason.TcpSequenceBelowWindow;
        }

        if ((int)(acknowledged - peerEnd) > 0)
        {
            return DropReason.TcpAckAboveWindow;
        }

        return (int)(acknowledged - (peerEnd - windows.SpanBytes(direction))) < 0
            ? DropReason.TcpAckBelowWindow : DropReason.None;
    }

    /// <summary>Moves the windows by a segment that fits.</summary>
    private static void Accept(ref TcpWindows windows, Direction direction, in TcpSegment segment)
    {
        ref TcpSide own = ref TcpWindows.Side(ref windows, direction);
        ref TcpSide peer = ref TcpWindows.Side(ref windows, Opposite(direction));
        if ((int)(segment.End - own.End) > 0)
        {
            own.End = segment.End;
        }
        else if (segment.HasLength && (int)(segment.Sequence - peer.MaxAck) <= 0)
        {
            // Nothing new, from the first unacknowledged byte or before it: what a retransmission timer sends
            // (RFC 6298 §5.4), or the byte of a keep-alive. Resent holes further on are no sign of a dead peer.
            windows.CountRetransmission(direction);
        }

        if ((int)(segment.Acknowledgment - own.MaxAck) > 0)
        {
            own.MaxAck = segment.Acknowledgment;
        }

        // The peer probes a window of zero with one byte, whose number its later segments carry (RFC 9293 §3.8.6.1).
        uint windowBytes = (segment.Flags & TcpFlags.Syn) != 0 ? segment.Window
            : (uint)segment.Window << windows.Scale(direction);
        uint granted = segment.Acknowledgment + (windowBytes == 0 ? 1 : windowBytes);
        if ((int)(granted - own.Granted) > 0)
        {
            own.Granted = granted;
        }

        windows.NoteWindow(direction, windowBytes);
        windows.ForgetRetransmissions(Opposite(direction));
        if (direction == Direction.Original)
        {
            // A live opener's segment: its SYN, if there was one, was not its own.
            windows.ForgetRestart();
        }
    }

    /// <summary>One behind the highest number that the peer has sent; of what was never seen here, that is what a segment
    /// acknowledges, if it fits otherwise.</summary>
    private static uint PeerEnd(ref TcpWindows windows, Direction direction, in TcpSegment segment)
    {
        uint end = TcpWindows.Side(ref windows, Opposite(direction)).End;
        if ((windows.Bits & TcpWindows.Learned) == 0)
        {
            return end;
        }

        uint acknowledged = segment.HighestAcknowledged();
        return acknowledged - end <= windows.SpanBytes(direction) ? acknowledged : end;
    }
}
