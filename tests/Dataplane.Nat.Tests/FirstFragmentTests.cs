using System;
using Dataplane.Conntrack;
using Dataplane.Packet;
using Dataplane.TestKit;
using Xunit;
using static Dataplane.Nat.Tests.Connections;

namespace Dataplane.Nat.Tests;

/// <summary>
/// A translated first fragment is the first fragment of the translated datagram, checksum over all of it included; where that cannot
/// be, the packet is refused.
/// </summary>
public sealed unsafe class FirstFragmentTests
{
    /// <summary>The longest header here and some data, of whole 8 bytes.</summary>
    private const int PieceBytes = 32;

    [Theory]
    [InlineData(IpProtocol.Tcp)]
    [InlineData(IpProtocol.Udp)]
    [InlineData(IpProtocol.Icmp)]
    [InlineData(IpProtocol.Sctp)]
    [InlineData(IpProtocol.UdpLite)]
    [InlineData(IpProtocol.Dccp)]
    [InlineData(IpProtocol.Gre)]
    [InlineData(IpProtocol.Esp)]
    public void It_equals_the_one_that_a_translated_sender_would_have_cut(byte protocol)
    {
        var random = new Random(protocol);
        byte[] payload = new byte[200];
        int translated = 0;
        for (int round = 0; round < 4000; round++)
        {
            (Ipv4Tuple original, Ipv4Tuple reply) = Draw(random, protocol);
            random.NextBytes(payload);
            foreach (Direction direction in (Direction[])[Direction.Original, Direction.Reply])
            {
                (Ipv4Tuple from, Ipv4Tuple to) = direction == Direction.Original ? (original, reply.Inverted) : (reply, original.Inverted);
                bool hasSamePorts = from.SourcePort == to.SourcePort && from.DestinationPort == to.DestinationPort;
                DropReason expected = protocol == IpProtocol.Sctp && !hasSamePorts ? DropReason.SctpFragmentTranslated : DropReason.None;
                Assert.Equal(expected, Check(from, to.Inverted, FragmentPart.First));
                if (expected == DropReason.None)
                {
                    translated++;
                    Assert.Equal(FirstPiece(to, payload), Translated(FirstPiece(from, payload), original, reply, direction));
                }
            }
        }

        Assert.InRange(translated, 500, 8000);
    }

    [Fact]
    public void A_whole_sctp_packet_may_have_any_ports_translated()
    {
        (Ipv4Tuple original, Ipv4Tuple reply) = Draw(new Random(5), IpProtocol.Sctp);
        reply.DestinationPort = Be16.FromHost((ushort)(original.SourcePort.Host + 1));
        Assert.Equal(DropReason.None, Check(original, reply, FragmentPart.Whole));
        Assert.Equal(DropReason.SctpFragmentTranslated, Check(original, reply, FragmentPart.First));
    }

    private static DropReason Check(Ipv4Tuple tuple, Ipv4Tuple other, FragmentPart part)
    {
        PacketMeta meta = new() { Tuple = tuple, Fragment = part };
        return Rewriter.CheckFirstFragment(&meta, &other);
    }

    /// <summary>The beginning of the frame that has the whole datagram, with a header that says so.</summary>
    private static byte[] FirstPiece(in Ipv4Tuple tuple, byte[] payload)
    {
        byte[] frame = Build(tuple, payload)[..(L4Offset + PieceBytes)];
        Span<byte> header = frame.AsSpan(EthernetHeader.SizeBytes, Ipv4Header.SizeBytes);
        header[2] = 0;
        header[3] = Ipv4Header.SizeBytes + PieceBytes;
        header[6] = 0x20;
        header[10] = header[11] = 0;
        ushort checksum = ReferenceChecksum.Of(header);
        header[10] = (byte)(checksum >> 8);
        header[11] = (byte)checksum;
        return frame;
    }
}
