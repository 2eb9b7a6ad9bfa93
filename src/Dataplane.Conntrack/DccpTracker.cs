using Dataplane.Packet;
using static Dataplane.Conntrack.ConnectionState;

namespace Dataplane.Conntrack;

/// <summary>DCCP: the packet's type moves the state (RFC 4340 §8).</summary>
/// <remarks>
/// Departs from RFC 4340 §7.5: sequence numbers are not judged, so that a forged Reset shortens a connection's life to
/// <see cref="DccpTimeWait"/>, whose packets still pass until it ends. The opener is the client: a Request against its
/// direction opens nothing while the entry lasts.
/// </remarks>
public static unsafe class DccpTracker
{
    private const byte Rq = (byte)DccpRequest;
    private const byte Rs = (byte)DccpRespond;
    private const byte Po = (byte)DccpPartOpen;
    private const byte Op = (byte)DccpOpen;
    private const byte Cr = (byte)DccpCloseRequest;
    private const byte Cg = (byte)DccpClosing;
    private const byte Tw = (byte)DccpTimeWait;
    private const byte Keep = Trackers.Keep;
    private const byte Invalid = Trackers.Invalid;
    private const byte Reopen = Trackers.Reopen;

    private const int StatesUsed = 7;
    private const int TypesUsed = 16;

    // Columns: Request Respond PartOpen Open CloseRequest Closing TimeWait.
    private static readonly (Direction Direction, DccpType Type, byte[] Next)[] s_rows =
    [
        // Request: the opening and its repetition; on a live connection the server answers with a Sync (§7.5.4).
        (Direction.Original, DccpType.Request, [Rq, Rs, Keep, Keep, Keep, Keep, Reopen]),
        (Direction.Reply, DccpType.Request, [Keep, Keep, Keep, Keep, Keep, Keep, Keep]),

        // Response: the server's answer.
        (Direction.Original, DccpType.Response, [Keep, Keep, Keep, Keep, Keep, Keep, Invalid]),
        (Direction.Reply, DccpType.Response, [Rs, Rs, Keep, Keep, Keep, Keep, Invalid]),

        // Data: of the client once it knows that its Ack has arrived (§8.1.5), of the server at once.
        (Direction.Original, DccpType.Data, [Invalid, Invalid, Invalid, Op, Cr, Cg, Keep]),
        (Direction.Reply, DccpType.Data, [Invalid, Invalid, Op, Op, Keep, Cg, Keep]),

        // Ack and DataAck: the client's first ends its handshake, the server's next opens the connection.
        (Direction.Original, DccpType.Ack, [Invalid, Po, Po, Op, Cr, Cg, Keep]),
        (Direction.Reply, DccpType.Ack, [Invalid, Invalid, Op, Op, Keep, Cg, Keep]),
        (Direction.Original, DccpType.DataAck, [Invalid, Po, Po, Op, Cr, Cg, Keep]),
        (Direction.Reply, DccpType.DataAck, [Invalid, Invalid, Op, Op, Keep, Cg, Keep]),

        // CloseReq: the server asks the client to close and to hold the time-wait state (§8.3).
        (Direction.Original, DccpType.CloseRequest, [Invalid, Invalid, Invalid, Invalid, Invalid, Invalid, Invalid]),
        (Direction.Reply, DccpType.CloseRequest, [Invalid, Invalid, Cr, Cr, Cr, Cr, Keep]),

        // Close: either side's end.
        (Direction.Original, DccpType.Close, [Invalid, Invalid, Cg, Cg, Cg, Cg, Keep]),
        (Direction.Reply, DccpType.Close, [Invalid, Invalid, Cg, Cg, Keep, Cg, Keep]),

        // Reset: the answer to Close, or an abort.
        (Direction.Original, DccpType.Reset, [Tw, Tw, Tw, Tw, Tw, Tw, Keep]),
        (Direction.Reply, DccpType.Reset, [Tw, Tw, Tw, Tw, Tw, Tw, Keep]),

        // Sync and SyncAck: whether the ends still agree is for them to find out (§7.5.4).
        (Direction.Original, DccpType.Sync, [Keep, Keep, Keep, Keep, Keep, Keep, Keep]),
        (Direction.Reply, DccpType.Sync, [Keep, Keep, Keep, Keep, Keep, Keep, Keep]),
        (Direction.Original, DccpType.SyncAck, [Keep, Keep, Keep, Keep, Keep, Keep, Keep]),
        (Direction.Reply, DccpType.SyncAck, [Keep, Keep, Keep, Keep, Keep, Keep, Keep]),
    ];

    private static readonly byte[] s_transitions = Build();

    /// <summary>Next state or verdict of a packet in a state.</summary>
    public static byte Transition(Direction direction, DccpType type, ConnectionState state) =>
        state is >= DccpRequest and <= DccpTimeWait
            ? s_transitions[((int)direction * TypesUsed + ((int)type & (TypesUsed - 1))) * StatesUsed + (int)state - (int)DccpRequest]
            : Invalid;

    /// <summary>The state in which a connection begins with this packet.</summary>
    /// <returns><see cref="DropReason.None"/>, or <see cref="DropReason.DccpNotRequest"/>.</returns>
    public static DropReason Open(DccpHeader* packet, out ConnectionState state)
    {
        bool isRequest = packet->Type == DccpType.Request;
        state = isRequest ? DccpRequest : None;
        return isRequest ? DropReason.None : DropReason.DccpNotRequest;
    }

    /// <summary>What a packet, whose header the parser has checked, does to its connection.</summary>
    /// <remarks>Nothing but the state is kept: with several workers the judged state and its swap need the entry's lock.</remarks>
    public static TrackerVerdict Judge(ConnectionState state, Direction direction, DccpHeader* packet) =>
        Transition(direction, packet->Type, state) switch
        {
            Invalid => TrackerVerdict.Invalid(DropReason.DccpStateInvalid),
            Keep => TrackerVerdict.Keep,
            Reopen => TrackerVerdict.Reopen,
            byte next => TrackerVerdict.Next(next),
        };

    private static byte[] Build()
    {
        byte[] table = new byte[2 * TypesUsed * StatesUsed];
        System.Array.Fill(table, Invalid);
        foreach ((Direction direction, DccpType type, byte[] next) in s_rows)
        {
            next.CopyTo(table, ((int)direction * TypesUsed + (int)type) * StatesUsed);
        }

        return table;
    }
}
