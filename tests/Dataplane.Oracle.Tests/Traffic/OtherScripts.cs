using System.Collections.Generic;
using Dataplane.Packet;

namespace Dataplane.Oracle.Tests;

/// <summary>A conversation of any protocol.</summary>
/// <param name="Protocol">IANA number.</param>
/// <param name="IsIpv6">Without translation.</param>
/// <param name="Lines">See <see cref="Scripts"/>.</param>
internal sealed record OtherScript(byte Protocol, bool IsIpv6, params string[] Lines);

/// <summary>Conversations of everything that is not TCP, and ICMP errors about TCP as well.</summary>
internal static class OtherScripts
{
    private const byte Experimental = 253; // RFC 3692

    public static IReadOnlyDictionary<string, OtherScript> All { get; } = new Dictionary<string, OtherScript>
    {
        // Datagrams
        ["UDP one way"] = new(IpProtocol.Udp, false, "> data l=10 : OPEN", "> data l=0 : OPEN", "> data l=1400 : OPEN"),
        ["UDP both ways"] = new(IpProtocol.Udp, false, "> data l=10 : OPEN", "< data l=10 : OPEN+r", "> data l=10", "< data l=0"),
        ["UDP both ways over IPv6"] = new(IpProtocol.Udp, true, "> data l=10 : OPEN", "< data l=10 : OPEN+r", "> data l=10", "< data l=0"),
        ["UDP from outside"] = new(IpProtocol.Udp, false, "< data l=10 : drop"),
        ["UDP without checksum, and with a bad one"] = new(
            IpProtocol.Udp, false, "> data l=10 bad : drop", "> data l=10 zero : OPEN", "< data l=10 zero : OPEN+r", "< data l=10 bad : drop"),
        ["UDP with a bad checksum over IPv6"] = new(IpProtocol.Udp, true, "> data l=10 bad : drop", "> data l=10 : OPEN", "< data l=10 bad : drop"),
        ["UDP of a length that cannot be"] = new(
            IpProtocol.Udp, false, "> data l=10 long : drop", "> data l=10 short : drop", "> data l=10 : OPEN", "< data l=10 long : drop"),
        ["UDP-Lite with a bad checksum"] = new(IpProtocol.UdpLite, false, "> data l=10 bad : drop"),

        // Queries
        ["echo"] = new(
            IpProtocol.Icmp, false, "> echo 1 : OPEN", "< echo 1 : OPEN+r", "> echo 2 : OPEN+r", "> echo 3 : OPEN+r", "< echo 3 : OPEN+r", "< echo 2 : OPEN+r"),
        ["echo reply twice"] = new(IpProtocol.Icmp, false, "> echo 1 : OPEN", "< echo 1 : OPEN+r", "< echo 1 : OPEN+r"),
        ["echo with bad checksums"] = new(IpProtocol.Icmp, false, "> echo 1 bad : drop", "> echo 1 : OPEN", "< echo 1 bad : drop", "< echo 1 : OPEN+r"),
        ["echo reply unasked"] = new(IpProtocol.Icmp, false, "< echo 1 : drop", "> echo 1 reversed : drop"),
        ["echo request from outside"] = new(IpProtocol.Icmp, false, "< echo 1 reversed : drop"),
        ["echo over IPv6"] = new(IpProtocol.Icmpv6, true, "> echo 1 : OPEN", "< echo 1 : OPEN+r", "> echo 2 : OPEN+r", "< echo 2 : OPEN+r"),
        ["echo reply unasked over IPv6"] = new(IpProtocol.Icmpv6, true, "> echo 1 reversed : drop", "< echo 1 : drop"),

        // Errors
        ["errors about what was sent"] = new(
            IpProtocol.Udp, false, "> data l=64 : OPEN", "< error 3/3 quote=28 : OPEN", "< error 3/4 quote=92 : OPEN", "< error 11/0 quote=28 : OPEN",
            "< error 12/0 quote=28 : OPEN", "< error 4/0 quote=28 : OPEN", "< data l=5 : OPEN+r"),
        ["errors about what was answered"] = new(
            IpProtocol.Udp, false, "> data l=64 : OPEN", "< data l=64 : OPEN+r", "> error 3/3 quote=28 : OPEN+r", "> error 3/3 quote=92 : OPEN+r"),
        ["a redirect"] = new(IpProtocol.Udp, false, "> data l=64 : OPEN", "< error 5/1 quote=28 : drop"),
        ["errors that quote too little"] = new(
            IpProtocol.Udp, false, "> data l=64 : OPEN", "< error 3/3 quote=27 : drop", "< error 3/3 quote=20 : drop", "< error 3/3 quote=19 : drop",
            "< error 3/3 quote=0 : drop"),
        ["errors that do not fit"] = new(
            IpProtocol.Udp, false, "> data l=64 : OPEN", "< error 3/3 quote=28 port=1 : drop", "< error 3/3 quote=28 outgoing : drop",
            "< error 3/3 quote=28 elsewhere : drop", "< error 3/3 quote=28 bad : drop", "< data l=64 : OPEN+r", "> error 3/3 quote=28 port=1 : drop",
            "> error 3/3 quote=28 outgoing : drop"),
        ["errors about nothing"] = new(IpProtocol.Udp, false, "< error 3/3 quote=28 : drop", "> error 3/3 quote=28 : drop"),
        ["errors about TCP"] = new(
            IpProtocol.Tcp, false, "> S 0 : SYN_SENT", "< error 3/1 quote=28 : SYN_SENT", "< SA 0 a=1 : SYN_RECV+r", "> A 1 a=1 : ESTABLISHED+r+a",
            "< error 3/4 quote=40 : ESTABLISHED+r+a", "< error 3/3 quote=28 port=3 : drop", "> error 3/3 quote=28 : ESTABLISHED+r+a", "< A 1 a=1 : ESTABLISHED+r+a"),
        ["errors about an echo"] = new(IpProtocol.Icmp, false, "> echo 1 : OPEN", "< error 3/1 quote=28 : OPEN", "< error 11/0 quote=60 : OPEN", "< echo 1 : OPEN+r"),
        ["errors over IPv6"] = new(
            IpProtocol.Udp, true, "> data l=64 : OPEN", "< error 1/4 quote=48 : OPEN", "< error 2/0 quote=112 : OPEN", "< error 3/0 quote=48 : OPEN",
            "< error 4/0 quote=48 : OPEN", "< data l=4 : OPEN+r", "> error 1/4 quote=48 : OPEN+r"),
        ["errors over IPv6 that do not fit"] = new(
            IpProtocol.Udp, true, "> data l=64 : OPEN", "< error 1/4 quote=48 port=1 : drop", "< error 1/4 quote=48 outgoing : drop", "< error 1/4 quote=48 bad : drop",
            "< error 1/4 quote=48 elsewhere : drop", "< error 1/4 quote=40 : drop"),

        // Protocols without ports
        ["a protocol that nobody knows"] = new(Experimental, false, "> data l=30 : OPEN", "> data l=30 : OPEN", "< data l=30 : OPEN+r", "> data l=10 : OPEN+r"),
        ["a protocol that nobody knows, over IPv6"] = new(Experimental, true, "> data l=30 : OPEN", "< data l=30 : OPEN+r", "> data l=10 : OPEN+r"),
        ["a protocol that nobody knows, from outside"] = new(Experimental, false, "< data l=30 : drop"),
        ["ESP"] = new(IpProtocol.Esp, false, "> data l=30 : OPEN", "< data l=30 : OPEN+r"),
        ["GRE"] = new(IpProtocol.Gre, false, "> data l=30 : OPEN", "> data l=30 : OPEN", "< data l=30", "> data l=10 : OPEN+r+a"),
        ["GRE over IPv6"] = new(IpProtocol.Gre, true, "> data l=30 : OPEN", "< data l=30", "> data l=30 : OPEN+r+a"),

        // SCTP
        ["an association from INIT to SHUTDOWN COMPLETE"] = new(
            IpProtocol.Sctp, false, "> Init v=0 i=11", "< InitAck v=11 i=22 : COOKIE_WAIT+r", "> CookieEcho v=22 : COOKIE_ECHOED+r",
            "< CookieAck v=11 : ESTABLISHED+r+a", "> Data v=22 : ESTABLISHED+r+a", "< Data v=11 : ESTABLISHED+r+a", "> Shutdown v=22 : SHUTDOWN_SENT+r+a",
            "< ShutdownAck v=11 : SHUTDOWN_ACK_SENT+r+a", "> ShutdownComplete v=22 : CLOSED+r+a"),
        ["an association over IPv6 that the server ends"] = new(
            IpProtocol.Sctp, true, "> Init v=0 i=11", "< InitAck v=11 i=22 : COOKIE_WAIT+r", "> CookieEcho v=22 : COOKIE_ECHOED+r", "< CookieAck v=11 : ESTABLISHED+r+a",
            "< Shutdown v=11 : SHUTDOWN_RECD+r+a", "> ShutdownAck v=22 : SHUTDOWN_ACK_SENT+r+a", "< ShutdownComplete v=11 : CLOSED+r+a"),
        ["wrong verification tags"] = new(
            IpProtocol.Sctp, false, "> Init v=5 i=1 : drop", "> Init v=0 i=11", "> Init v=0 i=11", "< InitAck v=11 i=22 : COOKIE_WAIT+r", "< InitAck v=99 i=22 : drop",
            "> CookieEcho v=5 : drop", "> CookieEcho v=22 : COOKIE_ECHOED+r", "< CookieAck v=11 : ESTABLISHED+r+a", "> Data v=1 : drop", "< Data v=1 : drop",
            "> Abort v=1 : drop", "> Abort v=22 : CLOSED+r+a"),
        ["an association refused"] = new(IpProtocol.Sctp, false, "> Init v=0 i=11", "< Abort v=11 : CLOSED+r"),
        ["DATA without an association"] = new(IpProtocol.Sctp, false, "> Data v=1 : drop", "< Data v=1 : drop"),
        ["INIT with a bad checksum"] = new(IpProtocol.Sctp, false, "> Init v=0 i=11 bad : drop"),
        ["HEARTBEAT on another path"] = new(
            IpProtocol.Sctp, false, "> Heartbeat v=22 : HEARTBEAT_SENT", "< HeartbeatAck v=11 : ESTABLISHED+r+a", "> Data v=22 : ESTABLISHED+r+a"),
    };
}
