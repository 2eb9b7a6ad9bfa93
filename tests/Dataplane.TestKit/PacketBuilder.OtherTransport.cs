using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using Dataplane.Packet;

namespace Dataplane.TestKit;

/// <content>SCTP, DCCP, UDP-Lite and GRE. A protocol without a layer here is <see cref="WithProtocol"/> and a payload.</content>
public sealed partial class PacketBuilder
{
    private enum Covered
    {
        Everything,
        AsUdpLiteSays,
        AsDccpSays,
        ByCrc,
    }

    /// <summary>An SCTP packet; its chunks are the payload (see <see cref="Chunk"/>).</summary>
    public PacketBuilder Sctp(ushort sourcePort, ushort destinationPort, uint verificationTag = 1)
    {
        List<byte> header = Ports(sourcePort, destinationPort);
        Add32(header, verificationTag);
        Add32(header, 0);
        Transport(IpProtocol.Sctp, [.. header], SctpHeader.ChecksumOffset, hasPseudoHeader: false);
        _covered = Covered.ByCrc;
        return this;
    }

    /// <summary>An SCTP chunk, padded to whole words.</summary>
    public static byte[] Chunk(SctpChunkType type, byte flags, params ReadOnlySpan<byte> value)
    {
        byte[] chunk = new byte[4 + (value.Length + 3 & ~3)];
        chunk[0] = (byte)type;
        chunk[1] = flags;
        BinaryPrimitives.WriteUInt16BigEndian(chunk.AsSpan(2), (ushort)(4 + value.Length));
        value.CopyTo(chunk.AsSpan(4));
        return chunk;
    }

    /// <summary>An INIT or INIT ACK chunk without optional parameters (RFC 9260 §3.3.2).</summary>
    public static byte[] InitChunk(SctpChunkType type, uint initiateTag)
    {
        byte[] value = [0, 0, 0, 0, 0, 1, 0, 0, 0, 10, 0, 10, 0, 0, 0, 1];
        BinaryPrimitives.WriteUInt32BigEndian(value, initiateTag);
        return Chunk(type, 0, value);
    }

    /// <summary>A UDP-Lite packet.</summary>
    /// <param name="sourcePort">Host order.</param>
    /// <param name="destinationPort">Host order.</param>
    /// <param name="coverageBytes">The coverage field; the checksum covers as much of it as is there.</param>
    public PacketBuilder UdpLite(ushort sourcePort, ushort destinationPort, ushort coverageBytes = 0)
    {
        List<byte> header = Ports(sourcePort, destinationPort);
        Add16(header, coverageBytes);
        Add16(header, 0);
        Transport(IpProtocol.UdpLite, [.. header], UdpLiteHeader.ChecksumOffset, hasPseudoHeader: true);
        _covered = Covered.AsUdpLiteSays;
        return this;
    }

    /// <summary>A DCCP packet with 48-bit sequence numbers and what its type has behind them (RFC 4340 §5).</summary>
    /// <param name="sourcePort">Host order.</param>
    /// <param name="destinationPort">Host order.</param>
    /// <param name="type">Of packet.</param>
    /// <param name="coverage">The CsCov field.</param>
    /// <param name="options">Padded to whole words.</param>
    public PacketBuilder Dccp(
        ushort sourcePort, ushort destinationPort, DccpType type = DccpType.Request, byte coverage = 0, params byte[] options)
    {
        int typeBytes = type switch
        {
            DccpType.Data => 0,
            DccpType.Request => 4,
            DccpType.Response or DccpType.Reset => 12,
            _ => 8,
        };
        int words = (16 + typeBytes + options.Length + 3) / 4;
        List<byte> header = Ports(sourcePort, destinationPort);
        header.Add((byte)words);
        header.Add(coverage);
        Add16(header, 0);
        header.Add((byte)((int)type << 1 | 1));
        header.AddRange([0, 0, 0, 0x12, 0x34, 0x56, 0x78]);
        header.AddRange(new byte[typeBytes]);
        header.AddRange(options);
        header.AddRange(new byte[words * 4 - header.Count]);
        Transport(IpProtocol.Dccp, [.. header], DccpHeader.ChecksumOffset, hasPseudoHeader: true);
        _covered = Covered.AsDccpSays;
        return this;
    }

    /// <summary>A GRE packet of version 0 (RFC 2784, RFC 2890); the tunnelled packet is the payload.</summary>
    public PacketBuilder Gre(ushort etherType = EtherType.Ipv4, uint? key = null, uint? sequence = null, bool hasChecksum = false)
    {
        var header = new List<byte>(16);
        Add16(header, (hasChecksum ? 0x8000 : 0) | (key != null ? 0x2000 : 0) | (sequence != null ? 0x1000 : 0));
        Add16(header, etherType);
        foreach (uint? field in (ReadOnlySpan<uint?>)[hasChecksum ? 0 : null, key, sequence])
        {
            if (field is uint value)
            {
                Add32(header, value);
            }
        }

        Transport(IpProtocol.Gre, [.. header], 4, hasPseudoHeader: false);
        _checksumOffset = hasChecksum ? 4 : null;
        return this;
    }

    /// <summary>A GRE packet of version 1 (RFC 2637 §4.1) with a sequence number and a length field of 0.</summary>
    public PacketBuilder Pptp(ushort callId)
    {
        var header = new List<byte>(12);
        Add32(header, 0x3001_880B);
        Add32(header, callId);
        Add32(header, 1);
        Transport(IpProtocol.Gre, [.. header], 0, hasPseudoHeader: false);
        _checksumOffset = null;
        return this;
    }

    private static List<byte> Ports(ushort sourcePort, ushort destinationPort)
    {
        var header = new List<byte>(16);
        Add16(header, sourcePort);
        Add16(header, destinationPort);
        return header;
    }

    /// <summary>What the coverage field of UDP-Lite or DCCP says, whether it is there or not.</summary>
    private int CoveredBytes(byte[] message) => _covered switch
    {
        Covered.AsUdpLiteSays when (message[4] | message[5]) != 0 => message[4] << 8 | message[5],
        Covered.AsDccpSays when message[5] != 0 => message[4] * 4 + (message[5] - 1) * 4,
        _ => message.Length,
    };
}
