using System;
using Dataplane.Conntrack;
using Dataplane.Packet;
using Dataplane.TestKit;
using Xunit;
using static Dataplane.Nat.Tests.Connections;

namespace Dataplane.Nat.Tests;

/// <summary>A translated packet is byte for byte the packet that a host with the translated addresses would have built.</summary>
public sealed class RewriteTests
{
    private const int Rounds = 20_000;

    [Theory]
    [InlineData(IpProtocol.Tcp)]
    [InlineData(IpProtocol.Udp)]
    [InlineData(IpProtocol.Icmp)]
    [InlineData(IpProtocol.Sctp)]
    [InlineData(IpProtocol.UdpLite)]
    [InlineData(IpProtocol.Dccp)]
    [InlineData(IpProtocol.Gre)]
    [InlineData(IpProtocol.Esp)]
    public void A_translated_packet_of_either_direction_equals_one_built_translated(byte protocol)
    {
        var random = new Random(protocol);
        for (int round = 0; round < Rounds; round++)
        {
            (Ipv4Tuple original, Ipv4Tuple reply) = Draw(random, protocol);
            byte[] payload = new byte[random.Next(4) == 0 ? 0 : random.Next(1, 40)];
            random.NextBytes(payload);
            if (random.Next(3) == 0)
            {
                Array.Clear(payload);
            }

            byte[] outward = Translated(Build(original, payload), original, reply, Direction.Original);
            Assert.Equal(Build(reply.Inverted, payload), outward);
            byte[] homeward = Translated(Build(reply, payload), original, reply, Direction.Reply);
            Assert.Equal(Build(original.Inverted, payload), homeward);
        }
    }

    [Theory]
    [InlineData(IpProtocol.Tcp)]
    [InlineData(IpProtocol.Udp)]
    [InlineData(IpProtocol.Icmp)]
    [InlineData(IpProtocol.Sctp)]
    [InlineData(IpProtocol.UdpLite)]
    [InlineData(IpProtocol.Dccp)]
    [InlineData(IpProtocol.Gre)]
    [InlineData(IpProtocol.Esp)]
    public void A_lower_TTL_goes_into_the_same_step(byte protocol)
    {
        var random = new Random(protocol);
        for (int round = 0; round < Rounds; round++)
        {
            (Ipv4Tuple original, Ipv4Tuple reply) = Draw(random, protocol);
            byte[] translated = Translated(Build(original, [1, 2]), original, reply, Direction.Original, lowersTtl: true);
            Assert.Equal(Build(reply.Inverted, [1, 2], ttl: 63), translated);
        }
    }

    [Fact]
    public void A_udp_datagram_without_a_checksum_leaves_without_one()
    {
        var random = new Random(768);
        for (int round = 0; round < 1000; round++)
        {
            (Ipv4Tuple original, Ipv4Tuple reply) = Draw(random, IpProtocol.Udp);
            byte[] outward = Translated(Build(original, [1, 2, 3], checksum: 0), original, reply, Direction.Original);
            Assert.Equal(Build(reply.Inverted, [1, 2, 3], checksum: 0), outward);
            byte[] homeward = Translated(Build(reply, [4], checksum: 0), original, reply, Direction.Reply);
            Assert.Equal(Build(original.Inverted, [4], checksum: 0), homeward);
        }
    }

    [Fact]
    public void A_udp_checksum_that_becomes_zero_is_sent_as_all_ones()
    {
        // For every datagram there is a payload word that makes the translated sum zero; the word is found by trying.
        Ipv4Tuple original = Packets.First(IpProtocol.Udp).Tuple;
        Ipv4Tuple reply = original.Inverted;
        reply.Destination = Ipv4Address.Parse("198.51.100.2");
        reply.DestinationPort = Be16.FromHost(50000);
        int zeros = 0;
        for (int word = 0; word <= 0xFFFF; word++)
        {
            byte[] payload = [(byte)(word >> 8), (byte)word];
            byte[] expected = Build(reply.Inverted, payload);
            if (expected[L4Offset + 6] == 0xFF && expected[L4Offset + 7] == 0xFF)
            {
                zeros++;
                Assert.Equal(expected, Translated(Build(original, payload), original, reply, Direction.Original));
            }
        }

        Assert.True(zeros > 0);
    }

    [Fact]
    public void A_udp_lite_checksum_that_becomes_zero_is_sent_as_all_ones()
    {
        // One in every 65,535 new ports makes the sum zero.
        Ipv4Tuple original = Packets.First(IpProtocol.UdpLite).Tuple;
        Ipv4Tuple reply = original.Inverted;
        reply.Destination = Ipv4Address.Parse("198.51.100.2");
        int zeros = 0;
        for (int port = 0; port <= 0xFFFF; port++)
        {
            reply.DestinationPort = Be16.FromHost((ushort)port);
            byte[] expected = Build(reply.Inverted, [1]);
            if (expected[L4Offset + 6] == 0xFF && expected[L4Offset + 7] == 0xFF)
            {
                zeros++;
                Assert.Equal(expected, Translated(Build(original, [1]), original, reply, Direction.Original));
            }
        }

        Assert.True(zeros > 0);
    }

    [Theory]
    [InlineData(IpProtocol.Tcp)]
    [InlineData(IpProtocol.Udp)]
    [InlineData(IpProtocol.Icmp)]
    [InlineData(IpProtocol.Sctp)]
    [InlineData(IpProtocol.UdpLite)]
    [InlineData(IpProtocol.Dccp)]
    [InlineData(IpProtocol.Gre)]
    [InlineData(IpProtocol.Esp)]
    public void A_wrong_checksum_stays_wrong(byte protocol)
    {
        var random = new Random(1);
        for (int round = 0; round < 1000; round++)
        {
            (Ipv4Tuple original, Ipv4Tuple reply) = Draw(random, protocol);
            byte[] packet = Build(original, [9, 9, 9]);
            packet[^1] ^= 0x10;
            byte[] expected = Build(reply.Inverted, [9, 9, 9]);
            expected[^1] ^= 0x10;
            Assert.Equal(expected, Translated(packet, original, reply, Direction.Original));
        }
    }

    [Fact]
    public void An_echo_reply_whose_header_becomes_all_zero_still_verifies()
    {
        // Type, code, id and sequence 0: a sum of nothing but zeros has one checksum that a receiver takes, 0xFFFF, and a sum that
        // is not zero takes either spelling.
        Ipv4Tuple original = Packets.First(IpProtocol.Icmp, sourcePort: 0, destinationPort: 0).Tuple;
        Ipv4Tuple reply = original.Inverted;
        reply.Destination = Ipv4Address.Parse("198.51.100.2");
        reply.DestinationPort = Be16.FromHost(50000);
        for (int word = 0; word <= 0xFFFF; word++)
        {
            byte[] home = Translated(Build(reply, [(byte)(word >> 8), (byte)word], sequence: 0), original, reply, Direction.Reply);
            Assert.Equal(0, home[L4Offset + 4] | home[L4Offset + 5]);
            Assert.Equal(0xFFFF, ReferenceChecksum.Sum(home.AsSpan(L4Offset)));
        }
    }

    [Fact]
    public void An_untranslated_connection_has_no_rewrite()
    {
        foreach (byte protocol in new[] { IpProtocol.Tcp, IpProtocol.Udp, IpProtocol.Icmp, IpProtocol.Sctp, IpProtocol.Gre })
        {
            Ipv4Tuple tuple = Packets.First(protocol, destinationPort: protocol == IpProtocol.Icmp ? (ushort)0 : (ushort)80).Tuple;
            Assert.Equal(0u, Rewrite.Between(tuple, tuple.Inverted).Value);
        }
    }

    [Fact]
    public void A_translation_whose_deltas_cancel_out_is_still_one()
    {
        // Source and destination trade a one: no checksum moves, but both addresses do.
        Ipv4Tuple original = Packets.First(source: "10.0.0.5", destination: "192.0.2.9").Tuple;
        Ipv4Tuple translated = original;
        translated.Source = Ipv4Address.Parse("10.0.0.6");
        translated.Destination = Ipv4Address.Parse("192.0.2.8");
        Rewrite rewrite = Rewrite.Between(original, translated.Inverted);
        Assert.NotEqual(0ul, rewrite.Value);
        Assert.True(rewrite.IsActive);
        Assert.True(rewrite.Ipv4For(Direction.Original).IsNeutral);
        Assert.Equal(Build(translated, [1]), Translated(Build(original, [1]), original, translated.Inverted, Direction.Original));
    }

    [Fact]
    public void The_reply_direction_takes_the_negative_of_what_the_original_takes()
    {
        var random = new Random(2);
        for (int round = 0; round < 1000; round++)
        {
            (Ipv4Tuple original, Ipv4Tuple reply) = Draw(random, IpProtocol.Tcp);
            Rewrite rewrite = Rewrite.Between(original, reply);
            Assert.Equal(rewrite.Ipv4For(Direction.Original).Negated, rewrite.Ipv4For(Direction.Reply));
            Assert.Equal(rewrite.L4For(Direction.Original).Negated, rewrite.L4For(Direction.Reply));
        }
    }

    [Fact]
    public void Options_between_the_headers_do_not_matter()
    {
        Ipv4Tuple original = Packets.First().Tuple;
        Ipv4Tuple reply = original.Inverted;
        reply.Destination = Ipv4Address.Parse("198.51.100.2");
        byte[] before = WithOptions(original);
        Assert.Equal(WithOptions(reply.Inverted), Translated(before, original, reply, Direction.Original, optionBytes: 4));
    }

    private static byte[] WithOptions(in Ipv4Tuple tuple) => new PacketBuilder().Ipv4(tuple.Source, tuple.Destination).Options(1, 1, 1, 0)
        .Tcp(tuple.SourcePort.Host, tuple.DestinationPort.Host).Build();
}
