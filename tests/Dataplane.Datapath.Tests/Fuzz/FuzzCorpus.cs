using System;
using System.Collections.Generic;
using Dataplane.Packet;
using Dataplane.TestKit;

namespace Dataplane.Datapath.Tests.Fuzz;

/// <summary>The scripts that mutation begins with, each named by what it shows.</summary>
internal static partial class FuzzCorpus
{
    /// <summary>Variants of each script: another client port or id.</summary>
    public const int Variants = 16;

    private const byte Lan = Network.Lan;
    private const byte Wan = Network.Wan;
    private const byte Dmz = Network.Dmz;
    private const TcpFlags Ack = TcpFlags.Ack;
    private const TcpFlags Syn = TcpFlags.Syn;
    private const TcpFlags Fin = TcpFlags.Fin;
    private const TcpFlags Rst = TcpFlags.Rst;

    /// <summary>All scripts.</summary>
    /// <param name="variant">0 to <see cref="Variants"/> - 1.</param>
    public static FuzzCase[] Build(int variant)
    {
        ushort port = (ushort)(4000 + variant);
        return
        [
            .. TcpCases(port),
            .. DatagramCases(port),
            .. OtherCases(port, (uint)variant),
            .. FragmentCases(port),
            .. ErrorCases(port),
            .. Ipv6Cases(port),
            .. LinkCases(),
        ];
    }

    private static IEnumerable<FuzzCase> TcpCases(ushort port)
    {
        yield return new("tcp-life",
        [
            .. TcpOpening(port, 80),
            Client(b => b.Tcp(port, 80, Ack | TcpFlags.Psh, 1001, 5001).Payload(100)),
            Server(b => b.Tcp(80, 0, Ack, 5001, 1101).Payload(1200)),
            Client(b => b.Tcp(port, 80, Ack, 1101, 6201, options: [1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2])),
            Client(b => b.Tcp(port, 80, Fin | Ack, 1101, 6201)),
            Server(b => b.Tcp(80, 0, Ack, 6201, 1102)),
            Server(b => b.Tcp(80, 0, Fin | Ack, 6201, 1102)),
            Client(b => b.Tcp(port, 80, Ack, 1102, 6202)),
            Client(b => b.Tcp(port, 80, Syn, 900_000, 0)),
        ]);
        yield return new("tcp-sack-loss",
        [
            .. TcpOpening(port, 443),
            Client(b => b.Tcp(port, 443, Ack, 1001, 5001).Payload(400)),
            Client(b => b.Tcp(port, 443, Ack, 1801, 5001).Payload(400)),
            Server(b => b.Tcp(443, 0, Ack, 5001, 1401, options: [1, 1, 5, 10, 0, 0, 7, 9, 0, 0, 8, 0x99])),
            Client(b => b.Tcp(port, 443, Ack, 1401, 5001).Payload(400)),
        ]);
        yield return new("tcp-reset-by-server",
            [.. TcpOpening(port, 80), Server(b => b.Tcp(80, 0, Rst, 5001, 0)), Client(b => b.Tcp(port, 80, Syn, 700_000, 0))]);
        yield return new("tcp-refused",
            [Client(b => b.Tcp(port, 81, Syn, 1000, 0)), Server(b => b.Tcp(81, 0, Rst | Ack, 0, 1001))]);
        yield return new("tcp-blind-attack",
        [
            .. TcpOpening(port, 80),
            Server(b => b.Tcp(80, 0, Rst, 5100, 0)),
            Client(b => b.Tcp(port, 80, Ack, 1001, 5001)),
            Server(b => b.Tcp(80, 0, Syn, 123_456, 0)),
            Server(b => b.Tcp(80, 0, Ack, 900_000_000, 1001)),
        ]);
        yield return new("tcp-published",
        [
            new(Wan, Network.FromHost(Wan, "192.0.2.44", Network.WanAddress).Tcp(port, 8001, Syn, 1, 0).Build()),
            new(Dmz, Network.FromHost(Dmz, "172.16.0.10", "192.0.2.44").Tcp(81, port, Syn | Ack, 100, 2).Build(), Answers: true),
            new(Wan, Network.FromHost(Wan, "192.0.2.44", Network.WanAddress).Tcp(port, 8001, Ack, 2, 101).Payload(50).Build()),
            new(Dmz, Network.FromHost(Dmz, "172.16.0.10", "192.0.2.44").Tcp(81, port, Rst, 101, 0).Build(), Answers: true),
        ]);
        yield return new("tcp-simultaneous-open",
        [
            Client(b => b.Tcp(port, 82, Syn, 1000, 0)), Server(b => b.Tcp(82, 0, Syn, 5000, 0)),
            Client(b => b.Tcp(port, 82, Syn | Ack, 1000, 5001)), Server(b => b.Tcp(82, 0, Syn | Ack, 5000, 1001)),
            Client(b => b.Tcp(port, 82, Ack, 1001, 5001)),
        ]);
        yield return new("tcp-rejected", [new(Lan, Network.FromClient("172.16.0.10").Tcp(port, 23, Syn, 1, 0).Build())]);
        yield return new("tcp-midstream", [Client(b => b.Tcp(port, 83, Ack, 1, 1).Payload(9)), Server(b => b.Tcp(83, port, Ack, 1, 10))]);
    }

    private static IEnumerable<FuzzCase> DatagramCases(ushort port)
    {
        yield return new("udp-stream",
        [
            Client(b => b.Udp(port, 53).Payload(30)), Server(b => b.Udp(53, 0).Payload(200)), Client(b => b.Udp(port, 53).Payload(31)),
            Client(b => b.Udp(port, 53).Payload(32)) with { AfterSeconds = 70 },
        ]);
        yield return new("udp-without-checksum", [Client(b => b.Udp(port, 54).WithChecksum(0).Payload(5)), Server(b => b.Udp(54, 0).WithChecksum(0))]);
        yield return new("udp-untracked", [new(Lan, Network.FromClient().Udp(port, 123).Payload(48).Build())]);
        yield return new("udp-hairpin", [new(Lan, Network.FromClient("172.16.0.11").Udp(port, 5353).Payload(7).Build())]);
        yield return new("udp-last-hop", [new(Lan, Network.FromClient(ttl: 1).Udp(port, 53).Payload(8).Build())]);
        yield return new("udp-options", [new(Lan, Network.FromClient().Options(7, 7, 4, 0, 0, 0, 0).Udp(port, 55).Payload(8).Build())]);
        yield return new("ping",
        [
            Client(b => b.Icmp(IcmpType.EchoRequest, 0, port, 1).Payload(56)), Server(b => b.Icmp(IcmpType.EchoReply, 0, 0, 1).Payload(56)),
            Client(b => b.Icmp(IcmpType.EchoRequest, 0, port, 2).Payload(56)),
        ]);
        yield return new("ping-router",
            [new(Lan, Network.FromClient(Network.LanAddress).Icmp(IcmpType.EchoRequest, 0, port, 1).Payload(56).Build())]);
    }

    private static IEnumerable<FuzzCase> OtherCases(ushort port, uint key)
    {
        yield return new("sctp-life",
        [
            Client(b => b.Sctp(port, 36412, 0).Payload(PacketBuilder.InitChunk(SctpChunkType.Init, 0x1111))),
            Server(b => b.Sctp(36412, 0, 0x1111).Payload(PacketBuilder.InitChunk(SctpChunkType.InitAck, 0x2222))),
            Client(b => b.Sctp(port, 36412, 0x2222).Payload(PacketBuilder.Chunk(SctpChunkType.CookieEcho, 0, 1, 2, 3, 4))),
            Server(b => b.Sctp(36412, 0, 0x1111).Payload(PacketBuilder.Chunk(SctpChunkType.CookieAck, 0))),
            Client(b => b.Sctp(port, 36412, 0x2222).Payload(PacketBuilder.Chunk(SctpChunkType.Data, 3, new byte[20]))),
            Client(b => b.Sctp(port, 36412, 0x2222).Payload(PacketBuilder.Chunk(SctpChunkType.Shutdown, 0, new byte[4]))),
            Server(b => b.Sctp(36412, 0, 0x1111).Payload(PacketBuilder.Chunk(SctpChunkType.ShutdownAck, 0))),
            Client(b => b.Sctp(port, 36412, 0x2222).Payload(PacketBuilder.Chunk(SctpChunkType.ShutdownComplete, 0))),
        ]);
        yield return new("sctp-heartbeat",
        [
            Client(b => b.Sctp(port, 36413, 7).Payload(PacketBuilder.Chunk(SctpChunkType.Heartbeat, 0, 0, 1, 0, 8, 1, 2, 3, 4))),
            Server(b => b.Sctp(36413, 0, 9).Payload(PacketBuilder.Chunk(SctpChunkType.HeartbeatAck, 0, 0, 1, 0, 8, 1, 2, 3, 4))),
        ]);
        yield return new("dccp-life",
        [
            Client(b => b.Dccp(port, 5004)), Server(b => b.Dccp(5004, 0, DccpType.Response)), Client(b => b.Dccp(port, 5004, DccpType.Ack)),
            Client(b => b.Dccp(port, 5004, DccpType.DataAck).Payload(40)), Server(b => b.Dccp(5004, 0, DccpType.CloseRequest)),
            Client(b => b.Dccp(port, 5004, DccpType.Close)), Server(b => b.Dccp(5004, 0, DccpType.Reset)),
        ]);
        yield return new("gre-key", [Client(b => b.Gre(key: key, sequence: 1).Payload(40)), Server(b => b.Gre(key: key).Payload(40))]);
        yield return new("gre-pptp", [Client(b => b.Pptp((ushort)key).Payload(20)), Server(b => b.Pptp((ushort)key).Payload(20))]);
        yield return new("gre-checksum", [Client(b => b.Gre(hasChecksum: true).Payload(40))]);
        yield return new("udplite",
            [Client(b => b.UdpLite(port, 7000, 8).Payload(60)), Server(b => b.UdpLite(7000, 0, 20).Payload(60))]);
        yield return new("esp", [Client(b => b.WithProtocol(50).Payload(64)), Server(b => b.WithProtocol(50).Payload(64))]);
    }

    private static IEnumerable<FuzzCase> ErrorCases(ushort port)
    {
        foreach ((string name, byte type, byte code) in ((string, byte, byte)[])[
            ("port-unreachable", 3, 3), ("too-big", 3, 4), ("time-exceeded", 11, 0), ("parameter-problem", 12, 0)])
        {
            yield return new($"icmp-{name}",
            [
                Client(b => b.Udp(port, 60).Payload(40)),
                new(Wan, Network.FromHost(Wan, "203.0.113.9", Network.WanAddress).IcmpError(type, code, [], 1400).Build(), Answers: true),
                Server(b => b.Udp(60, 0).Payload(40)),
                new(Lan, Network.FromHost(Lan, "10.0.0.9", Network.Server).IcmpError(type, code, [], 1400).Build(), Answers: true),
            ]);
        }

        yield return new("icmp-error-unrelated",
            [new(Wan, Network.FromHost(Wan, Network.Server, Network.WanAddress).IcmpError(3, 1, new byte[28]).Build())]);
    }

    private static IEnumerable<FuzzCase> LinkCases()
    {
        yield return new("arp-ask", [new(Lan, Network.Arp(1, Network.Client, Network.LanAddress))]);
        yield return new("arp-gratuitous", [new(Wan, Network.Arp(1, Network.WanRouter, Network.WanRouter))]);
        yield return new("arp-unasked-answer", [new(Lan, Network.Arp(2, Network.Client, Network.LanAddress))]);
        yield return new("vlan-tagged", [new(Lan, Network.FromClient().Vlan(0, priority: 3).Udp(4500, 53).Payload(4).Build())]);
        yield return new("foreign-ethertype", [new(Lan, Network.FromClient().Body(new byte[50]).Build())]);
    }

    private static FuzzPacket[] TcpOpening(ushort port, ushort service) =>
    [
        Client(b => b.Tcp(port, service, Syn, 1000, 0, options: [2, 4, 5, 180, 4, 2, 3, 3, 7])),
        Server(b => b.Tcp(service, 0, Syn | Ack, 5000, 1001, options: [2, 4, 5, 180, 4, 2, 3, 3, 7])),
        Client(b => b.Tcp(port, service, Ack, 1001, 5001, 501)),
    ];

    private static FuzzPacket Client(Func<PacketBuilder, PacketBuilder> transport) => new(Lan, transport(Network.FromClient()).Build());

    private static FuzzPacket Server(Func<PacketBuilder, PacketBuilder> transport) =>
        new(Wan, transport(Network.FromHost(Wan, Network.Server, Network.WanAddress)).Build(), Answers: true);
}
