using System.Runtime.CompilerServices;
using Dataplane.Packet;

namespace Dataplane.Conntrack;

/// <summary>TCP: whether a segment fits its connection, and what it makes of it.</summary>
/// <remarks>
/// <para>
/// The router stands between two endpoints and knows less than either: whatever it has seen may be lost before it arrives, but
/// nothing arrives that it has not seen. So it keeps bounds on what each side can know (<see cref="TcpSide"/>) and
/// refuses a segment only if no such endpoint could have sent it. After the idea of van Rooij's "Real Stateful TCP Packet
/// Filtering", a segment of one side must satisfy, with everything modulo 2^32:
/// </para>
/// <list type="number">
/// <item>its first byte is at most where the peer's window ended at its widest (RFC 9293 §3.10.7.4), or where the side has been
/// before: the probe of a closed window (§3.8.6.1) starts right there, and a window that shrinks (§3.8.6) takes nothing back;</item>
/// <item>its end is at most the peer's largest window, or 64 KiB, behind the highest byte sent: retransmissions, duplicates, and
/// keep-alives one byte back (§3.8.4);</item>
/// <item>its acknowledgment, selective ones included (RFC 2018), is of something that the peer has sent;</item>
/// <item>that acknowledgment is not older than the side's largest window, or 64 KiB (RFC 5961 §5).</item>
/// </list>
/// <para>
/// Windows count from both SYNs on, scaled if both offered it and never in a SYN itself (RFC 7323 §2.2).
/// </para>
/// <para>
/// <b>Resets</b> (RFC 5961 §3). A receiver obeys a reset only at exactly the next sequence number that it expects. That is what
/// it acknowledged last, as far as the router knows, or, if everything on the way has arrived, the end of what the sender
/// has sent: a server that answers and resets at once sends no third number. Only those two end the connection, and the refusal of
/// a SYN that its opener has sent on it (below). Any other in the
/// window is forwarded without effect; the receiver answers with a challenge ACK, and a sender that meant it answers that
/// with a reset whose number is exact. What is outside the window never arrives. Before the handshake a reset must acknowledge the SYN
/// (RFC 9293 §3.10.7.3). A million blind resets thus hit with a chance of 2 in 4295 altogether.
/// </para>
/// <para>
/// <b>SYNs</b> on an open connection change nothing (RFC 5961 §4): the peer challenges, and if the opener has indeed lost the
/// connection its reset is exact. If the peer has lost it too, it accepts; its SYN-ACK is believed only if it acknowledges the opener's SYN
/// (<see cref="TcpWindows.RestartNext"/>), and from then on the entry follows the new connection. The caller must not ask about a SYN that
/// anybody but the opener can have sent, or an outsider could answer his own.
/// </para>
/// <para>
/// <b>Timeouts.</b> The state's, capped where a side has repeated itself <see cref="TcpPolicy.RetransmissionsMax"/> times
/// without any acceptable segment from its peer, or has something unacknowledged (<see cref="TrackerVerdict.Cap"/>).
/// </para>
/// <para>
/// <b>Taken up mid-stream</b> (<see cref="TcpPolicy.IsLoose"/>): nobody knows the scales, so that windows count as
/// if shifted by 14, and since bytes may be on their way that were never seen here, an acknowledgment may be as far ahead. Resets
/// are judged as always.
/// </para>
/// <para>
/// Departs from RFC 9293: urgent pointers, checksums of options and timestamps (RFC 7323 §5, PAWS) are left to the endpoints, which
/// discard what fails there and, except for resets, answer.
/// </para>
/// </remarks>
public static unsafe partial class TcpTracker
{
    /// <summary>Header words 5 with the four flags that matter, as in the header's bytes 12 and 13.</summary>
    private const ushort PlainControl = 0x5010;

    /// <summary>The same with 12 bytes of options.</summary>
    private const ushort PlainControlWithOptions = 0x8010;

    /// <summary>Data offset, and SYN, FIN, RST, ACK.</summary>
    private const ushort ControlMask = 0xF017;

    /// <summary>
    /// The plain segment of an established connection: in order, inside the window, acknowledging what was sent, without options
    /// but timestamps, nothing unusual pending. Takes it into account and returns true, or changes nothing and returns false; then <see
    /// cref="Judge"/> decides.
    /// </summary>
    /// <param name="windows">Of a connection in <see cref="ConnectionState.TcpEstablished"/>; locked unless one worker owns it.</param>
    /// <param name="direction">Of the segment.</param>
    /// <param name="header">Whose data offset the parser has checked.</param>
    /// <param name="payloadBytes">Behind the header.</param>
    /// <remarks>
    /// Inlined into the pass over a burst. The verdict of such a segment is "established again"; its cap is
    /// <see cref="ConnectionState.TcpUnacknowledged"/> if <see cref="TcpWindows.IsUnacknowledged"/> and none otherwise.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryAdvance(ref TcpWindows windows, Direction direction, TcpHeader* header, int payloadBytes)
    {
        int control = Unsafe.ReadUnaligned<Be16>(&header->OffsetAndReserved).Host & ControlMask;
        if (control != PlainControl
            && (control != PlainControlWithOptions || !TcpSegment.HasTimestampsOnly(header)))
        {
            return false;
        }

        ref TcpSide own = ref TcpWindows.Side(ref windows, direction);
        ref TcpSide peer = ref TcpWindows.Side(ref windows, (Direction)((int)direction ^ 1));
        uint sequence = header->Sequence.Host;
        uint end = sequence + (uint)payloadBytes;
        uint acknowledgment = header->Acknowledgment.Host;
        int shift = (int)direction << 2;
        uint windowBytes = (uint)header->Window.Host << (windows.Scales >> shift & 15);
        uint granted = acknowledgment + windowBytes;

        // One branch for all: each term is negative, or not zero, if the segment is not plain.
        int unfit = (int)(peer.Granted - end)
            | (int)(acknowledgment - own.MaxAck)
            | (int)(peer.End - acknowledgment)
            | (int)((1u << (16 + (windows.Spans >> shift & 15))) - windowBytes)
            | (int)(windowBytes - 1);
        if (unfit < 0 || sequence != own.End || (windows.Unusual & TcpWindows.UnusualMask) != 0)
        {
            return false;
        }

        own.End = end;
        own.MaxAck = acknowledgment;
        own.Granted = (int)(granted - own.Granted) > 0 ? granted : own.Granted;
        return true;
    }

    /// <summary>What any segment does to its connection; the windows change only if it is accepted.</summary>
    /// <param name="windows">Locked unless one worker owns the connection.</param>
    /// <param name="state">Of the entry's state word.</param>
    /// <param name="direction">Of the segment.</param>
    /// <param name="segment">With control bits that the parser accepts.</param>
    /// <param name="policy">The plan's.</param>
    // Not inlined: all that TryAdvance leaves over.
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static TrackerVerdict Judge(
        ref TcpWindows windows, ConnectionState state, Direction direction, in TcpSegment segment, in TcpPolicy policy)
    {
        int packetClass = Trackers.ClassOf(segment.Flags);
        byte next = Trackers.Transitions[Trackers.IndexOf(direction, packetClass, state)];
        if (next == Trackers.Invalid)
        {
            return TrackerVerdict.Invalid(DropReason.TcpStateInvalid);
        }

        return packetClass switch
        {
            Trackers.Syn => JudgeSyn(ref windows, state, direction, segment, next),
            Trackers.SynAck => JudgeSynAck(ref windows, state, direction, segment, next),
            Trackers.Rst => JudgeReset(ref windows, state, direction, segment, next),
            _ => JudgeSegment(ref windows, state, direction, segment, policy, next),
        };
    }

    /// <summary>Whose timeout caps that of the next state, after a segment of <paramref name="direction"/> was accepted.</summary>
    private static ConnectionState CapOf(ref TcpWindows windows, Direction direction, in TcpPolicy policy)
    {
        return windows.RetransmissionCount(direction) >= policy.RetransmissionsMax ? ConnectionState.TcpRetransmitting
            : windows.IsUnacknowledged ? ConnectionState.TcpUnacknowledged
            : ConnectionState.None;
    }

    private static Direction Opposite(Direction direction) => (Direction)((int)direction ^ 1);

    /// <summary>Whether <paramref name="number"/> is in [<paramref name="low"/>, <paramref name="high"/>], modulo 2^32.</summary>
    private static bool IsBetween(uint low, uint number, uint high) => (int)(number - low) >= 0 && (int)(high - number) >= 0;
}
