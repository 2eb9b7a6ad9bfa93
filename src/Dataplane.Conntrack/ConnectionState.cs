namespace Dataplane.Conntrack;

/// <summary>The state of a connection; one numbering for all protocols, so that one table drives them all.</summary>
/// <remarks>The value indexes <see cref="Trackers"/>' transition table and a policy's timeouts: at most 31.</remarks>
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

    /// <summary>Datagrams of one direction only.</summary>
    UdpUnreplied = 16,

    /// <summary>Answered; a request and its response, which may be all there is.</summary>
    UdpReplied = 17,

    /// <summary>Went on after the answer.</summary>
    UdpStream = 18,

    /// <summary>ICMP query without an answer yet.</summary>
    IcmpUnreplied = 24,

    IcmpReplied = 25,
}
