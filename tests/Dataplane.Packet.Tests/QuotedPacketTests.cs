using System;
using System.Linq;
using Dataplane.TestKit;
using Xunit;

namespace Dataplane.Packet.Tests;

/// <summary>The packet inside an ICMP error (RFC 5508 §4).</summary>
public sealed unsafe class QuotedPacketTests : IDisposable
{
    private const string Router = "198.51.100.1";

    private readonly ParserHarness _parser = new();

    public void Dispose() => _parser.Dispose();

    [Theory]
    [InlineData("udp", 6, "udp 10.0.0.1:1000 > 192.0.2.1:53 zone 7")]
    [InlineData("tcp with data", 16, "tcp 10.0.0.1:40000 > 192.0.2.1:443 zone 7")]
    [InlineData("echo request", 2, "icmp 10.0.0.1:500 > 192.0.2.1:0 zone 7")]
    [InlineData("echo reply", 2, "icmp 10.0.0.1:0 > 192.0.2.1:500 zone 7")]
    [InlineData("sctp init", 8, "sctp 10.0.0.1:40000 > 192.0.2.1:2905 zone 7", 4)]
    [InlineData("udp-lite", 6, "udplite 10.0.0.1:1000 > 192.0.2.1:53 zone 7")]
    [InlineData("dccp request", 6, "dccp 10.0.0.1:40000 > 192.0.2.1:5001 zone 7")]
    [InlineData("gre with key and sequence", 0, "gre 10.0.0.1:17484 > 192.0.2.1:17484 zone 7", 0)]
    [InlineData("gre of pptp", 0, "gre 10.0.0.1:0 > 192.0.2.1:16962 zone 7", 0)]
    [InlineData("gre with a checksum alone", 0, "gre 10.0.0.1:0 > 192.0.2.1:0 zone 7", 0)]
    [InlineData("esp", 0, "50 10.0.0.1:0 > 192.0.2.1:0 zone 7", 0)]
    public void A_quoted_packet_yields_its_tuple_as_it_was_on_the_wire(string sample, int checksumOffset, string tuple, int checksumBytes = 2)
    {
        byte[] inner = SampleFrames.All[sample];
        for (int lengthBytes = 28; lengthBytes <= inner.Length - 14; lengthBytes++)
        {
            Assert.Equal(DropReason.None, Parse(Error(PacketBuilder.Quote(inner, lengthBytes)), out QuotedPacket quoted));
            Assert.Equal(tuple, quoted.Tuple.ToString());
            Assert.Equal(lengthBytes - 20, quoted.L4AvailableBytes);
            Assert.Equal(checksumOffset, quoted.ChecksumOffset);
            Assert.Equal(checksumBytes > 0 && lengthBytes - 20 >= checksumOffset + checksumBytes, quoted.HasChecksum);
            Assert.Equal(inner[16] * 256 + inner[17] - 20, quoted.L4SentBytes);
            Assert.Equal(8, (byte*)quoted.L3 - _parser.Meta->L4);
            Assert.Equal(28, quoted.L4 - _parser.Meta->L4);
        }
    }

    [Fact]
    public void Its_tuple_is_the_one_that_the_parser_gave_the_packet_itself()
    {
        foreach (string sample in (string[])["udp", "tcp syn", "tcp with data", "echo request", "echo reply", "timestamp request", "sctp init", "sctp data, padded",
            "udp-lite", "dccp request", "dccp data of a covered header", "gre", "gre with key and sequence", "gre of pptp", "esp", "ah"])
        {
            byte[] inner = SampleFrames.All[sample];
            Ipv4Tuple expected = _parser.Parse(inner).Tuple;
            Assert.Equal(DropReason.None, Parse(Error(PacketBuilder.Quote(inner, 28)), out QuotedPacket quoted));
            Assert.Equal(expected, quoted.Tuple);
        }
    }

    [Fact]
    public void Options_are_passed_over()
    {
        byte[] inner = SampleFrames.All["udp with options"];
        Assert.Equal(DropReason.None, Parse(Error(PacketBuilder.Quote(inner, 36)), out QuotedPacket quoted));
        Assert.Equal("udp 10.0.0.1:1000 > 192.0.2.1:53 zone 7", quoted.Tuple.ToString());
        Assert.Equal(28, quoted.L4 - (byte*)quoted.L3);
        Assert.Equal(8, quoted.L4AvailableBytes);
    }

    [Fact]
    public void What_follows_the_quoted_datagram_is_not_counted()
    {
        byte[] inner = PacketBuilder.Quote(SampleFrames.Four().Udp(1000, 53).Payload(2).Build(), 30);
        byte[] quotation = [.. inner, .. new byte[110]]; // RFC 4884 pads to 128 bytes and appends extensions.
        Assert.Equal(DropReason.None, Parse(Error(quotation), out QuotedPacket quoted));
        Assert.Equal(10, quoted.L4AvailableBytes);
    }

    [Fact]
    public void A_wrong_inner_transport_checksum_does_not_matter()
    {
        byte[] inner = SampleFrames.Four().Udp(1000, 53).WithChecksum(0xBEEF).Build();
        Assert.Equal(DropReason.None, Parse(Error(PacketBuilder.Quote(inner, 28)), out _));
    }

    [Fact]
    public void A_quotation_cut_at_any_byte_before_its_eighth_of_transport_is_invalid()
    {
        foreach (string sample in (string[])["udp", "tcp syn", "echo request", "udp with options", "udp with all the options that fit"])
        {
            byte[] inner = SampleFrames.All[sample];
            int neededBytes = (inner[14] & 15) * 4 + 8;
            for (int lengthBytes = 0; lengthBytes < neededBytes; lengthBytes++)
            {
                Assert.Equal(DropReason.IcmpErrorInnerInvalid, Parse(Error(PacketBuilder.Quote(inner, lengthBytes)), out _));
            }

            Assert.Equal(DropReason.None, Parse(Error(PacketBuilder.Quote(inner, neededBytes)), out _));
        }
    }

    [Fact]
    public void A_malformed_quotation_is_invalid()
    {
        PacketBuilder[] malformed =
        [
            SampleFrames.Four().WithVersion(6).Udp(1, 2),
            SampleFrames.Four().WithHeaderWords(4).Udp(1, 2),
            SampleFrames.Four().WithHeaderWords(15).Udp(1, 2).Payload(3),
            SampleFrames.Four().WithHeaderWords(15).WithIpLength(1000).Udp(1, 2).Payload(3),
            SampleFrames.Four().WithIpLength(27).Udp(1, 2),
            SampleFrames.Four().WithIpLength(0).Udp(1, 2),
            SampleFrames.Four().WithHeaderChecksum(0xBEEF).Udp(1, 2),
            SampleFrames.Four().WithFlagsAndOffset(0x0001).Udp(1, 2),
            SampleFrames.Four().WithFlagsAndOffset(0x2010).Udp(1, 2),
        ];
        foreach (byte[] inner in malformed.Select(builder => builder.Build()))
        {
            Assert.Equal(DropReason.IcmpErrorInnerInvalid, Parse(Error(inner[14..]), out _));
        }
    }

    [Fact]
    public void The_first_fragment_of_a_datagram_can_be_quoted()
    {
        byte[] inner = SampleFrames.Four().WithFlagsAndOffset(0x2000).Udp(1000, 53).Payload(8).Build();
        Assert.Equal(DropReason.None, Parse(Error(inner[14..]), out QuotedPacket quoted));
        Assert.Equal(0, quoted.L4SentBytes);
    }

    [Fact]
    public void A_key_behind_a_checksum_needs_more_than_the_eight_bytes_that_every_host_quotes()
    {
        byte[] inner = SampleFrames.All["gre with all there is"];
        for (int lengthBytes = 20; lengthBytes < inner.Length - 14; lengthBytes++)
        {
            DropReason expected = lengthBytes < 20 + 12 ? DropReason.IcmpErrorInnerInvalid : DropReason.None;
            Assert.Equal(expected, Parse(Error(PacketBuilder.Quote(inner, lengthBytes)), out QuotedPacket quoted));
            Assert.True(expected != DropReason.None || quoted.Tuple == _parser.Parse(inner).Tuple);
        }
    }

    [Fact]
    public void An_error_about_an_error_or_an_untracked_protocol_is_unrelated()
    {
        byte[][] unrelated =
        [
            SampleFrames.All["port unreachable"],
            SampleFrames.Four().Icmp(5).Payload(28).Build(),
            SampleFrames.Four().WithProtocol(IpProtocol.NoNext).Udp(1, 2).Build(),
            SampleFrames.Four().WithProtocol(IpProtocol.DestinationOptions).Udp(1, 2).Build(),
            SampleFrames.Four().Icmpv6(128).Build(),
        ];
        foreach (byte[] inner in unrelated)
        {
            Assert.Equal(DropReason.IcmpErrorUnrelated, Parse(Error(inner[14..]), out _));
        }
    }

    [Fact]
    public void Random_quotations_are_never_read_beyond_their_end()
    {
        // The guard page is the assertion; that both outcomes occur shows that the loop tests something.
        var random = new Random(5508);
        int accepted = 0;
        for (int count = 0; count < 100_000; count++)
        {
            byte[] inner = [.. SampleFrames.All[random.Next(2) == 0 ? "udp with options" : "tcp with data"]];
            int position = random.Next(14, inner.Length);
            inner[position] = (byte)random.Next(256);
            byte[] outer = Error(PacketBuilder.Quote(inner, random.Next(20, 60)));
            accepted += Parse(outer, out QuotedPacket quoted) == DropReason.None ? 1 : 0;
            Assert.True(quoted.L4 + quoted.L4AvailableBytes <= _parser.Meta->L3 + _parser.Meta->L3LengthBytes);
        }

        Assert.InRange(accepted, 1, 99_999);
    }

    private static byte[] Error(byte[] quotation) =>
        new PacketBuilder().Ipv4(Router, SampleFrames.Host).IcmpError(IcmpType.DestinationUnreachable, 3, quotation).Build();

    private DropReason Parse(byte[] frame, out QuotedPacket quoted)
    {
        Parsed outer = _parser.Parse(frame);
        Assert.Equal(PacketKind.Ipv4IcmpError, outer.Kind);
        return PacketParser.ParseQuoted(_parser.Meta, out quoted);
    }
}
