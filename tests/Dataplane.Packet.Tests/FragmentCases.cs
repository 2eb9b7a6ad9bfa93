using System.Collections.Generic;
using Dataplane.TestKit;

namespace Dataplane.Packet.Tests;

/// <summary>Fragments that are wrong by themselves, for <see cref="ParserDropTests"/>.</summary>
internal static class FragmentCases
{
    private const ushort More = 0x2000;

    /// <summary>What is wrong with the frame, the frame, the reason.</summary>
    public static IEnumerable<(string Fault, byte[] Frame, DropReason Reason)> Faulty() =>
    [
        ("a first fragment of 12 bytes", Four(More).Udp(1, 2).Payload(4).Build(), DropReason.FragmentLengthBad),
        ("a middle fragment of 9 bytes", Four(More + 10).Udp(1, 2).Payload(1).Build(), DropReason.FragmentLengthBad),
        ("a last fragment without data", Four(10).Udp(1, 2).WithIpLength(20).Build(), DropReason.FragmentLengthBad),
        ("a first fragment without data", Four(More).Udp(1, 2).WithIpLength(20).Build(), DropReason.FragmentLengthBad),
        ("the ping of death", Four(0x1FFF).Udp(1, 2).Build(), DropReason.FragmentOversize),
        ("one byte more than 65535", Four(8188).Udp(1, 2).Payload(4).Build(), DropReason.FragmentOversize),
        ("a first fragment with 8 bytes of TCP", Four(More).WithProtocol(6).Udp(1, 2).Build(), DropReason.FragmentTooSmall),
        ("a first fragment with 16 bytes of TCP", Four(More).WithProtocol(6).Udp(1, 2).Payload(8).Build(), DropReason.FragmentTooSmall),
        ("a fragment over the flags of TCP", Four(1).WithProtocol(6).Udp(1, 2).Build(), DropReason.FragmentTooSmall),
        ("a fragment over the checksum of TCP", Four(More + 2).WithProtocol(6).Udp(1, 2).Build(), DropReason.FragmentTooSmall),
        ("a first fragment with 8 bytes of SCTP", Four(More).WithProtocol(132).Udp(1, 2).Build(), DropReason.FragmentTooSmall),
        ("a fragment over the CRC of SCTP", Four(More + 1).WithProtocol(132).Udp(1, 2).Build(), DropReason.FragmentTooSmall),
        ("a first fragment with 8 bytes of DCCP", Four(More).WithProtocol(33).Udp(1, 2).Build(), DropReason.FragmentTooSmall),
        ("a fragment over the type of DCCP", Four(1).WithProtocol(33).Udp(1, 2).Build(), DropReason.FragmentTooSmall),
        ("a first fragment that ends in a DCCP header", Four(More).Dccp(1, 2, options: new byte[20]).TruncateTo(14 + 20 + 24).WithIpLength(44).Build(),
            DropReason.DccpHeaderBad),
        ("a first fragment that ends in a GRE header", Four(More).Gre(hasChecksum: true, key: 1).TruncateTo(14 + 20 + 8).WithIpLength(28).Build(),
            DropReason.FragmentTooSmall),
        ("a first fragment of UDP-Lite without a checksum", Four(More).UdpLite(1, 2).WithChecksum(0).Payload(8).Build(), DropReason.L4ChecksumBad),
        ("a first fragment of UDP-Lite that covers 7 bytes", Four(More).UdpLite(1, 2, 7).Payload(8).Build(), DropReason.UdpLiteCoverageBad),
        ("a first fragment of no next header", Four(More).WithProtocol(59).Udp(1, 2).Build(), DropReason.ProtocolUnsupported),
        ("a first fragment of an ICMP error", Four(More).Icmp(3).Payload(40).Build(), DropReason.FragmentIcmpError),
        ("a first fragment of a bad UDP length", Four(More).Udp(1, 2).WithUdpLength(7).Build(), DropReason.UdpLengthBad),
        ("a first fragment of LAND", new PacketBuilder().Ipv4("192.0.2.1", "192.0.2.1").WithFlagsAndOffset(More).Udp(1, 2).Build(),
            DropReason.Ipv4SourceInvalid),
        ("a last fragment to a group", new PacketBuilder().Ipv4("10.0.0.1", "239.1.1.1").WithFlagsAndOffset(4).Udp(1, 2).Build(),
            DropReason.Ipv4DestinationInvalid),
        ("a first fragment6 of 12 bytes", Six(1).Udp(1, 2).Payload(4).Build(), DropReason.FragmentLengthBad),
        ("a last fragment6 without data", Six(80).WithProtocol(59).Build(), DropReason.FragmentLengthBad),
        ("a fragment6 beyond 65535", Six(0xFFF8).Udp(1, 2).Build(), DropReason.FragmentOversize),
        ("a fragment6 that its extensions push beyond 65535", SampleFrames.Six()
            .Extension(IpProtocol.DestinationOptions, 0, 0, 1, 4, 0, 0, 0, 0)
            .Extension(IpProtocol.Fragment, 0, 0, 0xFF, 0xF0, 1, 2, 3, 4).WithProtocol(59).Payload(8).Build(), DropReason.FragmentOversize),
        ("a first fragment6 with 8 bytes of TCP", Six(1).WithProtocol(6).Udp(1, 2).Build(), DropReason.FragmentTooSmall),
        ("a first fragment6 that ends in the extensions", Six(1)
            .Extension(IpProtocol.DestinationOptions, 0, 2, 1, 20, 0, 0, 0, 0).WithProtocol(59).Payload(8).Build(), DropReason.FragmentTooSmall),
        ("a first fragment6 that ends before its extensions", Six(1)
            .Extension(IpProtocol.DestinationOptions, 0, 0, 1, 4, 0, 0, 0, 0).WithProtocol(60).Build(), DropReason.FragmentTooSmall),
        ("a first fragment6 with 8 bytes of SCTP", Six(1).WithProtocol(132).Udp(1, 2).Build(), DropReason.FragmentTooSmall),
        ("a first fragment6 of an error", Six(1).Icmpv6(Icmpv6Type.PacketTooBig, 0, 1280).Payload(48).Build(), DropReason.FragmentIcmpError),
        ("a first fragment6 of a solicitation", Link6(1).Icmpv6(Icmpv6Type.NeighbourSolicitation).Payload(24).Build(),
            DropReason.Ipv6NeighbourInvalid),
        ("an atomic fragment of a solicitation", Link6(0).Icmpv6(Icmpv6Type.NeighbourSolicitation).Payload(24).Build(),
            DropReason.Ipv6NeighbourInvalid),
        ("two fragment headers", Six(0).Extension(IpProtocol.Fragment, new byte[8]).Udp(1, 2).Build(), DropReason.Ipv6ExtensionTooMany),
        ("an atomic fragment with a wrong checksum", Six(0).Udp(1, 2).WithChecksum(0xBEEF).Build(), DropReason.L4ChecksumBad),
        ("a fragment6 from nowhere", new PacketBuilder().Ipv6("::", SampleFrames.Server6).Extension(IpProtocol.Fragment, 0, 0, 0, 8, 1, 2, 3, 4)
            .Udp(1, 2).Build(), DropReason.Ipv6SourceInvalid),
    ];

    private static PacketBuilder Four(int flagsAndOffset) => SampleFrames.Four().WithFlagsAndOffset((ushort)flagsAndOffset);

    private static PacketBuilder Six(int offsetAndMore) => Fragment(SampleFrames.Six(), offsetAndMore);

    private static PacketBuilder Link6(int offsetAndMore) => Fragment(new PacketBuilder().Ipv6("fe80::1", "ff02::1", 255), offsetAndMore);

    private static PacketBuilder Fragment(PacketBuilder builder, int offsetAndMore) =>
        builder.Extension(IpProtocol.Fragment, 0, 0, (byte)(offsetAndMore >> 8), (byte)offsetAndMore, 1, 2, 3, 4);
}
