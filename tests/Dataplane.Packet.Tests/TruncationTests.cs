using System;
using System.Buffers.Binary;
using Xunit;

namespace Dataplane.Packet.Tests;

/// <summary>Every kind of frame, cut at every byte, with a page without access right behind the cut.</summary>
public sealed class TruncationTests : IDisposable
{
    private readonly ParserHarness _parser = new();

    public static TheoryData<string> Samples => [.. SampleFrames.All.Keys];

    public void Dispose() => _parser.Dispose();

    [Theory]
    [MemberData(nameof(Samples))]
    public void A_cut_frame_is_dropped_unless_only_padding_is_gone(string sample)
    {
        byte[] frame = SampleFrames.All[sample];
        Parsed whole = _parser.Parse(frame);
        int neededBytes = whole.L2LengthBytes + whole.L3LengthBytes;
        for (int length = 0; length < frame.Length; length++)
        {
            foreach (MbufFlags flags in (MbufFlags[])[MbufFlags.None, MbufFlags.RxChecksumsGood])
            {
                Parsed cut = _parser.Parse(frame.AsSpan(0, length), flags);
                Assert.Equal(length >= neededBytes, cut.Reason == DropReason.None);
                Assert.Equal(ReferenceParser.Parse(frame.AsSpan(0, length), flags, true, ParserHarness.Zone), cut);
            }
        }
    }

    /// <summary>The IP length field says what is there, so that the cut is the transport layer's to find.</summary>
    [Theory]
    [MemberData(nameof(Samples))]
    public void A_frame_whose_ip_length_agrees_with_the_cut_never_reads_past_it(string sample)
    {
        byte[] frame = [.. SampleFrames.All[sample]];
        Parsed whole = _parser.Parse(frame);
        bool isIpv4 = whole.Kind is PacketKind.Ipv4Tracked or PacketKind.Ipv4IcmpError or PacketKind.Ipv4Fragment;
        bool isIpv6 = whole.Kind is PacketKind.Ipv6Tracked or PacketKind.Ipv6IcmpError or PacketKind.Ipv6Neighbour or PacketKind.Ipv6Fragment;
        int l3 = whole.L2LengthBytes;
        int headerBytes = isIpv6 ? 40 : 20;
        for (int length = l3 + headerBytes; length < l3 + whole.L3LengthBytes && (isIpv4 || isIpv6); length++)
        {
            int fieldValue = isIpv6 ? length - l3 - 40 : length - l3;
            BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(isIpv6 ? l3 + 4 : l3 + 2), (ushort)fieldValue);
            Parsed cut = _parser.Parse(frame.AsSpan(0, length), MbufFlags.RxChecksumsGood);
            Assert.Equal(ReferenceParser.Parse(frame.AsSpan(0, length), MbufFlags.RxChecksumsGood, true, ParserHarness.Zone), cut);
            if (length < whole.L4Offset + HeaderBytesMin(whole) && !whole.Fragment.IsLater)
            {
                Assert.NotEqual(DropReason.None, cut.Reason);
            }
        }
    }

    /// <summary>The shortest header of the frame's protocol.</summary>
    private static int HeaderBytesMin(in Parsed parsed) => parsed.Tuple.Protocol switch
    {
        IpProtocol.Tcp => 20,
        IpProtocol.Sctp or IpProtocol.Dccp => 12,
        IpProtocol.Udp or IpProtocol.UdpLite or IpProtocol.Icmp or IpProtocol.Icmpv6 => 8,
        IpProtocol.Gre => 4,
        _ => 0,
    };
}
