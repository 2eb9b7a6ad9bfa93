using System.Collections.Immutable;
using Dataplane.Conntrack;

namespace Dataplane.Control.Configuration;

/// <summary>One key of <c>Conntrack.Timeouts</c>: which states it sets, its default and what the RFCs ask for.</summary>
/// <param name="Name">The key.</param>
/// <param name="DefaultSeconds">At least the floor.</param>
/// <param name="FloorSeconds">Below this a warning is given; 1 where no RFC names a floor.</param>
/// <param name="Source">The RFC and its requirement, or empty.</param>
/// <param name="States">The states it sets.</param>
public sealed record TimeoutKey(
    string Name, uint DefaultSeconds, uint FloorSeconds, string Source, ImmutableArray<ConnectionState> States)
{
    /// <summary>The floor of a TCP connection that is neither established nor gone (RFC 5382 REQ-5).</summary>
    private const uint Transitory = 240;

    private const string Tcp = "RFC 5382 REQ-5";
    private const string UdpSource = "RFC 4787 REQ-5";

    /// <summary>Every key, in the order of a connection's life.</summary>
    /// <remarks>
    /// Closed and reset connections have no floor: nothing of theirs is lost by going early. They stay as long as the
    /// transitory ones by default, because a forged reset must not be able to cut a live connection's mapping short.
    /// </remarks>
    public static ImmutableArray<TimeoutKey> All { get; } =
    [
        new("TcpSynSent", Transitory, Transitory, Tcp, [ConnectionState.TcpSynSent, ConnectionState.TcpSynSent2]),
        new("TcpSynReceived", Transitory, Transitory, Tcp, [ConnectionState.TcpSynReceived]),
        new("TcpEstablished", 7440, 7440, Tcp, [ConnectionState.TcpEstablished]),
        new("TcpFinWait", Transitory, Transitory, Tcp, [ConnectionState.TcpFinWait]),
        new("TcpCloseWait", Transitory, Transitory, Tcp, [ConnectionState.TcpCloseWait]),
        new("TcpLastAck", Transitory, Transitory, Tcp, [ConnectionState.TcpLastAck]),
        new("TcpTimeWait", Transitory, 1, "", [ConnectionState.TcpTimeWait]),
        new("TcpClose", Transitory, 1, "", [ConnectionState.TcpClose]),
        new("Udp", 120, 120, UdpSource, [ConnectionState.UdpUnreplied, ConnectionState.UdpReplied]),
        new("UdpStream", 300, 120, UdpSource, [ConnectionState.UdpStream]),
        new("Icmp", 60, 60, "RFC 5508 REQ-2", [ConnectionState.IcmpUnreplied, ConnectionState.IcmpReplied]),
    ];
}
