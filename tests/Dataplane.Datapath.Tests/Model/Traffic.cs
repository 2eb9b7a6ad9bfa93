using System;
using System.Collections.Generic;
using System.Linq;
using Dataplane.Conntrack;
using Dataplane.Packet;
using Dataplane.TestKit;

namespace Dataplane.Datapath.Tests.Model;

/// <summary>A frame for the router; malformed ones say what must become of them.</summary>
internal sealed record Stimulus(int Port, byte[] Frame, DropReason Malformed = DropReason.None);

/// <summary>Draws packets that mean something: openings, answers, strays, errors, rubbish.</summary>
internal sealed class Traffic(Random random)
{
    private const int HeaderChecksumAt = 14 + 10;

    private static readonly string[] s_clients =
        [.. Enumerable.Range(10, 10).Select(n => $"10.0.1.{n}"), .. Enumerable.Range(1, 5).Select(n => $"10.8.3.{n}")];

    private static readonly string[] s_servers = ["192.0.2.80", "192.0.2.81", "198.51.100.77", OfficePolicy.Exempt];
    private static readonly string[] s_rare = [OfficePolicy.Unrouted, OfficePolicy.Hidden, Network.WanAddress, Network.LanAddress, "10.0.255.255", OfficePolicy.WebServer];
    private static readonly TcpFlags[] s_flags =
    [
        TcpFlags.Syn, TcpFlags.Syn | TcpFlags.Ack, TcpFlags.Ack, TcpFlags.Ack | TcpFlags.Psh, TcpFlags.Fin | TcpFlags.Ack,
        TcpFlags.Rst, TcpFlags.Rst | TcpFlags.Ack, TcpFlags.Ack,
    ];

    private ushort _identification;

    /// <summary>The next packet.</summary>
    /// <param name="known">Connections that answers and errors may refer to, each once.</param>
    /// <param name="strays">Whether packets may come that hit some connection by chance.</param>
    public Stimulus Next(List<ReferenceEntry> known, bool strays) => random.Next(100) switch
    {
        < 30 => Outgoing(),
        < 60 when known.Count > 0 => OfConnection(Draw(known)),
        < 67 when strays => Incoming(),
        < 72 => Published(),
        < 76 => FromDmz(),
        < 84 when known.Count > 0 => ErrorAbout(Draw(known)),
        < 86 => UnrelatedError(),
        < 90 => Malformed(),
        _ => Outgoing(),
    };

    private T Pick<T>(IReadOnlyList<T> from) => from[random.Next(from.Count)];

    private ReferenceEntry Draw(List<ReferenceEntry> from)
    {
        int at = random.Next(from.Count);
        ReferenceEntry drawn = from[at];
        from.RemoveAt(at);
        return drawn;
    }

    private byte Ttl() => (byte)(random.Next(40) == 0 ? random.Next(2) : random.Next(2, 256));

    private ushort Port() => (ushort)(40000 + random.Next(4));

    private Stimulus Outgoing()
    {
        string destination = random.Next(12) == 0 ? Pick(s_rare) : Pick(s_servers);
        ushort port = Pick<ushort>([80, 443, 53, 123, 23, 8000, 8001]);
        destination = port >= 8000 ? Network.WanAddress : port == 23 && random.Next(4) == 0 ? OfficePolicy.WebServer : destination;
        return new Stimulus(Network.Lan, Random(Network.Lan, Pick(s_clients), destination, Port(), port));
    }

    private Stimulus Incoming()
    {
        string destination = Pick<string>([Network.Pool, "198.51.100.17", Network.WanAddress, "10.0.1.10"]);
        ushort port = (ushort)(OfficePolicy.PoolLow + random.Next(9));
        return new Stimulus(Network.Wan, Random(Network.Wan, Pick(s_servers), destination, Pick<ushort>([80, 443, 53]), port));
    }

    private Stimulus Published()
    {
        bool isName = random.Next(2) == 0;
        ushort port = isName ? (ushort)53 : (ushort)(8000 + random.Next(5));
        PacketBuilder builder = Ip(Network.Wan, $"192.0.2.{random.Next(10, 20)}", Network.WanAddress);
        return new Stimulus(Network.Wan, isName ? Udp(builder, Port(), port) : Tcp(builder, Port(), port));
    }

    private Stimulus FromDmz() =>
        new(Network.Dmz, Random(Network.Dmz, $"172.16.0.{random.Next(10, 14)}", Pick(s_servers), Port(), Pick<ushort>([80, 53, 123])));

    /// <summary>A packet of either direction, from where that direction's packets come.</summary>
    private Stimulus OfConnection(ReferenceEntry entry)
    {
        Ipv4Tuple tuple = random.Next(3) == 0 ? entry.Original : entry.Reply!.Value;
        byte[] frame = tuple.Protocol == IpProtocol.Tcp
            ? Segment(entry, tuple == entry.Original ? Direction.Original : Direction.Reply, tuple)
            : OfTuple(tuple, Ttl());
        return new Stimulus(PortOf(tuple.Source), frame);
    }

    /// <summary>An error about a packet that left by either direction, from its addressee or from a hop on the way.</summary>
    private Stimulus ErrorAbout(ReferenceEntry entry)
    {
        Ipv4Tuple quoted = entry.Leaving(random.Next(3) == 0 ? Direction.Reply : Direction.Original);
        int port = PortOf(quoted.Destination);
        string hop = port switch { Network.Lan => "10.0.0.9", Network.Wan => "203.0.113.99", _ => "172.16.0.99" };
        string source = random.Next(2) == 0 ? hop : quoted.Destination.ToString();
        string destination = random.Next(12) == 0 ? Pick(s_servers) : quoted.Source.ToString();
        ReferencePacket about = new(OfTuple(quoted, (byte)random.Next(1, 200)));
        ReadOnlySpan<byte> quotation = about.Ip[..Math.Min(about.LengthBytes, random.Next(3) == 0 ? 32 : 548)];
        return new Stimulus(port, Ip(port, source, destination)
            .IcmpError(Pick<byte>([3, 11, 12]), (byte)random.Next(2), quotation)
            .Build());
    }

    private Stimulus UnrelatedError()
    {
        byte[] about = Network.FromHost(Network.Wan, Network.Pool, "192.0.2.200").Udp(999, 999).Payload(8).Build();
        return new Stimulus(Network.Wan, Ip(Network.Wan, Pick(s_servers), Network.Pool)
            .IcmpError(IcmpType.DestinationUnreachable, 3, PacketBuilder.Quote(about, 36))
            .Build());
    }

    private Stimulus Malformed()
    {
        PacketBuilder builder = Ip(Network.Lan, Pick(s_clients), Pick(s_servers));
        (PacketBuilder wrong, DropReason reason) = random.Next(9) switch
        {
            0 => (builder.Udp(1, 2).Payload(9), DropReason.L4ChecksumBad),
            1 => (builder.Tcp(1, 2, TcpFlags.Syn | TcpFlags.Fin), DropReason.TcpFlagsBad),
            2 => (builder.Tcp(1, 2, TcpFlags.Syn).WithTcpWords(4), DropReason.TcpOffsetBad),
            3 => (builder.Udp(1, 2), DropReason.Ipv4ChecksumBad),
            4 => (builder.Udp(1, 2).WithFlagsAndOffset(0x1FFF), DropReason.FragmentOversize),
            5 => (builder.Udp(1, 2).Payload(40).TruncateTo(14 + 20 + 20), DropReason.Ipv4TotalLengthBad),
            6 => (builder.Udp(1, 2).TruncateTo(20), DropReason.Ipv4Truncated),
            7 => (Network.FromClient().Udp(1, 2).Vlan(7), DropReason.VlanNotConfigured),
            _ => (builder.Udp(1, 2).Ethernet("02:00:00:00:00:01", "02:00:00:00:00:02"), DropReason.NotForThisRouter),
        };
        byte[] frame = wrong.Build();

        // One bit beside what is right: any fixed checksum is the right one of some packet, and UDP's zero is none.
        if (reason == DropReason.Ipv4ChecksumBad)
        {
            frame[HeaderChecksumAt] ^= 1;
        }
        else if (reason == DropReason.L4ChecksumBad)
        {
            frame[^1] ^= 1;
        }

        return new Stimulus(Network.Lan, frame, reason);
    }

    private byte[] Random(int port, string source, string destination, ushort sourcePort, ushort destinationPort)
    {
        PacketBuilder builder = Ip(port, source, destination);
        return random.Next(5) switch
        {
            0 => builder.Icmp(random.Next(4) == 0 ? IcmpType.EchoReply : IcmpType.EchoRequest, 0, sourcePort, 1).Payload(Size()).Build(),
            1 or 2 => Udp(builder, sourcePort, destinationPort),
            _ => Tcp(builder, sourcePort, destinationPort),
        };
    }

    private byte[] OfTuple(in Ipv4Tuple tuple, byte ttl)
    {
        PacketBuilder builder = Ip(PortOf(tuple.Source), tuple.Source.ToString(), tuple.Destination.ToString(), ttl);
        return tuple.Protocol switch
        {
            IpProtocol.Tcp => Tcp(builder, tuple.SourcePort.Host, tuple.DestinationPort.Host),
            IpProtocol.Udp => Udp(builder, tuple.SourcePort.Host, tuple.DestinationPort.Host),
            _ => builder.Icmp(tuple.Kind, 0, (ushort)(tuple.SourcePort.Host + tuple.DestinationPort.Host), 7).Payload(Size()).Build(),
        };
    }

    private byte[] Udp(PacketBuilder builder, ushort sourcePort, ushort destinationPort)
    {
        builder.Udp(sourcePort, destinationPort).Payload(Size());
        return random.Next(8) == 0 ? builder.WithChecksum(0).Build() : builder.Build();
    }

    private byte[] Tcp(PacketBuilder builder, ushort sourcePort, ushort destinationPort) =>
        builder.Tcp(sourcePort, destinationPort, random.Next(2) == 0 ? TcpFlags.Syn : Pick(s_flags), (uint)random.Next()).Payload(Size()).Build();

    /// <summary>A segment of a connection: mostly the one that comes next, sometimes with a number or flags that do not fit.</summary>
    private byte[] Segment(ReferenceEntry entry, Direction direction, in Ipv4Tuple tuple)
    {
        TcpWindows windows = entry.Windows;
        uint sequence = TcpWindows.Side(ref windows, direction).End;
        uint acknowledgment = TcpWindows.Side(ref windows, direction ^ Direction.Reply).End;
        TcpFlags flags = (entry.State, direction) switch
        {
            (ConnectionState.TcpSynSent, Direction.Reply) => TcpFlags.Syn | TcpFlags.Ack,
            (ConnectionState.TcpTimeWait or ConnectionState.TcpClose, Direction.Original) => TcpFlags.Syn,
            _ => random.Next(6) == 0 ? Pick(s_flags) : random.Next(5) == 0 ? TcpFlags.Fin | TcpFlags.Ack : TcpFlags.Ack,
        };
        switch (random.Next(8))
        {
            case 0:
                sequence += (uint)random.Next(-100_000, 100_000);
                break;
            case 1:
                acknowledgment += (uint)random.Next(-100_000, 100_000);
                break;
            case 2:
                (flags, sequence) = (Pick(s_flags), (uint)random.Next());
                break;
        }

        return Ip(PortOf(tuple.Source), tuple.Source.ToString(), tuple.Destination.ToString())
            .Tcp(tuple.SourcePort.Host, tuple.DestinationPort.Host, flags, sequence, acknowledgment, (ushort)random.Next(0x10000),
                random.Next(3) == 0 ? [1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2] : (flags & TcpFlags.Syn) != 0 && random.Next(2) == 0 ? [3, 3, 7] : [])
            .Payload(Size())
            .Build();
    }

    private int Size() => random.Next(50) == 0 ? 1100 : random.Next(40);

    private PacketBuilder Ip(int port, string source, string destination) => Ip(port, source, destination, Ttl());

    private PacketBuilder Ip(int port, string source, string destination, byte ttl)
    {
        PacketBuilder builder = Network.FromHost(port, source, destination, ttl)
            .WithIdentification(++_identification)
            .WithFlagsAndOffset(random.Next(2) == 0 ? Ipv4Header.DontFragment : (ushort)0);
        if (random.Next(30) == 0)
        {
            builder.Vlan(0, priority: 5);
        }

        return random.Next(30) == 0 ? builder.Options(1, 1, 1) : builder;
    }

    private static int PortOf(Ipv4Address source) => (source.Host >> 24, source.Host >> 16) switch
    {
        (10, _) => Network.Lan,
        (_, 0xAC10) => Network.Dmz,
        _ => Network.Wan,
    };
}
