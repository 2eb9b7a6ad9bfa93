using System;
using Dataplane.Conntrack;
using Dataplane.Packet;
using Dataplane.TestKit;

namespace Dataplane.Nat.Tests;

/// <summary>Translated connections at random, the frames that they consist of, and frames put through the translation.</summary>
internal static unsafe class Connections
{
    public const int L4Offset = EthernetHeader.SizeBytes + Ipv4Header.SizeBytes;

    /// <summary>A connection of which the source, the destination or both are translated, ports too or not, corner values often.</summary>
    /// <remarks>Of a protocol without ports the addresses alone, and the tuple has what its parser puts in the ports' place.</remarks>
    public static (Ipv4Tuple Original, Ipv4Tuple Reply) Draw(Random random, byte protocol)
    {
        Ipv4Tuple original = RandomTuple(random, protocol);
        Ipv4Tuple other = RandomTuple(random, protocol);
        Ipv4Tuple translated = original;
        int what = random.Next(1, RuleMatch.HasPorts(protocol) || protocol == IpProtocol.Icmp ? 16 : 4);
        translated.Source = (what & 1) != 0 ? other.Source : original.Source;
        translated.Destination = (what & 2) != 0 ? other.Destination : original.Destination;
        translated.SourcePort = (what & 4) != 0 ? other.SourcePort : original.SourcePort;
        translated.DestinationPort = (what & 8) != 0 ? other.DestinationPort : original.DestinationPort;
        return translated == original ? Draw(random, protocol) : (original, translated.Inverted);
    }

    /// <summary>A frame of the connection direction that has this tuple, by a builder that shares no arithmetic with the code under test.</summary>
    public static byte[] Build(in Ipv4Tuple tuple, byte[] payload, ushort? checksum = null, byte ttl = 64, ushort sequence = 1)
    {
        PacketBuilder builder = Transport(new PacketBuilder().Ipv4(tuple.Source, tuple.Destination, ttl), tuple, sequence).Payload(payload);
        return (checksum is ushort value ? builder.WithChecksum(value) : builder).Build();
    }

    /// <summary>The frame as it leaves.</summary>
    public static byte[] Translated(
        byte[] frame, Ipv4Tuple original, Ipv4Tuple reply, Direction direction, int optionBytes = 0, bool lowersTtl = false)
    {
        byte[] result = [.. frame];
        Rewrite rewrite = Rewrite.Between(original, reply);
        Ipv4Tuple other = direction == Direction.Original ? reply : original;
        fixed (byte* bytes = result)
        {
            PacketMeta meta = new()
            {
                Tuple = direction == Direction.Original ? original : reply,
                L3 = bytes + EthernetHeader.SizeBytes,
                L4 = bytes + L4Offset + optionBytes,
                L4LengthBytes = (ushort)(result.Length - L4Offset - optionBytes),
            };
            Rewriter.Apply(&meta, rewrite, &other, direction, lowersTtl ? ChecksumDelta.TtlDecrement : default);
            ((Ipv4Header*)meta.L3)->Ttl -= lowersTtl ? (byte)1 : (byte)0;
        }

        return result;
    }

    private static PacketBuilder Transport(PacketBuilder builder, in Ipv4Tuple tuple, ushort sequence)
    {
        ushort source = tuple.SourcePort.Host;
        ushort destination = tuple.DestinationPort.Host;
        return tuple.Protocol switch
        {
            IpProtocol.Tcp => builder.Tcp(source, destination),
            IpProtocol.Udp => builder.Udp(source, destination),
            IpProtocol.Icmp => builder.Icmp(tuple.Kind, 0, (ushort)(source | destination), sequence),
            IpProtocol.Sctp => builder.Sctp(source, destination, 77),
            IpProtocol.UdpLite => builder.UdpLite(source, destination, 8),
            IpProtocol.Dccp => builder.Dccp(source, destination, DccpType.Data, coverage: 1),
            IpProtocol.Gre => builder.Gre(key: source, hasChecksum: true),
            _ => builder.WithProtocol(tuple.Protocol),
        };
    }

    private static Ipv4Tuple RandomTuple(Random random, byte protocol)
    {
        Ipv4Tuple tuple = new()
        {
            Source = Ipv4Address.FromHost(Corner(random)),
            Destination = Ipv4Address.FromHost(Corner(random)),
            Protocol = protocol,
            Kind = protocol == IpProtocol.Icmp ? IcmpType.EchoRequest : (byte)0,
        };
        if (protocol == IpProtocol.Icmp)
        {
            tuple.SourcePort = Be16.FromHost((ushort)Corner(random));
        }
        else if (protocol == IpProtocol.Gre)
        {
            tuple.SourcePort = tuple.DestinationPort = Be16.FromHost((ushort)Corner(random));
        }
        else if (RuleMatch.HasPorts(protocol))
        {
            tuple.SourcePort = Be16.FromHost((ushort)Corner(random));
            tuple.DestinationPort = Be16.FromHost((ushort)Corner(random));
        }

        return tuple;
    }

    private static uint Corner(Random random) => random.Next(6) switch
    {
        0 => 0,
        1 => uint.MaxValue,
        2 => 0x0000_FFFF,
        _ => (uint)random.NextInt64(1L << 32),
    };
}
