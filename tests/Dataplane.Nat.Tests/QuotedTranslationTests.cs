using System;
using Dataplane.Conntrack;
using Dataplane.Packet;
using Dataplane.TestKit;
using Xunit;
using static Dataplane.Nat.Tests.Connections;

namespace Dataplane.Nat.Tests;

/// <summary>What an ICMP error quotes is, behind the translation, byte for byte what the sender of the quoted packet had sent.</summary>
public sealed unsafe class QuotedTranslationTests
{
    [Theory]
    [InlineData(IpProtocol.Tcp)]
    [InlineData(IpProtocol.Udp)]
    [InlineData(IpProtocol.Icmp)]
    [InlineData(IpProtocol.Sctp)]
    [InlineData(IpProtocol.UdpLite)]
    [InlineData(IpProtocol.Dccp)]
    [InlineData(IpProtocol.Gre)]
    [InlineData(IpProtocol.Esp)]
    public void A_quotation_of_any_length_is_what_the_sender_sent(byte protocol)
    {
        var random = new Random(protocol);

        // A key behind a checksum is not among the first 8 bytes.
        int l4BytesMin = protocol == IpProtocol.Gre ? 12 : 8;
        for (int round = 0; round < 4000; round++)
        {
            (Ipv4Tuple original, Ipv4Tuple reply) = Draw(random, protocol);
            byte[] payload = new byte[random.Next(12, 60)];
            random.NextBytes(payload);
            int quotedBytes = random.Next(Ipv4Header.SizeBytes + l4BytesMin, Ipv4Header.SizeBytes + l4BytesMin + 40);

            // An error comes against the direction of what it quotes.
            byte[] sent = PacketBuilder.Quote(Build(original, payload), quotedBytes);
            byte[] seen = PacketBuilder.Quote(Build(reply.Inverted, payload), quotedBytes);
            Assert.Equal(Expected(sent, seen, protocol), Translated(seen, original, reply, Direction.Reply));
            sent = PacketBuilder.Quote(Build(reply, payload), quotedBytes);
            seen = PacketBuilder.Quote(Build(original.Inverted, payload), quotedBytes);
            Assert.Equal(Expected(sent, seen, protocol), Translated(seen, original, reply, Direction.Original));
        }
    }

    [Fact]
    public void The_crc_of_a_quoted_fragment_is_left_as_it_was()
    {
        Ipv4Tuple original = Packets.First(IpProtocol.Sctp).Tuple;
        Ipv4Tuple reply = original.Inverted;
        reply.DestinationPort = Be16.FromHost(5000);
        byte[] seen = Fragment(reply.Inverted);
        byte[] expected = Fragment(original);
        seen.AsSpan(28, 4).CopyTo(expected.AsSpan(28));
        Assert.Equal(expected, Translated(seen, original, reply, Direction.Reply));
    }

    private static byte[] Fragment(in Ipv4Tuple tuple) => new PacketBuilder().Ipv4(tuple.Source, tuple.Destination).WithFlagsAndOffset(0x2000)
        .Sctp(tuple.SourcePort.Host, tuple.DestinationPort.Host).Payload(20).Build()[EthernetHeader.SizeBytes..];

    /// <summary>What was sent; of TCP and SCTP, a checksum that is cut in two bytes or four keeps the bytes that were seen.</summary>
    private static byte[] Expected(byte[] sent, byte[] seen, byte protocol)
    {
        (int checksumAt, int checksumBytes) = protocol == IpProtocol.Sctp ? (28, 4) : (36, 2);
        bool isCut = protocol is IpProtocol.Tcp or IpProtocol.Sctp && sent.Length > checksumAt && sent.Length < checksumAt + checksumBytes;
        return isCut ? [.. sent[..checksumAt], .. seen[checksumAt..]] : sent;
    }

    private static byte[] Translated(byte[] quotation, Ipv4Tuple original, Ipv4Tuple reply, Direction direction)
    {
        byte[] message = [3, 1, 0, 0, 0, 0, 0, 0, .. quotation];
        Ipv4Tuple inside = direction == Direction.Original ? reply : original;
        fixed (byte* bytes = message)
        {
            PacketMeta outer = new() { L4 = bytes, L4LengthBytes = (ushort)message.Length };
            Assert.Equal(DropReason.None, PacketParser.ParseQuoted(&outer, out QuotedPacket quoted));

            // How the connection is found.
            Assert.Equal(direction == Direction.Original ? original : reply, quoted.Tuple.Inverted);
            Rewriter.ApplyQuoted(quoted, Rewrite.Between(original, reply), &inside, direction);
        }

        return message[IcmpHeader.SizeBytes..];
    }
}
