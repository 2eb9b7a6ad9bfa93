using Dataplane.Packet;

namespace Dataplane.Oracle.Tests;

/// <summary>An address and a port; of an ICMP query the id.</summary>
/// <param name="Address">IPv4 or IPv6, as text.</param>
/// <param name="Port">Host order; 0 where the protocol has none.</param>
internal sealed record Endpoint(string Address, ushort Port)
{
    public override string ToString() => $"{Address}:{Port}";
}

/// <summary>Where a packet enters a router.</summary>
internal enum Side
{
    Lan,
    Wan,
}

/// <summary>The connection that a comparison watches, by the tuple of its first packet before any translation.</summary>
/// <param name="Protocol">IANA number.</param>
/// <param name="Client">Who opens it, a host on the lan.</param>
/// <param name="Server">Whom it reaches, beyond the wan.</param>
internal sealed record Flow(byte Protocol, Endpoint Client, Endpoint Server)
{
    public bool IsIpv6 => Client.Address.Contains(':', System.StringComparison.Ordinal);

    public bool IsQuery => Protocol is IpProtocol.Icmp or IpProtocol.Icmpv6;

    public bool HasPorts => Protocol is IpProtocol.Tcp or IpProtocol.Udp or IpProtocol.UdpLite or IpProtocol.Sctp or IpProtocol.Dccp;

    public override string ToString() => $"{IpProtocol.Name(Protocol)} {Client} > {Server}";
}
