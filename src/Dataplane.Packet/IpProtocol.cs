using System.Globalization;

namespace Dataplane.Packet;

/// <summary>IANA protocol numbers that the router gives a meaning to.</summary>
public static class IpProtocol
{
    public const byte HopByHop = 0;
    public const byte Icmp = 1;
    public const byte Tcp = 6;
    public const byte Udp = 17;
    public const byte Dccp = 33;
    public const byte Routing = 43;
    public const byte Fragment = 44;
    public const byte Gre = 47;
    public const byte Esp = 50;
    public const byte Authentication = 51;
    public const byte Icmpv6 = 58;
    public const byte NoNext = 59;
    public const byte DestinationOptions = 60;
    public const byte Sctp = 132;
    public const byte UdpLite = 136;

    /// <summary>The name that listings show; the number where there is none.</summary>
    public static string Name(byte protocol) => protocol switch
    {
        Icmp => "icmp",
        Tcp => "tcp",
        Udp => "udp",
        Dccp => "dccp",
        Gre => "gre",
        Icmpv6 => "icmpv6",
        Sctp => "sctp",
        UdpLite => "udplite",
        _ => protocol.ToString(CultureInfo.InvariantCulture),
    };
}
