using System;
using Dataplane.TestKit;
using Xunit;

namespace Dataplane.Packet.Tests;

/// <summary>The packet inside an ICMPv6 error (RFC 4443 §3).</summary>
public sealed unsafe class QuotedPacket6Tests : IDisposable
{
    private const string Reporter = "2001:db8:f::1";

    private readonly ParserHarness _parser = new();

    public void Dispose() => _parser.Dispose();

    [Theory]
    [InlineData("udp6", 40)]
    [InlineData("tcp6", 40)]
    [InlineData("echo6 request", 40)]
    [InlineData("echo6 reply", 40)]
    [InlineData("atomic fragment6", 48)]
    [InlineData("first fragment6", 48)]
    [InlineData("udp6 behind every extension", 0)]
    [InlineData("sctp6", 40)]
    [InlineData("first fragment6 of sctp", 48)]
    [InlineData("udp-lite6", 40)]
    [InlineData("dccp6", 40)]
    [InlineData("esp6 behind an extension", 48)]
    public void Its_tuple_is_the_one_that_the_parser_gave_the_packet_itself(string sample, int headerBytes)
    {
        byte[] inner = SampleFrames.All[sample];
        Parsed expected = _parser.Parse(inner);
        headerBytes = headerBytes == 0 ? expected.L4Offset - 14 : headerBytes;
        for (int lengthBytes = headerBytes + 8; lengthBytes <= inner.Length - 14; lengthBytes++)
        {
            Assert.Equal(DropReason.None, Parse(Error(PacketBuilder.Quote(inner, lengthBytes)), out Ipv6Tuple quoted));
            Assert.Equal(expected.Tuple6, quoted);
        }

        for (int lengthBytes = 0; lengthBytes < headerBytes + 8; lengthBytes++)
        {
            Assert.Equal(DropReason.IcmpErrorInnerInvalid, Parse(Error(PacketBuilder.Quote(inner, lengthBytes)), out _));
        }
    }

    [Fact]
    public void A_key_behind_a_checksum_needs_twelve_bytes()
    {
        byte[] inner = SampleFrames.All["gre6"];
        Assert.Equal(DropReason.IcmpErrorInnerInvalid, Parse(Error(PacketBuilder.Quote(inner, 51)), out _));
        Assert.Equal(DropReason.None, Parse(Error(PacketBuilder.Quote(inner, 52)), out Ipv6Tuple quoted));
        Assert.Equal(_parser.Parse(inner).Tuple6, quoted);
    }

    [Fact]
    public void What_announces_no_message_is_unrelated()
    {
        foreach (byte protocol in (byte[])[IpProtocol.NoNext, IpProtocol.Icmp])
        {
            byte[] inner = SampleFrames.Six().WithProtocol(protocol).Payload(40).Build();
            Assert.Equal(DropReason.IcmpErrorUnrelated, Parse(Error(PacketBuilder.Quote(inner, 60)), out _));
        }
    }

    [Fact]
    public void A_quoted_payload_length_ends_the_quotation()
    {
        byte[] inner = PacketBuilder.Quote(SampleFrames.All["udp6"], 100);
        inner[5] = 7;
        Assert.Equal(DropReason.IcmpErrorInnerInvalid, Parse(Error([.. inner, .. new byte[40]]), out _));
    }

    [Theory]
    [InlineData("middle fragment6", DropReason.IcmpErrorInnerInvalid)]
    [InlineData("last fragment6", DropReason.IcmpErrorInnerInvalid)]
    [InlineData("packet too big", DropReason.IcmpErrorUnrelated)]
    [InlineData("router advertisement", DropReason.IcmpErrorUnrelated)]
    [InlineData("udp", DropReason.IcmpErrorInnerInvalid)]
    public void What_has_no_connection_is_refused(string sample, DropReason reason) =>
        Assert.Equal(reason, Parse(Error(PacketBuilder.Quote(SampleFrames.All[sample], 1000)), out _));

    [Fact]
    public void A_chain_without_end_is_refused()
    {
        byte[] header = PacketBuilder.Quote(SampleFrames.All["udp6"], 40);
        header[6] = IpProtocol.DestinationOptions;
        header[4] = 4;
        byte[] chain = new byte[800];
        for (int offset = 0; offset < chain.Length; offset += 8)
        {
            chain[offset] = IpProtocol.DestinationOptions;
        }

        Assert.Equal(DropReason.IcmpErrorInnerInvalid, Parse(Error([.. header, .. chain]), out _));
    }

    [Fact]
    public void Damaged_quotations_are_read_no_further_than_they_go()
    {
        // The frame ends at a page that nobody may read.
        Random random = new(11);
        byte[][] inners = Array.ConvertAll<string, byte[]>(["udp6", "udp6 behind every extension", "atomic fragment6"], name => SampleFrames.All[name]);
        int accepted = 0;
        for (int round = 0; round < 50_000; round++)
        {
            byte[] inner = PacketBuilder.Quote(inners[random.Next(inners.Length)], random.Next(120));
            for (int flips = random.Next(4); flips > 0 && inner.Length > 0; flips--)
            {
                inner[random.Next(inner.Length)] = (byte)random.Next(256);
            }

            accepted += Parse(Error(inner), out _) == DropReason.None ? 1 : 0;
        }

        Assert.InRange(accepted, 1000, 49_000);
    }

    private static byte[] Error(byte[] quotation) =>
        new PacketBuilder().Ipv6(Reporter, "2001:db8::1").Icmpv6(Icmpv6Type.TimeExceeded).Payload(quotation).Build();

    private DropReason Parse(byte[] frame, out Ipv6Tuple quoted)
    {
        Parsed outer = _parser.Parse(frame);
        Assert.Equal(PacketKind.Ipv6IcmpError, outer.Kind);
        return PacketParser.ParseQuoted6(_parser.Meta, out quoted);
    }
}
