using System;
using System.Net;
using Dataplane.Packet;
using Dataplane.TestKit;

namespace Dataplane.Datapath.Tests.Model;

/// <summary>One random IPv6 packet, in the terms that the reference reasons in.</summary>
internal sealed record Ipv6Stimulus(int Port, string Source, string Destination, string Protocol, ushort SourcePort, ushort DestinationPort)
{
    private static readonly string[] s_near = ["2001:db8:1::10", "2001:db8:1::11", "2001:db8:3::30", "2001:db8:3::31", "2001:db8:2::99"];
    private static readonly string[] s_far = ["2001:db8:80::80", "2001:db8:8::5", "2001:db8:81::1", "2001:dead::1", "2001:db8:66::1"];
    private static readonly string[] s_own = ["2001:db8:1::1", "2001:db8:2::1", "2001:db8:3::1", "fe80::a", "fe80::b", "2001:db8:3::"];
    private static readonly string[] s_odd = ["fe80::77", "fe80::78", "ff02::1", "ff02::2", "ff02::fb", "ff0e::1", "::", "::1", "::ffff:1.2.3.4"];

    public byte HopLimit { get; init; }

    public int PayloadBytes { get; init; }

    public bool IsDamaged { get; init; }

    public bool IsForStranger { get; init; }

    public static Ipv6Stimulus Next(Random random)
    {
        string[] protocols = ["udp", "udp", "udp", "syn", "synack", "ack", "request", "request", "reply"];
        string protocol = protocols[random.Next(protocols.Length)];
        (ushort client, ushort server) = ((ushort)random.Next(1000, 1020), (ushort)(random.Next(4) == 0 ? 9 : 80));
        bool isFromServer = protocol == "synack" || (protocol == "udp" && random.Next(2) == 0);
        string source = Address(random, isSource: true);
        return new Ipv6Stimulus(
            random.Next(3), source, Address(random, isSource: false), protocol, isFromServer ? server : client, isFromServer ? client : server)
        {
            HopLimit = (byte)(random.Next(12) switch { 0 => 0, 1 => 1, 2 => 2, _ => 64 }),
            PayloadBytes = random.Next(8) == 0 ? random.Next(1200, 1420) : random.Next(60),
            IsDamaged = random.Next(50) == 0,
            IsForStranger = random.Next(60) == 0,
        };
    }

    public byte[] Build()
    {
        MacAddress to = IsForStranger ? MacAddress.Parse("02:99:99:99:99:99") : Network.MacOfPort(Port);
        PacketBuilder packet = new PacketBuilder().Ethernet("02:00:00:00:77:77", to.ToString()).Ipv6(Source, Destination, HopLimit);
        packet = Protocol switch
        {
            "udp" => packet.Udp(SourcePort, DestinationPort),
            "syn" => packet.Tcp(SourcePort, DestinationPort, TcpFlags.Syn, 1000, 0),
            "synack" => packet.Tcp(SourcePort, DestinationPort, TcpFlags.Syn | TcpFlags.Ack, 7000, 1001),
            "ack" => packet.Tcp(SourcePort, (ushort)(DestinationPort + 10_000), TcpFlags.Ack),
            "request" => packet.Icmpv6(128, 0, (uint)SourcePort << 16 | 7),
            _ => packet.Icmpv6(129, 0, (uint)SourcePort << 16 | 7),
        };
        byte[] frame = packet.Payload(Protocol is "syn" or "synack" ? 0 : PayloadBytes).Build();
        frame[^1] ^= (byte)(IsDamaged ? 0x40 : 0);
        return frame;
    }

    /// <summary>What identifies the packet's direction of its connection.</summary>
    public string Key => Protocol switch
    {
        "udp" => $"udp {Source} {SourcePort} {Destination} {DestinationPort}",
        "request" or "reply" => $"{Protocol} {Source} {Destination} {SourcePort}",
        "ack" => $"tcp {Source} {SourcePort} {Destination} {DestinationPort + 10_000}",
        _ => $"tcp {Source} {SourcePort} {Destination} {DestinationPort}",
    };

    /// <summary>The key of the packets that answer it.</summary>
    public string ReplyKey => Protocol switch
    {
        "request" => $"reply {Destination} {Source} {SourcePort}",
        "udp" => $"udp {Destination} {DestinationPort} {Source} {SourcePort}",
        _ => $"tcp {Destination} {DestinationPort} {Source} {SourcePort}",
    };

    private static string Address(Random random, bool isSource)
    {
        string[] from = random.Next(20) switch
        {
            < 9 => s_near,
            < 16 => s_far,
            < 18 when !isSource => s_own,
            < 17 => s_own,
            _ => s_odd,
        };
        return IPAddress.Parse(from[random.Next(from.Length)]).ToString();
    }
}
