using System;
using Dataplane.Packet;
using static Dataplane.Conntrack.ConnectionState;

namespace Dataplane.Conntrack;

/// <summary>SCTP: chunks move the state, verification tags say whether a packet belongs to the association.</summary>
/// <remarks>
/// <para>
/// Each endpoint chooses the tag that packets towards it must carry: the initiator in its INIT, the other in its INIT ACK
/// (RFC 9260 §5.1). A packet without the right tag is invalid (§8.5), which makes an outsider guess 32 bits. INIT carries 0; ABORT and
/// SHUTDOWN COMPLETE with the T bit reflect the tag of the packet that they answer, which is the other direction's (§8.5.1).
/// </para>
/// <para>
/// An INIT on an existing association, a restart (§5.2.2) or the second of a collision (§5.2.1), leaves its tags as they are. They
/// are replaced when a COOKIE ACK ends the new handshake, since only then the endpoints have replaced theirs.
/// </para>
/// <para>
/// A path that no INIT opened, one of several addresses of a host, opens with a HEARTBEAT (§5.4, §8.3): each side's tag is learnt from
/// its first packet, and the HEARTBEAT ACK establishes it.
/// </para>
/// <para>
/// A packet is read chunk by chunk until the first DATA, which may be followed only by DATA (§6.10). INIT, INIT ACK
/// and SHUTDOWN COMPLETE stand alone (§6.10), COOKIE ECHO and COOKIE ACK first (§5.1). Nothing of a packet counts
/// unless all of it is acceptable.
/// </para>
/// <para>
/// An INIT has no tag that could be wrong: a forged one, of the right ports while a handshake or a restart is under way, makes its genuine
/// answer invalid until the INIT is repeated.
/// </para>
/// <para>
/// Departs from RFC 9260: chunks of unknown types count as DATA; transmission sequence numbers, cookies and parameters, addresses
/// among them, are the endpoints' business.
/// </para>
/// </remarks>
public static unsafe partial class SctpTracker
{
    private const byte Cw = (byte)SctpCookieWait;
    private const byte Ce = (byte)SctpCookieEchoed;
    private const byte Es = (byte)SctpEstablished;
    private const byte Ss = (byte)SctpShutdownSent;
    private const byte Sr = (byte)SctpShutdownReceived;
    private const byte Sa = (byte)SctpShutdownAckSent;
    private const byte Cl = (byte)SctpClosed;
    private const byte Hs = (byte)SctpHeartbeatSent;
    private const byte Keep = Trackers.Keep;
    private const byte Invalid = Trackers.Invalid;
    private const byte Reopen = Trackers.Reopen;

    private const int StatesUsed = 8;

    // Columns: CookieWait CookieEchoed Established ShutdownSent ShutdownReceived ShutdownAckSent Closed HeartbeatSent.
    private static readonly (Direction Direction, SctpChunkType Type, byte[] Next)[] s_rows =
    [
        // INIT: the opening and its repetition; later a restart, which the peer answers as it sees fit (§5.2.2).
        (Direction.Original, SctpChunkType.Init, [Cw, Keep, Keep, Keep, Keep, Keep, Reopen, Cw]),
        (Direction.Reply, SctpChunkType.Init, [Cw, Keep, Keep, Keep, Keep, Keep, Keep, Keep]),

        // INIT ACK: the answer; of the opener only after a collision or a restart.
        (Direction.Original, SctpChunkType.InitAck, [Cw, Keep, Keep, Keep, Keep, Keep, Keep, Keep]),
        (Direction.Reply, SctpChunkType.InitAck, [Cw, Keep, Keep, Keep, Keep, Keep, Keep, Keep]),

        // COOKIE ECHO: the initiator has received the INIT ACK.
        (Direction.Original, SctpChunkType.CookieEcho, [Ce, Ce, Keep, Keep, Keep, Keep, Keep, Keep]),
        (Direction.Reply, SctpChunkType.CookieEcho, [Ce, Ce, Keep, Keep, Keep, Keep, Keep, Keep]),

        // COOKIE ACK: established; a restarted association is established again.
        (Direction.Original, SctpChunkType.CookieAck, [Invalid, Es, Es, Es, Es, Es, Keep, Keep]),
        (Direction.Reply, SctpChunkType.CookieAck, [Invalid, Es, Es, Es, Es, Es, Keep, Keep]),

        // DATA, SACK, ERROR and what the table does not know: an established association's, or what is on its way when it ends.
        (Direction.Original, SctpChunkType.Data, [Invalid, Ce, Es, Ss, Sr, Sa, Keep, Hs]),
        (Direction.Reply, SctpChunkType.Data, [Invalid, Ce, Es, Ss, Sr, Sa, Keep, Hs]),

        // ERROR before the association is up: a stale cookie (§5.2.6), after which the initiator may begin again.
        (Direction.Original, SctpChunkType.Error, [Keep, Keep, Es, Ss, Sr, Sa, Keep, Hs]),
        (Direction.Reply, SctpChunkType.Error, [Keep, Keep, Es, Ss, Sr, Sa, Keep, Hs]),

        // HEARTBEAT and its answer, of the opener and of the other side: on a path without INIT the second establishes.
        (Direction.Original, SctpChunkType.Heartbeat, [Invalid, Ce, Es, Ss, Sr, Sa, Keep, Hs]),
        (Direction.Reply, SctpChunkType.Heartbeat, [Invalid, Ce, Es, Ss, Sr, Sa, Keep, Hs]),
        (Direction.Original, SctpChunkType.HeartbeatAck, [Invalid, Ce, Es, Ss, Sr, Sa, Keep, Hs]),
        (Direction.Reply, SctpChunkType.HeartbeatAck, [Invalid, Ce, Es, Ss, Sr, Sa, Keep, Es]),

        // SHUTDOWN: no more data from its sender; from both sides at once it is the first that names the state (§9.2).
        (Direction.Original, SctpChunkType.Shutdown, [Invalid, Keep, Ss, Ss, Sr, Sa, Keep, Keep]),
        (Direction.Reply, SctpChunkType.Shutdown, [Invalid, Keep, Sr, Ss, Sr, Sa, Keep, Keep]),

        // SHUTDOWN ACK: all data has arrived. Before the association is up it belongs to an older one (§8.5.1 E).
        (Direction.Original, SctpChunkType.ShutdownAck, [Keep, Keep, Keep, Sa, Sa, Sa, Keep, Keep]),
        (Direction.Reply, SctpChunkType.ShutdownAck, [Keep, Keep, Keep, Sa, Sa, Sa, Keep, Keep]),

        // SHUTDOWN COMPLETE: the end, of a shutdown only (§8.5.1 C).
        (Direction.Original, SctpChunkType.ShutdownComplete, [Keep, Keep, Keep, Keep, Keep, Cl, Keep, Keep]),
        (Direction.Reply, SctpChunkType.ShutdownComplete, [Keep, Keep, Keep, Keep, Keep, Cl, Keep, Keep]),

        // ABORT: the end, from any state.
        (Direction.Original, SctpChunkType.Abort, [Cl, Cl, Cl, Cl, Cl, Cl, Keep, Cl]),
        (Direction.Reply, SctpChunkType.Abort, [Cl, Cl, Cl, Cl, Cl, Cl, Keep, Cl]),
    ];

    /// <summary>Types of chunk that have rows of their own are below this; all others are treated as DATA.</summary>
    private const int TypesUsed = 16;

    private static readonly byte[] s_transitions = Build();

    /// <summary>Next state or verdict of one chunk in one state.</summary>
    public static byte Transition(Direction direction, SctpChunkType type, ConnectionState state) =>
        state is >= SctpCookieWait and <= SctpHeartbeatSent
            ? s_transitions[IndexOf(direction, (SctpChunkType)Math.Min((int)type, TypesUsed - 1)) + (int)state - (int)SctpCookieWait]
            : Invalid;

    private static int IndexOf(Direction direction, SctpChunkType type) => ((int)direction * TypesUsed + (int)type) * StatesUsed;

    private static byte[] Build()
    {
        byte[] table = new byte[2 * TypesUsed * StatesUsed];
        foreach ((Direction direction, SctpChunkType type, byte[] next) in s_rows)
        {
            if (type == SctpChunkType.Data)
            {
                for (int other = 0; other < TypesUsed; other++)
                {
                    next.CopyTo(table, IndexOf(direction, (SctpChunkType)other));
                }
            }
        }

        foreach ((Direction direction, SctpChunkType type, byte[] next) in s_rows)
        {
            next.CopyTo(table, IndexOf(direction, type));
        }

        return table;
    }
}
