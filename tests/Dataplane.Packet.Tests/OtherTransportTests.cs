using System;
using System.Linq;
using Dataplane.TestKit;
using Xunit;

namespace Dataplane.Packet.Tests;

/// <summary>Protocols other than TCP, UDP and ICMP through the parser: fields, checksums, and what the NIC may say of them.</summary>
public sealed class OtherTransportTests : IDisposable
{
    private readonly ParserHarness _parser = new();

    public void Dispose() => _parser.Dispose();

    [Theory]
    [InlineData("sctp init", "sctp 10.0.0.1:40000 > 192.0.2.1:2905 zone 7", 32, 20)]
    [InlineData("sctp data, padded", "sctp 10.0.0.1:40000 > 192.0.2.1:2905 zone 7", 32, 20)]
    [InlineData("udp-lite of a covered header", "udplite 10.0.0.1:1000 > 192.0.2.1:53 zone 7", 13, 5)]
    [InlineData("dccp data covered in part, with options", "dccp 10.0.0.1:40000 > 192.0.2.1:5001 zone 7", 41, 21)]
    [InlineData("gre", "gre 10.0.0.1:0 > 192.0.2.1:0 zone 7", 28, 0)]
    [InlineData("gre with all there is", "gre 10.0.0.1:17484 > 192.0.2.1:17484 zone 7", 41, 0)]
    [InlineData("gre of pptp", "gre 10.0.0.1:0 > 192.0.2.1:16962 zone 7", 36, 0)]
    [InlineData("esp", "50 10.0.0.1:0 > 192.0.2.1:0 zone 7", 40, 0)]
    [InlineData("a protocol without data", "254 10.0.0.1:0 > 192.0.2.1:0 zone 7", 0, 0)]
    [InlineData("first fragment of udp-lite", "udplite 10.0.0.1:1000 > 192.0.2.1:53 zone 7", 16, 8)]
    public void A_packet_yields_its_tuple_and_lengths(string sample, string tuple, int messageBytes, int payloadBytes)
    {
        Parsed parsed = _parser.Parse(SampleFrames.All[sample]);
        Assert.Equal(tuple, parsed.Tuple.ToString());
        Assert.Equal((messageBytes, payloadBytes), (parsed.L4LengthBytes, parsed.PayloadBytes));
    }

    [Fact]
    public void Both_directions_of_a_keyed_tunnel_are_one_flow_and_those_of_pptp_are_not()
    {
        Ipv4Tuple there = _parser.Parse(SampleFrames.All["gre with key and sequence"]).Tuple;
        Ipv4Tuple back = _parser.Parse(new PacketBuilder().Ipv4(SampleFrames.Server, SampleFrames.Host).Gre(key: 0x1234_5678).Build()).Tuple;
        Assert.Equal(there.Inverted, back);
        Ipv4Tuple call = _parser.Parse(SampleFrames.All["gre of pptp"]).Tuple;
        Ipv4Tuple answer = _parser.Parse(new PacketBuilder().Ipv4(SampleFrames.Server, SampleFrames.Host).Pptp(0x4242).Build()).Tuple;
        Assert.NotEqual(call.Inverted, answer);
    }

    [Fact]
    public void Every_number_is_a_protocol_but_for_icmp_of_the_other_family_and_what_is_a_part_of_ipv6()
    {
        byte[] withHeader = [1, 6, 17, 33, 47, 58, 132, 136];
        byte[] extensions = [0, 43, 44, 51, 60];
        for (int number = 0; number <= 255; number++)
        {
            byte protocol = (byte)number;
            if (!withHeader.Contains(protocol) || protocol == 58)
            {
                Parsed four = _parser.Parse(SampleFrames.Four().WithProtocol(protocol).Payload(40).Build());
                bool isRefused = protocol is 0 or 43 or 44 or 58 or 59 or 60;
                Assert.Equal(isRefused ? DropReason.ProtocolUnsupported : DropReason.None, four.Reason);
                Assert.True(isRefused || (four.Kind == PacketKind.Ipv4Tracked && four.Tuple.Protocol == protocol));
            }

            if ((!withHeader.Contains(protocol) || protocol == 1) && !extensions.Contains(protocol))
            {
                Parsed six = _parser.Parse(SampleFrames.Six().WithProtocol(protocol).Payload(40).Build());
                bool isRefused = protocol is 1 or 59;
                Assert.Equal(isRefused ? DropReason.ProtocolUnsupported : DropReason.None, six.Reason);
                Assert.True(isRefused || (six.Kind == PacketKind.Ipv6Tracked && six.Tuple6.Protocol == protocol));
            }
        }
    }

    [Theory]
    [InlineData(IpProtocol.Sctp)]
    [InlineData(IpProtocol.UdpLite)]
    [InlineData(IpProtocol.Dccp)]
    public void The_nic_decides_on_checksums_that_it_knows(byte protocol)
    {
        foreach (PacketBuilder start in (PacketBuilder[])[SampleFrames.Four(), SampleFrames.Six()])
        {
            byte[] good = Build(start, protocol);
            byte[] bad = Damaged(good);
            Assert.Equal(DropReason.None, _parser.Parse(good).Reason);
            Assert.Equal(DropReason.L4ChecksumBad, _parser.Parse(bad).Reason);
            Assert.Equal(DropReason.None, _parser.Parse(bad, MbufFlags.RxL4ChecksumGood).Reason);
            Assert.Equal(DropReason.L4ChecksumBad, _parser.Parse(good, MbufFlags.RxL4ChecksumBad).Reason);
            Assert.Equal(DropReason.L4ChecksumBad, _parser.Parse(bad, MbufFlags.RxL4ChecksumMask).Reason);
            Assert.Equal(DropReason.None, _parser.Parse(bad, verifiesL4: false).Reason);
        }
    }

    [Fact]
    public void What_the_nic_says_of_a_tunnels_inside_is_not_heard()
    {
        byte[] good = Build(SampleFrames.Four(), IpProtocol.Gre);
        foreach (MbufFlags flags in (MbufFlags[])[MbufFlags.None, MbufFlags.RxL4ChecksumGood, MbufFlags.RxL4ChecksumBad])
        {
            Assert.Equal(DropReason.None, _parser.Parse(good, flags).Reason);
            Assert.Equal(DropReason.L4ChecksumBad, _parser.Parse(Damaged(good), flags).Reason);
            Assert.Equal(DropReason.None, _parser.Parse(Damaged(good), flags, verifiesL4: false).Reason);
            Assert.Equal(DropReason.None, _parser.Parse(SampleFrames.All["esp"], flags).Reason);
            Assert.Equal(DropReason.None, _parser.Parse(SampleFrames.All["esp6 behind an extension"], flags).Reason);
        }
    }

    /// <summary>Damage behind what is covered is what UDP-Lite and DCCP allow.</summary>
    [Fact]
    public void Only_what_is_covered_must_be_whole()
    {
        for (ushort covered = 8; covered <= 28; covered++)
        {
            byte[] frame = SampleFrames.Four().UdpLite(1000, 53, covered).Payload(20).Build();
            for (int position = 34; position < frame.Length; position++)
            {
                byte[] damaged = [.. frame];
                damaged[position] ^= 0x10;

                // Neither the coverage itself nor a port may be hit for this one question.
                if (position is < 38 or > 39)
                {
                    Assert.Equal(position - 34 < covered ? DropReason.L4ChecksumBad : DropReason.None, _parser.Parse(damaged).Reason);
                }
            }
        }

        for (byte coverage = 1; coverage <= 6; coverage++)
        {
            byte[] frame = SampleFrames.Six().Dccp(1000, 53, DccpType.Data, coverage).Payload(20).Build();
            int coveredBytes = 16 + (coverage - 1) * 4;
            for (int position = 54 + 16; position < frame.Length; position++)
            {
                byte[] damaged = [.. frame];
                damaged[position] ^= 0x10;
                Assert.Equal(position - 54 < coveredBytes ? DropReason.L4ChecksumBad : DropReason.None, _parser.Parse(damaged).Reason);
            }
        }
    }

    [Fact]
    public void Every_size_of_message_is_verified_to_its_last_byte()
    {
        for (int payload = 0; payload <= 300; payload++)
        {
            foreach (byte protocol in (byte[])[IpProtocol.Sctp, IpProtocol.UdpLite, IpProtocol.Dccp, IpProtocol.Gre])
            {
                byte[] frame = Build(SampleFrames.Four(), protocol, payload);
                Assert.Equal(DropReason.None, _parser.Parse(frame).Reason);
                frame[^1] ^= 1;
                Assert.NotEqual(DropReason.None, _parser.Parse(frame).Reason);
            }
        }
    }

    private static byte[] Build(PacketBuilder start, byte protocol, int payloadBytes = 21) => protocol switch
    {
        IpProtocol.Sctp => start.Sctp(40000, 2905, 77).Payload(payloadBytes).Build(),
        IpProtocol.UdpLite => start.UdpLite(1000, 53).Payload(payloadBytes).Build(),
        IpProtocol.Dccp => start.Dccp(40000, 5001, DccpType.Data).Payload(payloadBytes).Build(),
        _ => start.Gre(key: 1, hasChecksum: true).Payload(payloadBytes).Build(),
    };

    private static byte[] Damaged(byte[] frame)
    {
        byte[] damaged = [.. frame];
        damaged[^1] ^= 0x10;
        return damaged;
    }
}
