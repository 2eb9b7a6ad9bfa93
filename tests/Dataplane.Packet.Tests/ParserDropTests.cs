using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Linq;
using Dataplane.TestKit;
using Xunit;

namespace Dataplane.Packet.Tests;

/// <summary>A crafted frame for every reason that the parser can give.</summary>
public sealed class ParserDropTests : IDisposable
{
    private static readonly byte[] s_hopByHop = [0, 0, 1, 4, 0, 0, 0, 0];
    private static readonly byte[] s_destination = [0, 0, 1, 4, 0, 0, 0, 0];

    private readonly ParserHarness _parser = new();

    public void Dispose() => _parser.Dispose();

    /// <summary>What is wrong with the frame, the frame, the reason.</summary>
    private static IEnumerable<(string Fault, byte[] Frame, DropReason Reason)> Cases() =>
        [.. LinkCases(), .. Ipv4Cases(), .. Ipv6Cases(), .. FragmentCases.Faulty(), .. TransportCases()];

    private static IEnumerable<(string Fault, byte[] Frame, DropReason Reason)> LinkCases() =>
    [
        ("no bytes", [], DropReason.FrameTruncated),
        ("13 bytes", new byte[13], DropReason.FrameTruncated),
        ("cut in the tag", Four().Vlan(1).Udp(1, 2).TruncateTo(17).Build(), DropReason.VlanTruncated),
        ("cut in the inner tag", Four().Vlan(1).Vlan(2).Udp(1, 2).TruncateTo(21).Build(), DropReason.VlanTruncated),
        ("three tags", Four().Vlan(1).Vlan(2).Vlan(3).Udp(1, 2).Build(), DropReason.VlanTooManyTags),
        ("an 802.3 length", new PacketBuilder().WithEtherType(46).Body(new byte[46]).Build(), DropReason.EtherTypeUnsupported),
        ("LLDP", new PacketBuilder().WithEtherType(0x88CC).Body(new byte[46]).Build(), DropReason.EtherTypeUnsupported),
        ("cut in ARP", Arp().TruncateTo(41).Build(), DropReason.ArpTruncated),
        ("ARP of another hardware", Arp().WithArp((ref ArpPacket arp) => arp.HardwareType = Be16.FromHost(6)).Build(),
            DropReason.ArpInvalid),
        ("ARP of another protocol", Arp().WithArp((ref ArpPacket arp) => arp.ProtocolType = Be16.FromHost(0x86DD)).Build(),
            DropReason.ArpInvalid),
        ("ARP with 8-byte hardware", Arp().WithArp((ref ArpPacket arp) => arp.HardwareLengthBytes = 8).Build(), DropReason.ArpInvalid),
        ("ARP with 16-byte protocol", Arp().WithArp((ref ArpPacket arp) => arp.ProtocolLengthBytes = 16).Build(), DropReason.ArpInvalid),
        ("reverse ARP", new PacketBuilder().Arp(3, "10.0.0.1", "10.0.0.2").Build(), DropReason.ArpInvalid),
        ("ARP for another sender", new PacketBuilder()
            .Arp(2, "10.0.0.1", "10.0.0.2", senderMac: MacAddress.Parse("02:00:00:00:00:99")).Build(), DropReason.ArpInvalid),
        ("ARP from a group", new PacketBuilder().Ethernet("03:00:00:00:00:01", "02:00:00:00:00:02")
            .Arp(2, "10.0.0.1", "10.0.0.2").Build(), DropReason.ArpInvalid),
    ];

    private static IEnumerable<(string Fault, byte[] Frame, DropReason Reason)> Ipv4Cases() =>
    [
        ("19 bytes of IPv4", Four().Udp(1, 2).TruncateTo(33).Build(), DropReason.Ipv4Truncated),
        ("version 6", Four().WithVersion(6).Udp(1, 2).Build(), DropReason.Ipv4VersionBad),
        ("IHL 4", Four().WithHeaderWords(4).Udp(1, 2).Build(), DropReason.Ipv4HeaderLengthBad),
        ("IHL beyond the frame", Four().WithHeaderWords(15).Udp(1, 2).Build(), DropReason.Ipv4HeaderLengthBad),
        ("total length in the header", Four().WithIpLength(19).Udp(1, 2).Build(), DropReason.Ipv4TotalLengthBad),
        ("total length beyond the frame", Four().WithIpLength(29).Udp(1, 2).Build(), DropReason.Ipv4TotalLengthBad),
        ("total length 65535", Four().WithIpLength(65535).Udp(1, 2).Build(), DropReason.Ipv4TotalLengthBad),
        ("a wrong header checksum", Four().WithHeaderChecksum(0xBEEF).Udp(1, 2).Build(), DropReason.Ipv4ChecksumBad),
        ("an option of length 0", Four().Options(7, 0, 0, 0).Udp(1, 2).Build(), DropReason.Ipv4OptionBad),
        ("an option of length 1", Four().Options(7, 1, 0, 0).Udp(1, 2).Build(), DropReason.Ipv4OptionBad),
        ("an option past the header", Four().Options(7, 5, 0, 0).Udp(1, 2).Build(), DropReason.Ipv4OptionBad),
        ("an option without a length", Four().Options(1, 1, 1, 7).Udp(1, 2).Build(), DropReason.Ipv4OptionBad),
        ("a loose source route", Four().Options(131, 7, 4, 8, 8, 8, 8).Udp(1, 2).Build(), DropReason.Ipv4SourceRoute),
        ("a strict source route", Four().Options(1, 137, 7, 4, 8, 8, 8, 8).Udp(1, 2).Build(), DropReason.Ipv4SourceRoute),
        ("no source", new PacketBuilder().Ipv4("0.0.0.0", "192.0.2.1").Udp(1, 2).Build(), DropReason.Ipv4SourceInvalid),
        ("a loopback source", new PacketBuilder().Ipv4("127.0.0.1", "192.0.2.1").Tcp(1, 2).Build(), DropReason.Ipv4SourceInvalid),
        ("a multicast source", new PacketBuilder().Ipv4("224.0.0.5", "192.0.2.1").Tcp(1, 2).Build(), DropReason.Ipv4SourceInvalid),
        ("a broadcast source", new PacketBuilder().Ipv4("255.255.255.255", "192.0.2.1").Tcp(1, 2).Build(), DropReason.Ipv4SourceInvalid),
        ("LAND", new PacketBuilder().Ipv4("192.0.2.1", "192.0.2.1").Tcp(139, 139, TcpFlags.Syn).Build(), DropReason.Ipv4SourceInvalid),
        ("no destination", new PacketBuilder().Ipv4("10.0.0.1", "0.0.0.0").Udp(1, 2).Build(), DropReason.Ipv4DestinationInvalid),
        ("a loopback destination", new PacketBuilder().Ipv4("10.0.0.1", "127.0.0.53").Udp(1, 2).Build(),
            DropReason.Ipv4DestinationInvalid),
        ("a multicast destination", new PacketBuilder().Ipv4("10.0.0.1", "239.1.1.1").Udp(1, 2).Build(),
            DropReason.Ipv4DestinationInvalid),
        ("a reserved destination", new PacketBuilder().Ipv4("10.0.0.1", "240.0.0.1").Udp(1, 2).Build(), DropReason.Ipv4DestinationInvalid),
        ("limited broadcast", new PacketBuilder().Ipv4("10.0.0.1", "255.255.255.255").Udp(1, 2).Build(),
            DropReason.Ipv4DestinationInvalid),
    ];

    private static IEnumerable<(string Fault, byte[] Frame, DropReason Reason)> Ipv6Cases() =>
    [
        ("39 bytes of IPv6", Six().Udp(1, 2).TruncateTo(53).Build(), DropReason.Ipv6Truncated),
        ("version 4", Six().WithVersion(4).Udp(1, 2).Build(), DropReason.Ipv6VersionBad),
        ("payload length beyond the frame", Six().WithIpLength(9).Udp(1, 2).Build(), DropReason.Ipv6PayloadLengthBad),
        ("an extension cut after 7 bytes", Six().Extension(0, s_hopByHop).Udp(1, 2).WithIpLength(7).Build(),
            DropReason.Ipv6ExtensionTruncated),
        ("an extension past the packet", Six().Extension(60, 0, 9, 0, 0, 0, 0, 0, 0).Udp(1, 2).Build(), DropReason.Ipv6ExtensionTruncated),
        ("AH past the packet", Six().Extension(51, 0, 255, 0, 0, 0, 0, 0, 0).Udp(1, 2).Build(), DropReason.Ipv6ExtensionTruncated),
        ("a jumbogram", Six().Extension(0, s_hopByHop).Udp(1, 2).WithIpLength(0).Build(), DropReason.Ipv6ExtensionTruncated),
        ("nine extensions", Extensions(9).Udp(1, 2).Build(), DropReason.Ipv6ExtensionTooMany),
        ("routing header type 0", Six().Extension(43, [0, 2, 0, 1, .. new byte[20]]).Udp(1, 2).Build(),
            DropReason.Ipv6SourceRoute),
        ("hop-by-hop in second place", Six().Extension(60, s_destination).Extension(0, s_hopByHop).Udp(1, 2).Build(),
            DropReason.ProtocolUnsupported),
        ("a multicast source", From6("ff02::1").Udp(1, 2).Build(), DropReason.Ipv6SourceInvalid),
        ("a loopback source", From6("::1").Udp(1, 2).Build(), DropReason.Ipv6SourceInvalid),
        ("a mapped source", From6("::ffff:10.0.0.1").Udp(1, 2).Build(), DropReason.Ipv6SourceInvalid),
        ("an unspecified source of UDP", From6("::").Udp(1, 2).Build(), DropReason.Ipv6SourceInvalid),
        ("LAND", From6(SampleFrames.Server6).Tcp(1, 2).Build(), DropReason.Ipv6SourceInvalid),
        ("a loopback destination", To6("::1").Udp(1, 2).Build(), DropReason.Ipv6DestinationInvalid),
        ("an unspecified destination", To6("::").Udp(1, 2).Build(), DropReason.Ipv6DestinationInvalid),
        ("a mapped destination", To6("::ffff:10.0.0.1").Udp(1, 2).Build(), DropReason.Ipv6DestinationInvalid),
        ("ND that passed a router", new PacketBuilder().Ipv6("fe80::1", "ff02::1", 254).Icmpv6(135).Payload(16).Build(),
            DropReason.Ipv6NeighbourInvalid),
        ("ND with a code", new PacketBuilder().Ipv6("fe80::1", "ff02::1", 255).Icmpv6(135, 1).Payload(16).Build(),
            DropReason.Ipv6NeighbourInvalid),
        ("a solicitation of 23 bytes", new PacketBuilder().Ipv6("fe80::1", "ff02::1", 255).Icmpv6(135).Payload(15).Build(),
            DropReason.Ipv6NeighbourInvalid),
        ("UDP without a checksum over IPv6", Six().Udp(1, 2).WithChecksum(0).Build(), DropReason.L4ChecksumBad),
        ("a wrong CRC of SCTP over IPv6", Six().Sctp(1, 2).WithCrc(1).Build(), DropReason.L4ChecksumBad),
        ("a wrong UDP-Lite checksum over IPv6", Six().UdpLite(1, 2).WithChecksum(1).Build(), DropReason.L4ChecksumBad),
        ("a wrong DCCP checksum over IPv6", Six().Dccp(1, 2).WithChecksum(1).Build(), DropReason.L4ChecksumBad),
        ("no next header over IPv6", Six().WithProtocol(59).Payload(8).Build(), DropReason.ProtocolUnsupported),
        ("ICMP over IPv6", Six().Icmp(8).Build(), DropReason.ProtocolUnsupported),
    ];

    private static IEnumerable<(string Fault, byte[] Frame, DropReason Reason)> TransportCases() =>
    [
        ("19 bytes of TCP", Four().WithProtocol(6).Icmp(8).Payload(11).Build(), DropReason.TcpTruncated),
        ("no bytes of TCP", Four().WithProtocol(6).Build(), DropReason.TcpTruncated),
        ("data offset 4", Four().Tcp(1, 2).WithTcpWords(4).Build(), DropReason.TcpOffsetBad),
        ("data offset beyond the packet", Four().Tcp(1, 2).WithTcpWords(6).Build(), DropReason.TcpOffsetBad),
        ("no flags", Four().Tcp(1, 2, TcpFlags.None).Build(), DropReason.TcpFlagsBad),
        ("a Christmas tree", Four().Tcp(1, 2, (TcpFlags)0xFF).Build(), DropReason.TcpFlagsBad),
        ("7 bytes of UDP", Four().WithProtocol(17).Icmp(8).WithIpLength(27).Build(), DropReason.UdpTruncated),
        ("UDP length 7", Four().Udp(1, 2).WithUdpLength(7).Build(), DropReason.UdpLengthBad),
        ("UDP length beyond the packet", Four().Udp(1, 2).WithUdpLength(9).Build(), DropReason.UdpLengthBad),
        ("7 bytes of ICMP", Four().Icmp(8).WithIpLength(27).Build(), DropReason.IcmpTruncated),
        ("an ICMP redirect", Four().Icmp(5).Payload(28).Build(), DropReason.IcmpTypeUnsupported),
        ("11 bytes of SCTP", Four().Sctp(1, 2).WithIpLength(31).Build(), DropReason.SctpTruncated),
        ("a wrong CRC of SCTP", Four().Sctp(1, 2).Payload(PacketBuilder.Chunk(SctpChunkType.Data, 0)).WithCrc(0xBEEF).Build(), DropReason.L4ChecksumBad),
        ("a CRC of SCTP in network order", Four().Sctp(1, 2).WithCrc(SwappedCrc()).Build(), DropReason.L4ChecksumBad),
        ("11 bytes of DCCP", Four().Dccp(1, 2, DccpType.Data).WithIpLength(31).Build(), DropReason.DccpTruncated),
        ("a DCCP header past the packet", Four().Dccp(1, 2, DccpType.Ack).WithIpLength(43).Build(), DropReason.DccpHeaderBad),
        ("DCCP of a reserved type", Four().Dccp(1, 2, (DccpType)10).Build(), DropReason.DccpHeaderBad),
        ("DCCP that covers more than there is", Four().Dccp(1, 2, coverage: 3).Payload(4).Build(), DropReason.DccpHeaderBad),
        ("a wrong DCCP checksum", Four().Dccp(1, 2).WithChecksum(0xBEEF).Build(), DropReason.L4ChecksumBad),
        ("7 bytes of UDP-Lite", Four().UdpLite(1, 2).WithIpLength(27).Build(), DropReason.UdpTruncated),
        ("UDP-Lite that covers 7 bytes", Four().UdpLite(1, 2, 7).Payload(3).Build(), DropReason.UdpLiteCoverageBad),
        ("UDP-Lite that covers more than there is", Four().UdpLite(1, 2, 12).Payload(3).Build(), DropReason.UdpLiteCoverageBad),
        ("UDP-Lite without a checksum", Four().UdpLite(1, 2).WithChecksum(0).Build(), DropReason.L4ChecksumBad),
        ("a wrong UDP-Lite checksum", Four().UdpLite(1, 2, 8).Payload(3).WithChecksum(0xBEEF).Build(), DropReason.L4ChecksumBad),
        ("3 bytes of GRE", Four().Gre().WithIpLength(23).Build(), DropReason.GreTruncated),
        ("GRE that ends in its key", Four().Gre(key: 7).WithIpLength(27).Build(), DropReason.GreTruncated),
        ("GRE that ends in its checksum", Four().Gre(hasChecksum: true).WithIpLength(26).Build(), DropReason.GreTruncated),
        ("GRE that ends in its sequence", Four().Gre(sequence: 7).WithIpLength(27).Build(), DropReason.GreTruncated),
        ("PPTP that ends in its call id", Four().Pptp(7).WithIpLength(27).Build(), DropReason.GreTruncated),
        ("a wrong GRE checksum", Four().Gre(hasChecksum: true).Payload(9).WithChecksum(0xBEEF).Build(), DropReason.L4ChecksumBad),
        ("no next header", Four().WithProtocol(59).Udp(1, 2).Build(), DropReason.ProtocolUnsupported),
        ("ICMPv6 over IPv4", Four().Icmpv6(128).Build(), DropReason.ProtocolUnsupported),
        ("a wrong TCP checksum", Four().Tcp(1, 2).Payload(3).WithChecksum(0xBEEF).Build(), DropReason.L4ChecksumBad),
        ("a TCP checksum of zero", Four().Tcp(1, 2).Payload(3).WithChecksum(0).Build(), DropReason.L4ChecksumBad),
        ("a wrong UDP checksum", Four().Udp(1, 2).Payload(3).WithChecksum(0xBEEF).Build(), DropReason.L4ChecksumBad),
        ("a wrong ICMP checksum", Four().Icmp(8).Payload(3).WithChecksum(0xBEEF).Build(), DropReason.L4ChecksumBad),
        ("a wrong checksum of an ICMP error", Four().Icmp(3).Payload(28).WithChecksum(0xBEEF).Build(), DropReason.L4ChecksumBad),
        ("a wrong TCP checksum over IPv6", Six().Tcp(1, 2).WithChecksum(0xBEEF).Build(), DropReason.L4ChecksumBad),
    ];

    public static TheoryData<string> Faults => [.. Cases().Select(one => $"{one.Reason}: {one.Fault}")];

    [Theory]
    [MemberData(nameof(Faults))]
    public void A_faulty_frame_is_dropped_for_its_reason(string fault)
    {
        (_, byte[] frame, DropReason reason) = Cases().Single(one => $"{one.Reason}: {one.Fault}" == fault);
        Assert.Equal(reason, _parser.Parse(frame).Reason);
        Assert.Equal(reason, ReferenceParser.Parse(frame, MbufFlags.None, true, ParserHarness.Zone).Reason);
    }

    [Fact]
    public void A_chained_frame_is_dropped_before_anything_else()
    {
        foreach (byte[] frame in SampleFrames.All.Values)
        {
            Assert.Equal(DropReason.FrameChained, _parser.Parse(frame, segments: 2).Reason);
            Assert.Equal(DropReason.FrameChained, _parser.Parse(frame, segments: 0).Reason);
        }
    }

    [Fact]
    public void Every_reason_of_the_parser_has_a_case()
    {
        DropReason[] elsewhere =
        [
            DropReason.NotForThisRouter, DropReason.VlanNotConfigured, DropReason.Ipv6NotEnabled, DropReason.FrameChained,
        ];
        IEnumerable<DropReason> expected = Enum.GetValues<DropReason>()
            .Where(reason => reason is > DropReason.None and < DropReason.TcpNotSyn).Except(elsewhere);
        Assert.Equal(expected.Order(), Cases().Select(one => one.Reason).Distinct().Order());
    }

    [Fact]
    public void Eight_extensions_are_followed()
    {
        Assert.Equal(DropReason.None, _parser.Parse(Extensions(8).Udp(1, 2).Build()).Reason);
    }

    /// <summary>The NIC's word: bad is dropped, good is believed, neither and both are verified.</summary>
    [Theory]
    [InlineData(MbufFlags.None, DropReason.None, DropReason.Ipv4ChecksumBad)]
    [InlineData(MbufFlags.RxIpChecksumGood, DropReason.None, DropReason.None)]
    [InlineData(MbufFlags.RxIpChecksumBad, DropReason.Ipv4ChecksumBad, DropReason.Ipv4ChecksumBad)]
    [InlineData(MbufFlags.RxIpChecksumGood | MbufFlags.RxIpChecksumBad, DropReason.None, DropReason.Ipv4ChecksumBad)]
    public void The_nic_decides_on_the_header_checksum_where_it_knows(MbufFlags flags, DropReason ofGood, DropReason ofBad)
    {
        foreach (PacketBuilder start in (PacketBuilder[])[Four(), Four().Options(1, 1, 1, 1), Four().Vlan(1)])
        {
            byte[] good = start.Udp(1, 2).Build();
            byte[] bad = start.WithHeaderChecksum(0x1111).Build();
            Assert.Equal(ofGood, _parser.Parse(good, flags).Reason);
            Assert.Equal(ofBad, _parser.Parse(bad, flags).Reason);
            Assert.Equal(ofGood, _parser.Parse(good, flags | MbufFlags.RxL4ChecksumGood).Reason);
            Assert.Equal(ofBad, _parser.Parse(bad, flags | MbufFlags.RxL4ChecksumGood, verifiesL4: false).Reason);
        }
    }

    [Theory]
    [InlineData(MbufFlags.None, DropReason.None, DropReason.L4ChecksumBad)]
    [InlineData(MbufFlags.RxL4ChecksumGood, DropReason.None, DropReason.None)]
    [InlineData(MbufFlags.RxL4ChecksumBad, DropReason.L4ChecksumBad, DropReason.L4ChecksumBad)]
    [InlineData(MbufFlags.RxL4ChecksumGood | MbufFlags.RxL4ChecksumBad, DropReason.None, DropReason.L4ChecksumBad)]
    public void The_nic_decides_on_the_transport_checksum_where_it_knows(MbufFlags flags, DropReason ofGood, DropReason ofBad)
    {
        foreach (PacketBuilder start in (PacketBuilder[])[Four(), Four().Vlan(1), Six()])
        {
            byte[] good = start.Tcp(1, 2).Build();
            byte[] bad = start.WithChecksum(0x1111).Build();
            Assert.Equal(ofGood, _parser.Parse(good, flags).Reason);
            Assert.Equal(ofBad, _parser.Parse(bad, flags).Reason);
            Assert.Equal(ofGood, _parser.Parse(good, flags | MbufFlags.RxIpChecksumGood).Reason);
            Assert.Equal(DropReason.None, _parser.Parse(bad, flags, verifiesL4: false).Reason);
        }
    }

    private static uint SwappedCrc()
    {
        byte[] frame = Four().Sctp(1, 2).Build();
        return BinaryPrimitives.ReadUInt32BigEndian(frame.AsSpan(14 + 20 + SctpHeader.ChecksumOffset));
    }

    private static PacketBuilder Four() => SampleFrames.Four();

    private static PacketBuilder Six() => SampleFrames.Six();

    private static PacketBuilder Arp() => new PacketBuilder().Arp(1, SampleFrames.Host, "10.0.0.254");

    private static PacketBuilder From6(string source) => new PacketBuilder().Ipv6(source, SampleFrames.Server6);

    private static PacketBuilder To6(string destination) => new PacketBuilder().Ipv6(SampleFrames.Host6, destination);

    private static PacketBuilder Extensions(int count)
    {
        PacketBuilder builder = Six();
        for (int index = 0; index < count; index++)
        {
            builder.Extension(IpProtocol.DestinationOptions, s_destination);
        }

        return builder;
    }
}
