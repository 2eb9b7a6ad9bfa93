namespace Dataplane.Conntrack;

/// <summary>The state of a connection; one numbering for all protocols, so that one timeout table serves them all.</summary>
/// <remarks>
/// The value indexes <see cref="Trackers"/>' transition table and a policy's timeouts: at most 63. Two values
/// (<see cref="TcpRetransmitting"/>, <see cref="TcpUnacknowledged"/>) are never an entry's state: they name timeouts
/// that cap that of the state.
/// </remarks>
public enum ConnectionState : byte
{
    None = 0,

    /// <summary>SYN seen.</summary>
    TcpSynSent = 1,

    /// <summary>SYN seen from both sides: a simultaneous open (RFC 9293 §3.5, figure 7).</summary>
    TcpSynSent2 = 2,

    /// <summary>SYN answered by SYN and ACK.</summary>
    TcpSynReceived = 3,

    TcpEstablished = 4,

    /// <summary>A FIN from one side.</summary>
    TcpFinWait = 5,

    /// <summary>That FIN acknowledged.</summary>
    TcpCloseWait = 6,

    /// <summary>FINs from both sides.</summary>
    TcpLastAck = 7,

    /// <summary>Both FINs acknowledged.</summary>
    TcpTimeWait = 8,

    /// <summary>Reset.</summary>
    TcpClose = 9,

    /// <summary>A timeout, not a state: one side repeats itself and hears nothing.</summary>
    TcpRetransmitting = 10,

    /// <summary>A timeout, not a state: something that was sent has not been acknowledged.</summary>
    TcpUnacknowledged = 11,

    /// <summary>Datagrams of one direction only; UDP and UDP-Lite.</summary>
    UdpUnreplied = 16,

    /// <summary>Answered; a request and its response, which may be all there is.</summary>
    UdpReplied = 17,

    /// <summary>Went on after the answer.</summary>
    UdpStream = 18,

    /// <summary>ICMP or ICMPv6 query without an answer yet.</summary>
    IcmpUnreplied = 24,

    IcmpReplied = 25,

    /// <summary>GRE of one direction only.</summary>
    GreUnreplied = 26,

    GreReplied = 27,

    /// <summary>Any other protocol, packets of one direction only.</summary>
    GenericUnreplied = 28,

    GenericReplied = 29,

    /// <summary>INIT seen, or INIT ACK after it (RFC 9260 §5.1).</summary>
    SctpCookieWait = 32,

    /// <summary>COOKIE ECHO seen.</summary>
    SctpCookieEchoed = 33,

    /// <summary>COOKIE ACK seen; or both sides have answered on a secondary path.</summary>
    SctpEstablished = 34,

    /// <summary>SHUTDOWN from the opener.</summary>
    SctpShutdownSent = 35,

    /// <summary>SHUTDOWN from the other side.</summary>
    SctpShutdownReceived = 36,

    /// <summary>SHUTDOWN ACK seen.</summary>
    SctpShutdownAckSent = 37,

    /// <summary>SHUTDOWN COMPLETE or ABORT seen.</summary>
    SctpClosed = 38,

    /// <summary>HEARTBEAT on a path that no INIT opened: multi-homing (RFC 9260 §5.4).</summary>
    SctpHeartbeatSent = 39,

    /// <summary>DCCP-Request seen (RFC 4340 §8.1).</summary>
    DccpRequest = 40,

    /// <summary>Answered by a DCCP-Response.</summary>
    DccpRespond = 41,

    /// <summary>The opener has acknowledged the response, the server has not spoken since.</summary>
    DccpPartOpen = 42,

    DccpOpen = 43,

    /// <summary>The server asked for a Close (RFC 4340 §8.3).</summary>
    DccpCloseRequest = 44,

    DccpClosing = 45,

    /// <summary>DCCP-Reset seen.</summary>
    DccpTimeWait = 46,
}
