using System;
using System.Runtime.CompilerServices;
using Dataplane.Packet;
using static Dataplane.Conntrack.ConnectionState;

namespace Dataplane.Conntrack;

/// <summary>The protocol trackers whose packets have a direction and a class and nothing else; and TCP's states.</summary>
/// <remarks>
/// <para>
/// A packet's direction, its class (what its TCP flags say; <see cref="Plain"/> for every other protocol here) and the
/// connection's state select one byte: the next state, or one of three verdicts above the states. A state implies flags
/// and, through the connection's policy, a timeout; so all that a hit does to an entry is one table look-up, and a swap
/// of the state word if that changed it.
/// </para>
/// <para>
/// Of TCP the table holds what flags alone can say. Whether a segment may say it is for <see cref="TcpTracker"/>, which looks
/// here for a segment's effect and refuses, or keeps, what the sequence numbers contradict. SCTP and DCCP, with a dozen
/// classes each, have tables of their own in <see cref="SctpTracker"/> and <see cref="DccpTracker"/>: their states are
/// refused here.
/// </para>
/// </remarks>
public static class Trackers
{
    /// <summary>Data, acknowledgements, and everything that is not TCP.</summary>
    public const int Plain = 0;
    public const int Syn = 1;
    public const int SynAck = 2;
    public const int Fin = 3;
    public const int Rst = 4;

    /// <summary>Verdict: the state does not allow this packet; it is dropped and nothing changes.</summary>
    public const byte Invalid = 0x80;

    /// <summary>Verdict: forwarded, but the connection neither changes nor lives longer for it.</summary>
    public const byte Keep = 0x81;

    /// <summary>Verdict: a new connection with the tuple of one that has ended.</summary>
    public const byte Reopen = 0x82;

    private const int Classes = 8;
    private const int States = TimeoutTable.States;

    // Short names make the rows below readable as a table.
    private const byte Ss = (byte)TcpSynSent;
    private const byte S2 = (byte)TcpSynSent2;
    private const byte Sr = (byte)TcpSynReceived;
    private const byte Es = (byte)TcpEstablished;
    private const byte Fw = (byte)TcpFinWait;
    private const byte Cw = (byte)TcpCloseWait;
    private const byte La = (byte)TcpLastAck;
    private const byte Tw = (byte)TcpTimeWait;
    private const byte Cl = (byte)TcpClose;

    // Columns of the TCP rows: None SynSent SynSent2 SynReceived Established FinWait CloseWait LastAck TimeWait Close.
    private static readonly (Direction Direction, int Class, byte[] Next)[] s_tcpRows =
    [
        // Original SYN: the opening, repeated while unanswered. On a live connection it is a stray or an attack and the peer
        // answers with a challenge ACK (RFC 5961 §4); on an ended one it opens the next (RFC 9293 §3.6.1).
        (Direction.Original, Syn,
            [Invalid, Ss, S2, Keep, Keep, Keep, Keep, Keep, Reopen, Reopen]),

        // Original SYN and ACK: only in a simultaneous open (RFC 9293 §3.5, figure 7).
        (Direction.Original, SynAck,
            [Invalid, Invalid, Sr, Sr, Keep, Keep, Keep, Keep, Keep, Keep]),

        // Original FIN: the first of two, or the second.
        (Direction.Original, Fin,
            [Invalid, Invalid, Invalid, Fw, Fw, La, La, La, Tw, Keep]),

        // Original ACK: ends the handshake, acknowledges a FIN, carries data. Before the peer has answered nothing can
        // be acknowledged.
        (Direction.Original, Plain,
            [Invalid, Invalid, Keep, Es, Es, Cw, Cw, Tw, Tw, Cl]),

        // Original RST: the end, from any state, if its number is exact.
        (Direction.Original, Rst,
            [Invalid, Cl, Cl, Cl, Cl, Cl, Cl, Cl, Keep, Keep]),

        // Reply SYN: a simultaneous open. It never ends a connection: after a forged reset it would be all that an
        // outsider needs.
        (Direction.Reply, Syn,
            [Invalid, S2, S2, Keep, Keep, Keep, Keep, Keep, Keep, Keep]),

        // Reply SYN and ACK: the answer, and its repetitions.
        (Direction.Reply, SynAck,
            [Invalid, Sr, Sr, Sr, Keep, Keep, Keep, Keep, Keep, Keep]),

        // Reply FIN.
        (Direction.Reply, Fin,
            [Invalid, Invalid, Invalid, Fw, Fw, La, La, La, Tw, Keep]),

        // Reply ACK: to a SYN it is a challenge from an older connection of the same tuple (RFC 9293 §3.10.7.4) and
        // must reach the client.
        (Direction.Reply, Plain,
            [Invalid, Keep, Keep, Sr, Es, Cw, Cw, Tw, Tw, Cl]),

        // Reply RST: refused, if it acknowledges the SYN; or the end, if its number is exact.
        (Direction.Reply, Rst,
            [Invalid, Cl, Cl, Cl, Cl, Cl, Cl, Cl, Keep, Keep]),
    ];

    /// <summary>Next state or verdict by direction, class and state; 1 KiB.</summary>
    public static ReadOnlySpan<byte> Transitions => s_transitions;

    private static readonly byte[] s_transitions = Build();

    /// <summary>What a packet does to a state word, by the same index: the next state or verdict in bits 24-31, flags
    /// to set in the low 16.</summary>
    /// <remarks>The packet path's form of the table: one load in place of a look-up and the branches of <see
    /// cref="FlagsOf"/>.</remarks>
    public static void CopyEffects(Span<uint> effects)
    {
        for (int index = 0; index < s_transitions.Length; index++)
        {
            byte next = s_transitions[index];
            Direction direction = (Direction)(index / (Classes * States));
            EntryFlags flags = next < Invalid ? FlagsOf((ConnectionState)next, direction) : EntryFlags.None;
            effects[index] = (uint)next << 24 | (uint)flags;
        }
    }

    /// <summary>The place in <see cref="Transitions"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int IndexOf(Direction direction, int packetClass, ConnectionState state) =>
        (int)direction * Classes * States + packetClass * States + (int)state;

    /// <summary>The class of a TCP segment.</summary>
    /// <remarks>Inlined, and branch-free for the plain segment that nearly all are.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ClassOf(TcpFlags flags)
    {
        if ((flags & (TcpFlags.Syn | TcpFlags.Fin | TcpFlags.Rst)) == 0)
        {
            return Plain;
        }

        return (flags & TcpFlags.Rst) != 0 ? Rst
            : (flags & TcpFlags.Syn) == 0 ? Fin
            : (flags & TcpFlags.Ack) != 0 ? SynAck : Syn;
    }

    /// <summary>Flags that reaching a state implies.</summary>
    /// <remarks>
    /// Assured: TCP, SCTP and DCCP after their handshakes; UDP when packets follow an answer, so that a mere request and response
    /// stays evictable; GRE when both ends speak.
    /// </remarks>
    public static EntryFlags FlagsOf(ConnectionState state, Direction direction) =>
        (state is TcpEstablished or UdpStream or GreReplied or SctpEstablished or DccpOpen ? EntryFlags.Assured : EntryFlags.None)
        | (direction == Direction.Reply ? EntryFlags.SeenReply : EntryFlags.None);

    /// <summary>The first state of a connection of a protocol without a tracker of its own.</summary>
    /// <param name="protocol">IANA protocol number; not TCP, SCTP or DCCP, whose trackers look at the packet.</param>
    /// <param name="kind">Of ICMP and ICMPv6 the message type, else ignored.</param>
    /// <param name="state">The first state.</param>
    /// <returns><see cref="DropReason.None"/>, or why this packet opens nothing.</returns>
    public static DropReason Open(byte protocol, byte kind, out ConnectionState state)
    {
        bool opens = protocol switch
        {
            IpProtocol.Icmp => IcmpType.IsRequest(kind),
            IpProtocol.Icmpv6 => kind == Icmpv6Type.EchoRequest,
            _ => true,
        };
        state = protocol switch
        {
            IpProtocol.Icmp or IpProtocol.Icmpv6 => IcmpUnreplied,
            IpProtocol.Udp or IpProtocol.UdpLite => UdpUnreplied,
            IpProtocol.Gre => GreUnreplied,
            IpProtocol.Tcp or IpProtocol.Sctp or IpProtocol.Dccp => None,
            _ => GenericUnreplied,
        };
        return !opens ? DropReason.IcmpReplyUnsolicited : state == None ? DropReason.ProtocolUnsupported : DropReason.None;
    }

    private static byte[] Build()
    {
        byte[] table = new byte[2 * Classes * States];
        Array.Fill(table, Invalid);
        foreach ((Direction direction, int packetClass, byte[] next) in s_tcpRows)
        {
            next.CopyTo(table, IndexOf(direction, packetClass, None));
        }

        // UDP and UDP-Lite: an answer makes it replied, another packet of the opener after that a stream (RFC 4787 §4.3 speaks of
        // timers only).
        table[IndexOf(Direction.Original, Plain, UdpUnreplied)] = (byte)UdpUnreplied;
        table[IndexOf(Direction.Original, Plain, UdpReplied)] = (byte)UdpStream;
        table[IndexOf(Direction.Original, Plain, UdpStream)] = (byte)UdpStream;
        table[IndexOf(Direction.Reply, Plain, UdpUnreplied)] = (byte)UdpReplied;
        table[IndexOf(Direction.Reply, Plain, UdpReplied)] = (byte)UdpReplied;
        table[IndexOf(Direction.Reply, Plain, UdpStream)] = (byte)UdpStream;

        // ICMP and ICMPv6 queries: a ping with one id is one connection, however many requests it sends. GRE and other
        // protocols: whoever answers makes it replied.
        ReadOnlySpan<(ConnectionState Unreplied, ConnectionState Replied)> twoWay =
            [(IcmpUnreplied, IcmpReplied), (GreUnreplied, GreReplied), (GenericUnreplied, GenericReplied)];
        foreach ((ConnectionState unreplied, ConnectionState replied) in twoWay)
        {
            table[IndexOf(Direction.Original, Plain, unreplied)] = (byte)unreplied;
            table[IndexOf(Direction.Original, Plain, replied)] = (byte)replied;
            table[IndexOf(Direction.Reply, Plain, unreplied)] = (byte)replied;
            table[IndexOf(Direction.Reply, Plain, replied)] = (byte)replied;
        }

        return table;
    }
}
