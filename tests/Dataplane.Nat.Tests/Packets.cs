using Dataplane.Packet;

namespace Dataplane.Nat.Tests;

/// <summary>First packets as rules see them.</summary>
internal static class Packets
{
    public static FirstPacket First(
        byte protocol = IpProtocol.Tcp, string source = "10.0.0.5", ushort sourcePort = 40000,
        string destination = "192.0.2.9", ushort destinationPort = 80, byte ingress = 1, byte egress = 2) => new()
        {
            In = ingress,
            Out = egress,
            Tuple = new Ipv4Tuple
            {
                Source = Ipv4Address.Parse(source),
                Destination = Ipv4Address.Parse(destination),
                SourcePort = Be16.FromHost(sourcePort),
                DestinationPort = Be16.FromHost(destinationPort),
                Protocol = protocol,
                Kind = protocol == IpProtocol.Icmp ? IcmpType.EchoRequest : (byte)0,
            },
        };
}
