using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using Dataplane.Packet;

namespace Dataplane.TestKit;

/// <content>The TCP, UDP, ICMP and ICMPv6 layers.</content>
public sealed partial class PacketBuilder
{
    private byte _protocol = 253; // RFC 3692: for experiments
    private byte[] _header = [];
    private byte[] _payload = [];
    private uint? _crc;
    private int? _checksumOffset;
    private bool _hasPseudoHeader;
    private ushort? _checksum;
    private byte? _tcpWords;
    private ushort? _udpLengthBytes;
    private Covered _covered;

    /// <summary>A TCP segment.</summary>
    /// <param name="sourcePort">Host order.</param>
    /// <param name="destinationPort">Host order.</param>
    /// <param name="flags">Control bits.</param>
    /// <param name="sequence">Host order.</param>
    /// <param name="acknowledgment">Host order.</param>
    /// <param name="window">As in the header, unscaled.</param>
    /// <param name="options">Padded with end-of-list bytes to whole words.</param>
    public PacketBuilder Tcp(
        ushort sourcePort, ushort destinationPort, TcpFlags flags = TcpFlags.Ack, uint sequence = 1000, uint acknowledgment = 2000,
        ushort window = 65535, byte[]? options = null)
    {
        options ??= [];
        int paddingBytes = -options.Length & 3;
        int words = 5 + (options.Length + paddingBytes) / 4;
        var header = new List<byte>(words * 4);
        Add16(header, sourcePort);
        Add16(header, destinationPort);
        Add32(header, sequence);
        Add32(header, acknowledgment);
        header.Add((byte)(words << 4));
        header.Add((byte)flags);
        Add16(header, window);
        Add16(header, 0);
        Add16(header, 0);
        header.AddRange(options);
        header.AddRange(new byte[paddingBytes]);
        return Transport(IpProtocol.Tcp, [.. header], TcpHeader.ChecksumOffset, hasPseudoHeader: true);
    }

    /// <summary>A UDP datagram.</summary>
    public PacketBuilder Udp(ushort sourcePort, ushort destinationPort)
    {
        var header = new List<byte>(8);
        Add16(header, sourcePort);
        Add16(header, destinationPort);
        Add32(header, 0);
        return Transport(IpProtocol.Udp, [.. header], UdpHeader.ChecksumOffset, hasPseudoHeader: true);
    }

    /// <summary>An ICMP query or reply.</summary>
    public PacketBuilder Icmp(byte type, byte code = 0, ushort identifier = 0, ushort sequence = 0) =>
        IcmpLike(IpProtocol.Icmp, type, code, (uint)identifier << 16 | sequence);

    /// <summary>An ICMP error about a packet that begins with <paramref name="quoted"/>: put into the payload.</summary>
    public PacketBuilder IcmpError(byte type, byte code, ReadOnlySpan<byte> quoted, uint rest = 0)
    {
        _payload = quoted.ToArray();
        return IcmpLike(IpProtocol.Icmp, type, code, rest);
    }

    /// <summary>An ICMPv6 message; a query's id is the upper half of <paramref name="rest"/>.</summary>
    public PacketBuilder Icmpv6(byte type, byte code = 0, uint rest = 0) => IcmpLike(IpProtocol.Icmpv6, type, code, rest);

    /// <summary>Bytes behind the transport header.</summary>
    public PacketBuilder Payload(params byte[] payload)
    {
        _payload = payload;
        return this;
    }

    /// <summary>That many bytes behind the transport header, counting up from 0.</summary>
    public PacketBuilder Payload(int lengthBytes)
    {
        _payload = new byte[lengthBytes];
        for (int index = 0; index < lengthBytes; index++)
        {
            _payload[index] = (byte)index;
        }

        return this;
    }

    /// <summary>TCP's data offset in 32-bit words, whatever the header's length is.</summary>
    public PacketBuilder WithTcpWords(byte words)
    {
        _tcpWords = words;
        return this;
    }

    /// <summary>UDP's length field; the checksum then covers that many bytes as far as they are there.</summary>
    public PacketBuilder WithUdpLength(ushort lengthBytes)
    {
        _udpLengthBytes = lengthBytes;
        return this;
    }

    /// <summary>A transport checksum of the test's choice, host order.</summary>
    public PacketBuilder WithChecksum(ushort value)
    {
        _checksum = value;
        return this;
    }

    /// <summary>An SCTP CRC32c of the test's choice, as a number.</summary>
    public PacketBuilder WithCrc(uint value)
    {
        _crc = value;
        return this;
    }

    /// <summary>The quotation that an ICMP error about <paramref name="frame"/> would hold: its IPv4 packet, cut.</summary>
    /// <param name="frame">An untagged IPv4 frame.</param>
    /// <param name="lengthBytes">How much of it, header included.</param>
    public static byte[] Quote([NotNull] byte[] frame, int lengthBytes) =>
        frame[EthernetHeader.SizeBytes..Math.Min(frame.Length, EthernetHeader.SizeBytes + lengthBytes)];

    private PacketBuilder IcmpLike(byte protocol, byte type, byte code, uint rest)
    {
        var header = new List<byte>(8) { type, code };
        Add16(header, 0);
        Add32(header, rest);
        return Transport(protocol, [.. header], IcmpHeader.ChecksumOffset, protocol == IpProtocol.Icmpv6);
    }

    private PacketBuilder Transport(byte protocol, byte[] header, int checksumOffset, bool hasPseudoHeader)
    {
        _protocol = protocol;
        _header = header;
        _checksumOffset = checksumOffset;
        _hasPseudoHeader = hasPseudoHeader;
        _covered = Covered.Everything;
        return this;
    }

    private byte[] BuildTransport(byte[] addresses)
    {
        byte[] bytes = [.. _header, .. _payload];
        int coveredBytes = bytes.Length;
        if (_protocol == IpProtocol.Udp)
        {
            ushort lengthBytes = _udpLengthBytes ?? (ushort)bytes.Length;
            BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(4), lengthBytes);
            coveredBytes = Math.Min(lengthBytes, bytes.Length);
        }

        if (_protocol == IpProtocol.Tcp && _tcpWords is byte words)
        {
            bytes[12] = (byte)(words << 4);
        }

        if (_covered == Covered.ByCrc)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(SctpHeader.ChecksumOffset), _crc ?? ReferenceCrc32c.Of(bytes));
        }
        else if (_checksumOffset is int offset)
        {
            ushort seed = _hasPseudoHeader ? ReferenceChecksum.PseudoHeader(addresses, _protocol, coveredBytes) : (ushort)0;
            coveredBytes = Math.Min(coveredBytes, CoveredBytes(bytes));
            ushort checksum = ReferenceChecksum.Of(bytes.AsSpan(0, coveredBytes), seed);
            if (_protocol is IpProtocol.Udp or IpProtocol.UdpLite && checksum == 0)
            {
                checksum = 0xFFFF;
            }

            BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(offset), _checksum ?? checksum);
        }

        return bytes;
    }
}
