using System;
using System.Buffers.Binary;
using Dataplane.Packet;
using Dataplane.TestKit;

namespace Dataplane.Oracle.Tests;

/// <summary>Packets of everything that is not TCP.</summary>
internal static class OtherPackets
{
    private const uint Castagnoli = 0x82F6_3B78;

    /// <summary>A payload-carrying packet of the flow's protocol; GRE version 0 without a key.</summary>
    /// <param name="flow">UDP, UDP-Lite, GRE or a protocol without ports that nobody tracks.</param>
    /// <param name="side">Where it enters.</param>
    /// <param name="payloadBytes">Behind the transport header.</param>
    /// <param name="damage">What is wrong with it; empty for nothing.</param>
    public static Stimulus Data(Flow flow, Side side, int payloadBytes, string damage) =>
        new(side, $"{IpProtocol.Name(flow.Protocol)} l={payloadBytes} {damage}".TrimEnd(), damage.Length == 0 ? "data" : damage,
            client => DataFrame(flow, side, client, payloadBytes, damage));

    /// <summary>An echo request from the client, an echo reply from the server; reversed if <paramref name="isReversed"/>.</summary>
    public static Stimulus Echo(Flow flow, Side side, ushort sequence, bool isReversed, string damage)
    {
        bool isRequest = side == Side.Lan ^ isReversed;
        string name = isRequest ? "request" : "reply";
        return new Stimulus(side, $"{name} {sequence} {damage}".TrimEnd(), name, client =>
        {
            PacketBuilder builder = Stimulus.Envelope(flow, side, client);
            builder = flow.IsIpv6
                ? builder.Icmpv6(isRequest ? Icmpv6Type.EchoRequest : Icmpv6Type.EchoReply, rest: (uint)client.Port << 16 | sequence)
                : builder.Icmp(isRequest ? IcmpType.EchoRequest : IcmpType.EchoReply, 0, client.Port, sequence);
            byte[] frame = builder.Payload(32).Build();
            return damage == "bad" ? Damage(frame, TransportOffset(flow) + 2) : frame;
        });
    }

    /// <summary>A packet of one SCTP chunk (RFC 9260 §3).</summary>
    /// <param name="flow">The association.</param>
    /// <param name="side">Where it enters.</param>
    /// <param name="type">The chunk's type.</param>
    /// <param name="verificationTag">In the common header.</param>
    /// <param name="initiateTag">Of INIT and INIT ACK.</param>
    /// <param name="damage">"bad" for a wrong checksum.</param>
    public static Stimulus Sctp(Flow flow, Side side, SctpChunkType type, uint verificationTag, uint initiateTag, string damage) =>
        new(side, $"{type} v={verificationTag} i={initiateTag} {damage}".TrimEnd(), type.ToString(), client =>
        {
            bool hasTag = type is SctpChunkType.Init or SctpChunkType.InitAck;
            int chunkBytes = hasTag ? SctpChunk.InitSizeBytes : type == SctpChunkType.Data ? 20 : type == SctpChunkType.Shutdown ? 8 : 4;
            byte[] packet = new byte[SctpHeader.SizeBytes + chunkBytes];
            (ushort source, ushort destination) = Ports(flow, side, client);
            BinaryPrimitives.WriteUInt16BigEndian(packet, source);
            BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), destination);
            BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(4), verificationTag);
            Span<byte> chunk = packet.AsSpan(SctpHeader.SizeBytes);
            chunk[0] = (byte)type;
            chunk[1] = type == SctpChunkType.Data ? (byte)3 : (byte)0;
            BinaryPrimitives.WriteUInt16BigEndian(chunk[2..], (ushort)chunkBytes);
            if (hasTag)
            {
                BinaryPrimitives.WriteUInt32BigEndian(chunk[4..], initiateTag);
                BinaryPrimitives.WriteUInt32BigEndian(chunk[8..], 65_536);
                BinaryPrimitives.WriteUInt16BigEndian(chunk[12..], 1);
                BinaryPrimitives.WriteUInt16BigEndian(chunk[14..], 1);
            }

            BinaryPrimitives.WriteUInt32LittleEndian(packet.AsSpan(SctpHeader.ChecksumOffset), Crc32c(packet));
            byte[] frame = Stimulus.Envelope(flow, side, client).WithProtocol(IpProtocol.Sctp).Payload(packet).Build();
            return damage == "bad" ? Damage(frame, TransportOffset(flow) + SctpHeader.ChecksumOffset) : frame;
        });

    /// <summary>CRC32c bit by bit (RFC 9260 appendix A): the oracle of the fast one.</summary>
    public static uint Crc32c(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in bytes)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = crc >> 1 ^ (Castagnoli & (uint)-(int)(crc & 1));
            }
        }

        return ~crc;
    }

    /// <summary>The frame of <see cref="Data"/>.</summary>
    internal static byte[] DataFrame(Flow flow, Side side, Endpoint client, int payloadBytes, string damage)
    {
        PacketBuilder builder = Stimulus.Envelope(flow, side, client);
        (ushort source, ushort destination) = Ports(flow, side, client);
        byte[] payload = new byte[payloadBytes];
        if (flow.Protocol == IpProtocol.Udp)
        {
            builder = builder.Udp(source, destination).Payload(payload);
            builder = damage switch
            {
                "zero" => builder.WithChecksum(0),
                "long" => builder.WithUdpLength((ushort)(payloadBytes + 9)),
                "short" => builder.WithUdpLength(7),
                "less" => builder.WithUdpLength((ushort)(payloadBytes + 4)),
                _ => builder,
            };
            byte[] frame = builder.Build();
            return damage == "bad" ? Damage(frame, TransportOffset(flow) + UdpHeader.ChecksumOffset) : frame;
        }

        byte[] body = flow.Protocol switch
        {
            IpProtocol.UdpLite => UdpLite(flow, side, client, payload, damage),
            IpProtocol.Gre => [0, 0, 0x08, 0x00, .. payload],
            _ => payload,
        };
        return builder.WithProtocol(flow.Protocol).Payload(body).Build();
    }

    /// <summary>All of the datagram is covered (RFC 3828 §3.1); damage "udp" sums up as UDP does.</summary>
    private static byte[] UdpLite(Flow flow, Side side, Endpoint client, byte[] payload, string damage)
    {
        byte[] packet = new byte[8 + payload.Length];
        (ushort source, ushort destination) = Ports(flow, side, client);
        BinaryPrimitives.WriteUInt16BigEndian(packet, source);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), destination);
        byte[] envelope = Stimulus.Envelope(flow, side, client).Build();
        ReadOnlySpan<byte> addresses = flow.IsIpv6 ? envelope.AsSpan(22, 32) : envelope.AsSpan(26, 8);
        ushort pseudo = ReferenceChecksum.PseudoHeader(addresses, damage == "udp" ? IpProtocol.Udp : IpProtocol.UdpLite, packet.Length);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(6), ReferenceChecksum.Of(packet, pseudo));
        packet[6] ^= damage == "bad" ? (byte)0x10 : (byte)0;
        return packet;
    }

    private static (ushort Source, ushort Destination) Ports(Flow flow, Side side, Endpoint client) =>
        side == Side.Lan ? (client.Port, flow.Server.Port) : (flow.Server.Port, client.Port);

    private static int TransportOffset(Flow flow) => flow.IsIpv6 ? 54 : 34;

    private static byte[] Damage(byte[] frame, int offset)
    {
        frame[offset] ^= 0x10;
        return frame;
    }
}
