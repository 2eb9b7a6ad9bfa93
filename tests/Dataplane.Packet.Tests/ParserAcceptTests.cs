using System;
using Dataplane.TestKit;
using Xunit;

namespace Dataplane.Packet.Tests;

/// <summary>What the parser says of good frames, field by field.</summary>
public sealed class ParserAcceptTests : IDisposable
{
    private readonly ParserHarness _parser = new();

    public static TheoryData<string> Samples => [.. SampleFrames.All.Keys];

    public void Dispose() => _parser.Dispose();

    [Theory]
    [MemberData(nameof(Samples))]
    public void A_good_frame_of_every_kind_is_accepted_as_the_reference_accepts_it(string sample)
    {
        byte[] frame = SampleFrames.All[sample];
        Parsed parsed = _parser.Parse(frame);
        Assert.Equal(DropReason.None, parsed.Reason);
        Assert.Equal(ReferenceParser.Parse(frame, MbufFlags.None, true, ParserHarness.Zone), parsed);
        Assert.Equal(parsed, _parser.Parse(frame, MbufFlags.RxChecksumsGood));
        Assert.Equal(parsed, _parser.Parse(frame, verifiesL4: false));
    }

    [Fact]
    public void A_udp_datagram_yields_tuple_offsets_and_lengths()
    {
        byte[] frame = new PacketBuilder().Ipv4("10.0.0.1", "192.0.2.1", ttl: 17).Udp(1000, 53).Payload(5).Trailer(new byte[13]).Build();
        Parsed parsed = _parser.Parse(frame);
        Assert.Equal(PacketKind.Ipv4Tracked, parsed.Kind);
        Assert.Equal("udp 10.0.0.1:1000 > 192.0.2.1:53 zone 7", parsed.Tuple.ToString());
        Assert.Equal(IpProtocol.Udp, parsed.Tuple.Protocol);
        Assert.Equal(0, parsed.Tuple.Kind);
        Assert.Equal((14, 34, 33, 13, 5, (byte)17), (
            parsed.L2LengthBytes, parsed.L4Offset, parsed.L3LengthBytes, parsed.L4LengthBytes, parsed.PayloadBytes, parsed.Ttl));
    }

    [Fact]
    public void A_tcp_segment_with_options_everywhere_yields_flags_and_payload()
    {
        byte[] frame = new PacketBuilder().Vlan(42).Ipv4("10.0.0.1", "192.0.2.1").Options(7, 3, 4)
            .Tcp(40000, 443, TcpFlags.Ack | TcpFlags.Psh, options: [1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2]).Payload(9).Build();
        Parsed parsed = _parser.Parse(frame);
        Assert.Equal("tcp 10.0.0.1:40000 > 192.0.2.1:443 zone 7", parsed.Tuple.ToString());
        Assert.Equal(TcpFlags.Ack | TcpFlags.Psh, parsed.TcpFlags);
        Assert.Equal((18, 42, 65, 41, 9, (ushort)42), (
            parsed.L2LengthBytes, parsed.L4Offset, parsed.L3LengthBytes, parsed.L4LengthBytes, parsed.PayloadBytes, parsed.VlanId));
    }

    [Fact]
    public void The_outermost_vlan_id_counts()
    {
        Assert.Equal(200, _parser.Parse(SampleFrames.All["tcp in two vlans"]).VlanId);
        Assert.Equal(100, _parser.Parse(SampleFrames.All["tcp in a vlan"]).VlanId);
        Assert.Equal(0, _parser.Parse(SampleFrames.All["tcp syn"]).VlanId);
    }

    [Fact]
    public void A_tag_that_the_nic_stripped_counts_like_one_in_the_frame()
    {
        MbufFlags flags = MbufFlags.RxVlanStripped | MbufFlags.RxChecksumsGood;
        Parsed plain = _parser.Parse(SampleFrames.All["tcp syn"], flags, vlanTci: 0xE00C);
        Assert.Equal((DropReason.None, (ushort)12, 14), (plain.Reason, plain.VlanId, plain.L2LengthBytes));
        Parsed tagged = _parser.Parse(SampleFrames.All["tcp in a vlan"], flags, vlanTci: 12);
        Assert.Equal((DropReason.None, (ushort)12, 18), (tagged.Reason, tagged.VlanId, tagged.L2LengthBytes));
        Assert.Equal(DropReason.VlanTooManyTags, _parser.Parse(SampleFrames.All["tcp in two vlans"], flags, vlanTci: 12).Reason);
    }

    [Fact]
    public void An_icmp_id_stands_at_the_side_that_chose_it()
    {
        Ipv4Tuple request = _parser.Parse(SampleFrames.All["echo request"]).Tuple;
        Assert.Equal((500, 0, IcmpType.EchoRequest), (request.SourcePort.Host, request.DestinationPort.Host, request.Kind));
        Ipv4Tuple reply = _parser.Parse(new PacketBuilder().Ipv4(SampleFrames.Server, SampleFrames.Host).Icmp(0, 0, 500, 1).Build()).Tuple;
        Assert.Equal(request.Inverted, reply);
    }

    [Fact]
    public void An_ipv6_packet_yields_its_own_tuple()
    {
        Parsed parsed = _parser.Parse(SampleFrames.All["udp6 behind every extension"]);
        Assert.Equal(PacketKind.Ipv6Tracked, parsed.Kind);
        Assert.Equal("udp [2001:db8::1]:1000 > [2001:db8::2]:53 zone 7", parsed.Tuple6.ToString());
        Assert.Equal(14 + 40 + 8 + 16 + 8 + 24, parsed.L4Offset);
        Parsed echo = _parser.Parse(SampleFrames.All["echo6 request"]);
        Assert.Equal((500, 0, Icmpv6Type.EchoRequest), (echo.Tuple6.SourcePort.Host, echo.Tuple6.DestinationPort.Host, echo.Tuple6.Kind));
    }

    [Fact]
    public void Every_frame_size_of_both_transports_is_accepted()
    {
        for (int payload = 0; payload <= 1480; payload++)
        {
            byte[] udp = SampleFrames.Four().Udp(1000, 53).Payload(payload).Build();
            Assert.Equal((DropReason.None, payload), (_parser.Parse(udp).Reason, _parser.Parse(udp).PayloadBytes));
            byte[] tcp = SampleFrames.Four().Tcp(1000, 80).Payload(payload).Build();
            Assert.Equal((DropReason.None, payload), (_parser.Parse(tcp).Reason, _parser.Parse(tcp).PayloadBytes));
        }
    }

    [Fact]
    public void Every_combination_of_tcp_flags_is_judged_as_netfilter_judges_it()
    {
        // SYN, SYN+URG, SYN+ACK, RST, RST+ACK, FIN+ACK, FIN+ACK+URG, ACK, ACK+URG; PSH, ECE and CWR with any.
        int[] valid = [0x02, 0x22, 0x12, 0x04, 0x14, 0x11, 0x31, 0x10, 0x30];
        for (int flags = 0; flags <= 0xFF; flags++)
        {
            byte[] frame = SampleFrames.Four().Tcp(1, 2, (TcpFlags)flags).Build();
            DropReason expected = Array.IndexOf(valid, flags & 0x37) >= 0 ? DropReason.None : DropReason.TcpFlagsBad;
            Assert.Equal(expected, _parser.Parse(frame).Reason);
            Assert.Equal(expected, _parser.Parse(SampleFrames.Six().Tcp(1, 2, (TcpFlags)flags).Build()).Reason);
        }
    }

    [Fact]
    public void Every_first_octet_is_judged_on_both_ends()
    {
        for (int octet = 0; octet <= 255; octet++)
        {
            bool isForwardable = octet is > 0 and < 224 and not 127;
            byte[] from = new PacketBuilder().Ipv4($"{octet}.1.2.3", "192.0.2.1").Udp(1, 2).Build();
            byte[] to = new PacketBuilder().Ipv4("192.0.2.1", $"{octet}.1.2.3").Udp(1, 2).Build();
            Assert.Equal(isForwardable ? DropReason.None : DropReason.Ipv4SourceInvalid, _parser.Parse(from).Reason);
            Assert.Equal(isForwardable ? DropReason.None : DropReason.Ipv4DestinationInvalid, _parser.Parse(to).Reason);
            Assert.Equal(isForwardable, Ipv4Address.Parse($"{octet}.1.2.3").IsForwardable);
        }
    }

    [Fact]
    public void Every_icmp_type_has_its_kind_or_is_unsupported()
    {
        for (int type = 0; type <= 255; type++)
        {
            Parsed parsed = _parser.Parse(SampleFrames.Four().Icmp((byte)type, 0, 5, 6).Payload(40).Build());
            (DropReason, PacketKind) expected = type switch
            {
                0 or 8 or 13 or 14 => (DropReason.None, PacketKind.Ipv4Tracked),
                3 or 4 or 11 or 12 => (DropReason.None, PacketKind.Ipv4IcmpError),
                _ => (DropReason.IcmpTypeUnsupported, PacketKind.None),
            };
            Assert.Equal(expected, (parsed.Reason, parsed.Kind));
        }
    }

    [Fact]
    public void Every_icmpv6_type_has_its_kind_or_is_unsupported()
    {
        for (int type = 0; type <= 255; type++)
        {
            bool isListener = type is 130 or 131 or 132 or 143;
            byte[] frame = new PacketBuilder().Ipv6("fe80::1", "ff02::1", (byte)(isListener ? 1 : 255)).Icmpv6((byte)type).Payload(40).Build();
            Parsed parsed = _parser.Parse(frame);
            (DropReason, PacketKind) expected = type switch
            {
                128 or 129 => (DropReason.None, PacketKind.Ipv6Tracked),
                >= 1 and <= 4 => (DropReason.None, PacketKind.Ipv6IcmpError),
                >= 130 and <= 137 or 143 => (DropReason.None, PacketKind.Ipv6Neighbour),
                _ => (DropReason.IcmpTypeUnsupported, PacketKind.None),
            };
            Assert.Equal(expected, (parsed.Reason, parsed.Kind));
        }
    }
}
