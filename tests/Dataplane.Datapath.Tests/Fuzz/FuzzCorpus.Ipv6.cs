using System;
using System.Collections.Generic;
using System.Linq;
using Dataplane.Packet;
using Dataplane.TestKit;

namespace Dataplane.Datapath.Tests.Fuzz;

/// <content>IPv6, and fragments of both families.</content>
internal static partial class FuzzCorpus
{
    private static IEnumerable<FuzzCase> FragmentCases(ushort port)
    {
        byte[] datagram = Network.FromClient().WithFlagsAndOffset(0).WithIdentification(port).Udp(port, 53).WithChecksum(0).Payload(1000).Build();
        byte[][] pieces = FragmentFrames.Split(datagram, 400);
        yield return new("fragments-in-order", [.. pieces.Select(piece => new FuzzPacket(Lan, piece))]);
        yield return new("fragments-first-last", [.. pieces.Reverse().Select(piece => new FuzzPacket(Lan, piece))]);
        yield return new("fragments-overlap", [.. FragmentFrames.Split(datagram, 408).Concat(pieces).Select(piece => new FuzzPacket(Lan, piece))]);
        byte[] segment = Network.FromClient().WithFlagsAndOffset(0).WithIdentification((ushort)(port + 1)).Tcp(port, 80, Ack, 1001, 5001).Payload(900).Build();
        yield return new("fragments-of-tcp",
            [.. TcpOpening(port, 80), .. FragmentFrames.Split(segment, 304).Select(piece => new FuzzPacket(Lan, piece))]);
        yield return new("fragments-ipv6",
        [
            new(Lan, FragmentFrames.Udp6(0, 400, isLast: false, id: port)),
            new(Lan, FragmentFrames.Udp6(800, 100, isLast: true, id: port)),
            new(Lan, FragmentFrames.Udp6(400, 400, isLast: false, id: port)),
        ]);
    }

    private static IEnumerable<FuzzCase> Ipv6Cases(ushort port)
    {
        yield return new("ipv6-tcp",
        [
            Client6(b => b.Tcp(port, 80, Syn, 1000, 0)), Server6(b => b.Tcp(80, port, Syn | Ack, 5000, 1001)),
            Client6(b => b.Tcp(port, 80, Ack, 1001, 5001).Payload(100)), Server6(b => b.Tcp(80, port, Fin | Ack, 5001, 1101)),
            Client6(b => b.Tcp(port, 80, Fin | Ack, 1101, 5002)), Server6(b => b.Tcp(80, port, Ack, 5002, 1102)),
        ]);
        yield return new("ipv6-udp", [Client6(b => b.Udp(port, 53).Payload(20)), Server6(b => b.Udp(53, port).Payload(90))]);
        yield return new("ipv6-ping",
        [
            Client6(b => b.Icmpv6(Icmpv6Type.EchoRequest, 0, (uint)port << 16).Payload(32)),
            Server6(b => b.Icmpv6(Icmpv6Type.EchoReply, 0, (uint)port << 16).Payload(32)),
        ]);
        yield return new("ipv6-extensions",
        [
            Client6(b => b.Extension(IpProtocol.HopByHop, 0, 0, 1, 4, 0, 0, 0, 0).Udp(port, 54).Payload(8)),
            Client6(b => b.Extension(IpProtocol.Fragment, 0, 0, 0, 0, 0, 0, 0, 9).Udp(port, 55).Payload(8)),
        ]);
        byte[] asked = Ipv6Network.FromClient().Udp(port, 56).Payload(20).Build();
        yield return new("ipv6-too-big",
        [
            new(Lan, asked),
            new(Wan, Ipv6Network.FromHost(Wan, "2001:db8:99::1", Ipv6Network.Client).Icmpv6(Icmpv6Type.PacketTooBig, 0, 1280).Payload(asked[14..]).Build()),
        ]);
        yield return new("ipv6-last-hop", [new(Lan, Ipv6Network.FromClient(hopLimit: 1).Udp(port, 57).Payload(8).Build())]);
        yield return new("ipv6-sctp",
        [
            Client6(b => b.Sctp(port, 36412, 0).Payload(PacketBuilder.InitChunk(SctpChunkType.Init, 5))),
            Server6(b => b.Sctp(36412, port, 5).Payload(PacketBuilder.InitChunk(SctpChunkType.InitAck, 6))),
        ]);
        yield return new("ipv6-dccp", [Client6(b => b.Dccp(port, 5004)), Server6(b => b.Dccp(5004, port, DccpType.Response))]);
        yield return new("ipv6-neighbour",
        [
            new(Lan, Neighbour(Ipv6Network.Client, Ipv6Network.LanAddress)
                .NeighbourSolicitation(Ipv6Network.LanAddress, Option(NeighbourOptionType.SourceLinkLayer)).Build()),
            new(Lan, Neighbour(Ipv6Network.Client, Ipv6Network.LanAddress)
                .NeighbourAdvertisement(NeighbourFlags.Override, Ipv6Network.Client, Option(NeighbourOptionType.TargetLinkLayer)).Build()),
            new(Lan, Neighbour(Ipv6Network.LanRouter, "ff02::2").RouterSolicitation(Option(NeighbourOptionType.SourceLinkLayer)).Build()),
        ]);
    }

    private static byte[] Option(byte type) => PacketBuilder.LinkLayerOption(type, Ipv6Network.MacOf(Ipv6Network.Client));

    private static PacketBuilder Neighbour(string source, string destination) => new PacketBuilder()
        .Ethernet(Ipv6Network.MacOf(source), destination.StartsWith("ff", StringComparison.Ordinal) ? Ipv6Network.GroupMac(destination) : Network.MacOfPort(Lan))
        .Ipv6(source, destination, hopLimit: 255);

    private static FuzzPacket Client6(Func<PacketBuilder, PacketBuilder> transport) => new(Lan, transport(Ipv6Network.FromClient()).Build());

    private static FuzzPacket Server6(Func<PacketBuilder, PacketBuilder> transport) => new(Wan, transport(Ipv6Network.FromServer()).Build());
}
