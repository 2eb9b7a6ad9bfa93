using Dataplane.Packet;

namespace Dataplane.Conntrack;

/// <content>RST: what ends a connection and what only says that it does (RFC 5961 §3).</content>
public static unsafe partial class TcpTracker
{
    private static TrackerVerdict JudgeReset(
        ref TcpWindows windows, ConnectionState state, Direction direction, in TcpSegment reset, byte next)
    {
        if (state is ConnectionState.TcpSynSent or ConnectionState.TcpSynSent2)
        {
            return direction == Direction.Original
                ? JudgeWithdrawal(ref windows, reset, next)
                : JudgeRefusal(ref windows, state, reset, next);
        }

        if (direction == Direction.Reply && IsRefusalOfRestart(windows, reset))
        {
            return next == Trackers.Keep ? TrackerVerdict.Keep : TrackerVerdict.Next(next);
        }

        ref TcpSide own = ref TcpWindows.Side(ref windows, direction);
        ref TcpSide peer = ref TcpWindows.Side(ref windows, Opposite(direction));
        if (reset.Sequence == peer.MaxAck || reset.Sequence == own.End)
        {
            return next == Trackers.Keep ? TrackerVerdict.Keep : TrackerVerdict.Next(next);
        }

        return IsBetween(peer.MaxAck, reset.Sequence, peer.Granted)
            ? TrackerVerdict.Keep : TrackerVerdict.Invalid(DropReason.TcpResetOutsideWindow);
    }

    /// <summary>A peer without the connection refuses a SYN that the opener sent on it.</summary>
    private static bool IsRefusalOfRestart(in TcpWindows windows, in TcpSegment reset) =>
        (windows.Bits & TcpWindows.Restarting) != 0 && (reset.Flags & TcpFlags.Ack) != 0
        && reset.Acknowledgment == windows.RestartNext;

    /// <summary>The opener's reset before an answer: it gives up, or it refuses an older connection's segment.</summary>
    /// <remarks>The latter carries the number which that segment acknowledged (RFC 9293 §3.10.7.3); the SYN will be
    /// repeated and accepted then, so that the entry stays.</remarks>
    private static TrackerVerdict JudgeWithdrawal(ref TcpWindows windows, in TcpSegment reset, byte next) =>
        IsBetween(windows.Reply.MaxAck, reset.Sequence, windows.Original.End) ? TrackerVerdict.Next(next) : TrackerVerdict.Keep;

    /// <summary>The peer's reset before its SYN-ACK: refused, if it acknowledges the SYN (RFC 9293 §3.10.7.3).</summary>
    private static TrackerVerdict JudgeRefusal(ref TcpWindows windows, ConnectionState state, in TcpSegment reset, byte next)
    {
        bool isAcknowledging = (reset.Flags & TcpFlags.Ack) != 0
            && IsBetween(windows.Reply.MaxAck, reset.Acknowledgment, windows.Original.End);
        bool isWithdrawing = state == ConnectionState.TcpSynSent2 && reset.Sequence == windows.Reply.End;
        return isAcknowledging || isWithdrawing
            ? TrackerVerdict.Next(next) : TrackerVerdict.Invalid(DropReason.TcpResetUnacknowledging);
    }
}
