using System.Collections.Generic;
using Dataplane.TestKit;

namespace Dataplane.Packet.Tests;

/// <summary>One good frame of every kind that the parser accepts, by the name that a failing test prints.</summary>
internal static class SampleFrames
{
    public const string Host = "10.0.0.1";
    public const string Server = "192.0.2.1";
    public const string Host6 = "2001:db8::1";
    public const string Server6 = "2001:db8::2";

    public static IReadOnlyDictionary<string, byte[]> All { get; } = new Dictionary<string, byte[]>
    {
        ["arp request"] = new PacketBuilder().Arp(1, Host, "10.0.0.254").Build(),
        ["arp reply"] = new PacketBuilder().Arp(2, Host, "10.0.0.254", targetMac: MacAddress.Parse("02:00:00:00:00:02")).Build(),
        ["arp in a vlan, padded"] = new PacketBuilder().Vlan(9).Arp(1, Host, "10.0.0.254").Trailer(new byte[14]).Build(),
        ["udp"] = Four().Udp(1000, 53).Payload(5).Build(),
        ["udp without data"] = Four().Udp(0, 65535).Build(),
        ["udp without a checksum"] = Four().Udp(1000, 53).Payload(3).WithChecksum(0).Build(),
        ["udp shorter than the datagram"] = Four().Udp(1000, 53).Payload(30).WithUdpLength(18).Build(),
        ["udp, padded"] = Four().Udp(1000, 53).Payload(5).Trailer(new byte[13]).Build(),
        ["udp with options"] = Four().Options(7, 7, 4, 0, 0, 0, 0, 1).Udp(1000, 53).Payload(5).Build(),
        ["udp with all the options that fit"] = Four().Options([148, 4, 0, 0, .. new byte[36]]).Udp(1000, 53).Payload(5).Build(),
        ["tcp syn"] = Four().Tcp(40000, 443, TcpFlags.Syn, options: [2, 4, 5, 180, 1, 3, 3, 7]).Build(),
        ["tcp with data"] = Four().Tcp(40000, 443, TcpFlags.Ack | TcpFlags.Psh).Payload(100).Build(),
        ["tcp, padded"] = Four().Tcp(40000, 443, TcpFlags.Fin | TcpFlags.Ack).Trailer(new byte[6]).Build(),
        ["tcp of sixty header bytes"] = Four().Tcp(40000, 443, options: new byte[40]).Payload(1).Build(),
        ["tcp in a vlan"] = Four().Vlan(100, priority: 5).Tcp(40000, 443).Build(),
        ["tcp in two vlans"] = Four().Vlan(200, EtherType.ServiceVlan).Vlan(300).Tcp(40000, 443).Build(),
        ["tcp in two customer vlans"] = Four().Vlan(200).Vlan(300).Tcp(40000, 443).Build(),
        ["echo request"] = Four().Icmp(IcmpType.EchoRequest, 0, 500, 1).Payload(32).Build(),
        ["echo reply"] = Four().Icmp(IcmpType.EchoReply, 0, 500, 1).Payload(32).Build(),
        ["echo reply of zeros"] = Four().Icmp(IcmpType.EchoReply).Build(),
        ["timestamp request"] = Four().Icmp(IcmpType.TimestampRequest, 0, 500, 1).Payload(12).Build(),
        ["timestamp reply"] = Four().Icmp(IcmpType.TimestampReply, 0, 500, 1).Payload(12).Build(),
        ["port unreachable"] = Error(IcmpType.DestinationUnreachable, 3),
        ["source quench"] = Error(IcmpType.SourceQuench, 0),
        ["time exceeded"] = Error(IcmpType.TimeExceeded, 0),
        ["parameter problem"] = Error(IcmpType.ParameterProblem, 0),
        ["sctp init"] = Four().Sctp(40000, 2905, 0).Payload(PacketBuilder.InitChunk(SctpChunkType.Init, 77)).Build(),
        ["sctp data, padded"] = Four().Sctp(40000, 2905, 77).Payload(PacketBuilder.Chunk(SctpChunkType.Data, 3, new byte[15]))
            .Trailer(new byte[5]).Build(),
        ["sctp without a chunk"] = Four().Sctp(0, 65535, 77).Build(),
        ["udp-lite"] = Four().UdpLite(1000, 53).Payload(5).Build(),
        ["udp-lite of a covered header"] = Four().UdpLite(1000, 53, 8).Payload(5).Trailer(new byte[9]).Build(),
        ["udp-lite covered to an odd byte"] = Four().UdpLite(1000, 53, 11).Payload(5).Build(),
        ["dccp request"] = Four().Dccp(40000, 5001).Build(),
        ["dccp data of a covered header"] = Four().Dccp(40000, 5001, DccpType.DataAck, 1).Payload(21).Build(),
        ["dccp data covered in part, with options"] = Four().Dccp(40000, 5001, DccpType.Data, 3, 38, 4, 1).Payload(21).Build(),
        ["gre"] = Four().Gre().Payload(24).Build(),
        ["gre with key and sequence"] = Four().Gre(key: 0x1234_5678, sequence: 9).Payload(24).Build(),
        ["gre with all there is"] = Four().Gre(key: 0x1234_5678, sequence: 9, hasChecksum: true).Payload(25).Build(),
        ["gre with a checksum alone"] = Four().Gre(hasChecksum: true).Payload(24).Build(),
        ["gre of pptp"] = Four().Pptp(0x4242).Payload(24).Build(),
        ["esp"] = Four().WithProtocol(IpProtocol.Esp).Payload(40).Build(),
        ["ah"] = Four().WithProtocol(IpProtocol.Authentication).Payload(24).Build(),
        ["a protocol without data"] = Four().WithProtocol(254).Build(),
        ["first fragment of sctp"] = Four().WithFlagsAndOffset(0x2000).Sctp(40000, 2905, 77)
            .Payload(PacketBuilder.Chunk(SctpChunkType.Data, 3, new byte[16])).WithCrc(0xBEEF).Build(),
        ["first fragment of udp-lite"] = Four().WithFlagsAndOffset(0x2000).UdpLite(1000, 53, 700).Payload(8).Build(),
        ["first fragment of dccp"] = Four().WithFlagsAndOffset(0x2000).Dccp(40000, 5001, DccpType.Data, 15).Payload(16).Build(),
        ["first fragment of gre"] = Four().WithFlagsAndOffset(0x2000).Gre(key: 7).Payload(16).Build(),
        ["first fragment of a protocol"] = Four().WithFlagsAndOffset(0x2000).WithProtocol(254).Payload(16).Build(),
        ["first fragment"] = Four().WithFlagsAndOffset(0x2000).Udp(1000, 53).Payload(8).WithUdpLength(700).Build(),
        ["first fragment of tcp"] = Four().WithFlagsAndOffset(0x2000).Tcp(40000, 443, options: [1, 1, 1, 1]).Payload(16).Build(),
        ["first fragment of an echo"] = Four().WithFlagsAndOffset(0x2000).Icmp(IcmpType.EchoRequest, 0, 500, 1).Payload(32).Build(),
        ["middle fragment"] = Four().WithFlagsAndOffset(0x2003).Udp(1, 2).Payload(8).Trailer(new byte[4]).Build(),
        ["last fragment with options"] = Four().Options(1, 1, 1, 1).WithFlagsAndOffset(185).Udp(1, 2).Payload(3).Build(),
        ["fragment of an unknown protocol"] = Four().WithProtocol(99).WithFlagsAndOffset(185).Udp(1, 2).Payload(3).Build(),
        ["first fragment6"] = Six().Extension(IpProtocol.Fragment, 0, 0, 0, 1, 1, 2, 3, 4).Udp(1000, 53).Payload(8).WithUdpLength(700).Build(),
        ["first fragment6 behind and before extensions"] = Six()
            .Extension(IpProtocol.HopByHop, 0, 0, 5, 2, 0, 0, 1, 0)
            .Extension(IpProtocol.Fragment, 0, 0, 0, 1, 1, 2, 3, 4)
            .Extension(IpProtocol.DestinationOptions, 0, 0, 1, 4, 0, 0, 0, 0)
            .Icmpv6(Icmpv6Type.EchoRequest, 0, 0x01F4_0001).Payload(16).Build(),
        ["middle fragment6"] = Six().Extension(IpProtocol.Fragment, 0, 0, 0, 0x19, 1, 2, 3, 4).Udp(1, 2).Payload(8).Build(),
        ["last fragment6"] = Six().Extension(IpProtocol.Fragment, 0, 0, 5, 0xC8, 1, 2, 3, 4).Udp(1, 2).Payload(3).Build(),
        ["atomic fragment6"] = Six().Extension(IpProtocol.Fragment, 0, 0, 0, 0, 1, 2, 3, 4).Udp(1000, 53).Payload(5).Build(),
        ["udp6"] = Six().Udp(1000, 53).Payload(5).Build(),
        ["tcp6"] = Six().Tcp(40000, 443).Payload(6).Trailer(new byte[3]).Build(),
        ["tcp6 in a vlan"] = Six().Vlan(7).Tcp(40000, 443).Build(),
        ["echo6 request"] = Six().Icmpv6(Icmpv6Type.EchoRequest, 0, 0x01F4_0001).Payload(8).Build(),
        ["echo6 reply"] = Six().Icmpv6(Icmpv6Type.EchoReply, 0, 0x01F4_0001).Payload(8).Build(),
        ["packet too big"] = Six().Icmpv6(Icmpv6Type.PacketTooBig, 0, 1280).Payload(48).Build(),
        ["udp6 behind every extension"] = Six()
            .Extension(IpProtocol.HopByHop, 0, 0, 5, 2, 0, 0, 1, 0)
            .Extension(IpProtocol.DestinationOptions, 0, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
            .Extension(IpProtocol.Routing, 0, 0, 2, 0, 0, 0, 0, 0)
            .Extension(IpProtocol.Authentication, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
            .Udp(1000, 53).Payload(5).Build(),
        ["sctp6"] = Six().Sctp(40000, 2905, 77).Payload(PacketBuilder.Chunk(SctpChunkType.Heartbeat, 0, new byte[6])).Build(),
        ["udp-lite6"] = Six().UdpLite(1000, 53, 10).Payload(5).Build(),
        ["dccp6"] = Six().Dccp(40000, 5001, DccpType.Response, 2).Payload(9).Build(),
        ["gre6"] = Six().Gre(key: 0x1234_5678, hasChecksum: true).Payload(24).Build(),
        ["esp6 behind an extension"] = Six().Extension(IpProtocol.HopByHop, 0, 0, 5, 2, 0, 0, 1, 0).WithProtocol(IpProtocol.Esp).Payload(40).Build(),
        ["first fragment6 of sctp"] = Six().Extension(IpProtocol.Fragment, 0, 0, 0, 1, 1, 2, 3, 4).Sctp(40000, 2905, 77)
            .Payload(PacketBuilder.Chunk(SctpChunkType.Data, 3, new byte[16])).Build(),
        ["atomic fragment6 of dccp"] = Six().Extension(IpProtocol.Fragment, 0, 0, 0, 0, 1, 2, 3, 4).Dccp(40000, 5001).Build(),
        ["router solicitation"] = Link().Icmpv6(Icmpv6Type.RouterSolicitation).Build(),
        ["router advertisement"] = Link().Icmpv6(Icmpv6Type.RouterAdvertisement).Payload(8).Build(),
        ["neighbour solicitation"] = Link().Icmpv6(Icmpv6Type.NeighbourSolicitation).Payload(24).Build(),
        ["neighbour advertisement"] = Link().Icmpv6(Icmpv6Type.NeighbourAdvertisement).Payload(16).Build(),
        ["redirect6"] = Link().Icmpv6(Icmpv6Type.Redirect).Payload(32).Build(),
        ["duplicate address detection"] =
            new PacketBuilder().Ipv6("::", "ff02::1:ff00:1", 255).Icmpv6(Icmpv6Type.NeighbourSolicitation).Payload(16).Build(),
    };

    public static PacketBuilder Four() => new PacketBuilder().Ipv4(Host, Server);

    public static PacketBuilder Six() => new PacketBuilder().Ipv6(Host6, Server6);

    private static PacketBuilder Link() => new PacketBuilder().Ipv6("fe80::1", "ff02::1", 255);

    private static byte[] Error(byte type, byte code) => new PacketBuilder().Ipv4("198.51.100.1", Host)
        .IcmpError(type, code, PacketBuilder.Quote(QuotedUdp(), 28)).Build();

    private static byte[] QuotedUdp() => Four().Udp(1000, 53).Payload(5).Build();
}
