using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Dataplane.Conntrack;

/// <summary>How long an entry lives after a packet, by timeout policy and state; seconds.</summary>
/// <remarks>
/// Read by every worker for every packet; written before workers start, and by the control thread while they run, each value with
/// one aligned store. Policy 0 is the configured
/// default. 8 policies x 64 states x 4 bytes = 2 KiB.
/// </remarks>
[StructLayout(LayoutKind.Sequential, Size = SizeBytes)]
public unsafe struct TimeoutTable
{
    public const int Policies = 8;
    public const int States = 64;
    public const int SizeBytes = Policies * States * sizeof(uint);

    /// <summary>RFC 5382 REQ-5: no TCP connection that is opening or closing goes within 4 minutes.</summary>
    private const uint TcpTransitorySeconds = 240;

    /// <summary>RFC 5382 REQ-5: no established TCP connection goes within 2 hours and 4 minutes.</summary>
    private const uint TcpEstablishedSeconds = 7440;

    private fixed uint _seconds[Policies * States];

    /// <summary>Seconds from now to the deadline.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly uint Seconds(byte policy, ConnectionState state) => _seconds[(policy & (Policies - 1)) * States + (int)state];

    /// <summary>The same for a TCP connection whose life <paramref name="cap"/> may shorten; <see
    /// cref="ConnectionState.None"/> does not.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly uint Seconds(byte policy, ConnectionState state, ConnectionState cap)
    {
        uint seconds = Seconds(policy, state);
        return cap == ConnectionState.None ? seconds : Math.Min(seconds, Seconds(policy, cap));
    }

    /// <exception cref="ArgumentOutOfRangeException">A policy or state beyond the table, or a timeout below a second.</exception>
    public void Set(byte policy, ConnectionState state, uint seconds)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(policy, Policies);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((int)state, States, nameof(state));
        ArgumentOutOfRangeException.ThrowIfLessThan(seconds, 1u);
        _seconds[policy * States + (int)state] = seconds;
    }

    /// <summary>Sets policy 0 to values that meet the RFCs' floors.</summary>
    /// <remarks>
    /// <para>
    /// TCP established 2 h 4 min and transitory 4 min (RFC 5382 REQ-5); UDP 5 min, 2 min before the first answer
    /// (RFC 4787 REQ-5); ICMP queries 60 s (RFC 5508 REQ-2). A TCP side that repeats itself unheard is dead rather than idle:
    /// 5 min, three times the least for which a sender must try (RFC 9293 §3.8.3, R2 of 100 s). Unacknowledged data alone caps nothing.
    /// </para>
    /// <para>
    /// SCTP: an idle path carries a heartbeat about every 30 s and is given up 210 s after the last answered one (RFC 9260 §8.3
    /// with the values of §16); an association lives twice as long, 4 min while it opens or closes, as TCP. DCCP: RFC 4340
    /// §8.1.2 (Request 3 min, here 4), §8.1.3 and §8.1.5 (4 MSL = 8 min), §4.3 (2 MSL = 4 min); an open connection 2 h 4 min
    /// (RFC 5597 REQ-5). GRE has no requirement and lives as UDP does; other protocols 10 min.
    /// </para>
    /// </remarks>
    public void SetDefaults()
    {
        Fill(TcpTransitorySeconds);
        Set(0, ConnectionState.TcpEstablished, TcpEstablishedSeconds);
        Set(0, ConnectionState.TcpRetransmitting, 300);
        Set(0, ConnectionState.TcpUnacknowledged, TcpEstablishedSeconds);
        Set(0, ConnectionState.UdpUnreplied, 120);
        Set(0, ConnectionState.UdpReplied, 120);
        Set(0, ConnectionState.UdpStream, 300);
        Set(0, ConnectionState.IcmpUnreplied, 60);
        Set(0, ConnectionState.IcmpReplied, 60);
        Set(0, ConnectionState.GreUnreplied, 120);
        Set(0, ConnectionState.GreReplied, 300);
        Set(0, ConnectionState.GenericUnreplied, 600);
        Set(0, ConnectionState.GenericReplied, 600);
        Set(0, ConnectionState.SctpEstablished, 420);
        Set(0, ConnectionState.SctpClosed, 60);
        Set(0, ConnectionState.DccpRespond, 480);
        Set(0, ConnectionState.DccpPartOpen, 480);
        Set(0, ConnectionState.DccpOpen, TcpEstablishedSeconds);
    }

    /// <summary>Sets policy 0 to what a Linux router has without configuration.</summary>
    /// <remarks>
    /// The defaults of <c>net.netfilter.nf_conntrack_*_timeout*</c> in Linux 6.1. Several are below the floors of RFC
    /// 5382 REQ-5, RFC 4787 REQ-5 and RFC 5508 REQ-2; a UDP exchange without a stream has one value for both of our states.
    /// </remarks>
    public void SetLinux()
    {
        Fill(600);
        ReadOnlySpan<(ConnectionState State, uint Seconds)> values =
        [
            (ConnectionState.TcpSynSent, 120), (ConnectionState.TcpSynSent2, 120), (ConnectionState.TcpSynReceived, 60),
            (ConnectionState.TcpEstablished, 432_000), (ConnectionState.TcpFinWait, 120), (ConnectionState.TcpCloseWait, 60),
            (ConnectionState.TcpLastAck, 30), (ConnectionState.TcpTimeWait, 120), (ConnectionState.TcpClose, 10),
            (ConnectionState.TcpRetransmitting, 300), (ConnectionState.TcpUnacknowledged, 300),
            (ConnectionState.UdpUnreplied, 30), (ConnectionState.UdpReplied, 30), (ConnectionState.UdpStream, 120),
            (ConnectionState.IcmpUnreplied, 30), (ConnectionState.IcmpReplied, 30),
            (ConnectionState.GreUnreplied, 30), (ConnectionState.GreReplied, 180),
            (ConnectionState.GenericUnreplied, 600), (ConnectionState.GenericReplied, 600),
            (ConnectionState.SctpCookieWait, 3), (ConnectionState.SctpCookieEchoed, 3), (ConnectionState.SctpEstablished, 210),
            (ConnectionState.SctpShutdownSent, 3), (ConnectionState.SctpShutdownReceived, 3),
            (ConnectionState.SctpShutdownAckSent, 3), (ConnectionState.SctpClosed, 10), (ConnectionState.SctpHeartbeatSent, 30),
            (ConnectionState.DccpRequest, 240), (ConnectionState.DccpRespond, 480), (ConnectionState.DccpPartOpen, 480),
            (ConnectionState.DccpOpen, 43_200), (ConnectionState.DccpCloseRequest, 64), (ConnectionState.DccpClosing, 64),
            (ConnectionState.DccpTimeWait, 240),
        ];
        foreach ((ConnectionState state, uint seconds) in values)
        {
            Set(0, state, seconds);
        }
    }

    // Every place gets a value, so that no state, whoever adds it, expires at once.
    private void Fill(uint seconds)
    {
        for (int state = 0; state < States; state++)
        {
            _seconds[state] = seconds;
        }
    }
}
