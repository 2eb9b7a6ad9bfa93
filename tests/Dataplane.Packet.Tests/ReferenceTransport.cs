using System;
using System.Buffers.Binary;

namespace Dataplane.Packet.Tests;

/// <summary>What the transport header says: the lower half of <see cref="ReferenceParser"/>.</summary>
internal readonly partial record struct ReferenceTransport(
    DropReason Reason, int LengthBytes = 0, int PayloadBytes = 0, ushort SourcePort = 0, ushort DestinationPort = 0, byte Kind = 0,
    TcpFlags Flags = TcpFlags.None, bool IsError = false, bool IsNeighbour = false)
{
    public static ReferenceTransport Read(byte protocol, ReadOnlySpan<byte> message, bool isIpv6, byte hopLimit) =>
        (protocol, isIpv6) switch
        {
            (6, _) => Tcp(message),
            (17, _) => Udp(message),
            (1, false) => Icmp(message),
            (58, true) => Icmpv6(message, hopLimit),
            (1 or 58, _) => new(DropReason.ProtocolUnsupported),
            _ => Other(protocol, message),
        };

    private static ReferenceTransport Tcp(ReadOnlySpan<byte> message)
    {
        if (message.Length < 20)
        {
            return new(DropReason.TcpTruncated);
        }

        int headerBytes = message[12] / 16 * 4;
        if (headerBytes < 20 || headerBytes > message.Length)
        {
            return new(DropReason.TcpOffsetBad);
        }

        var flags = (TcpFlags)message[13];
        string letters = string.Concat(
            flags.HasFlag(TcpFlags.Fin) ? "F" : "", flags.HasFlag(TcpFlags.Syn) ? "S" : "", flags.HasFlag(TcpFlags.Rst) ? "R" : "",
            flags.HasFlag(TcpFlags.Ack) ? "A" : "", flags.HasFlag(TcpFlags.Urg) ? "U" : "");
        return letters is "S" or "SU" or "SA" or "R" or "RA" or "FA" or "FAU" or "A" or "AU"
            ? new(DropReason.None, message.Length, message.Length - headerBytes, Read16(message), Read16(message[2..]), 0, flags)
            : new(DropReason.TcpFlagsBad);
    }

    private static ReferenceTransport Udp(ReadOnlySpan<byte> message)
    {
        if (message.Length < 8)
        {
            return new(DropReason.UdpTruncated);
        }

        int lengthBytes = Read16(message[4..]);
        return lengthBytes < 8 || lengthBytes > message.Length
            ? new(DropReason.UdpLengthBad)
            : new(DropReason.None, lengthBytes, lengthBytes - 8, Read16(message), Read16(message[2..]));
    }

    private static ReferenceTransport Icmp(ReadOnlySpan<byte> message)
    {
        if (message.Length < 8)
        {
            return new(DropReason.IcmpTruncated);
        }

        ushort id = Read16(message[4..]);
        return message[0] switch
        {
            3 or 4 or 11 or 12 => new(DropReason.None, message.Length, IsError: true),
            8 or 13 => new(DropReason.None, message.Length, SourcePort: id, Kind: message[0]),
            0 or 14 => new(DropReason.None, message.Length, DestinationPort: id, Kind: message[0]),
            _ => new(DropReason.IcmpTypeUnsupported),
        };
    }

    private static ReferenceTransport Icmpv6(ReadOnlySpan<byte> message, byte hopLimit)
    {
        if (message.Length < 8)
        {
            return new(DropReason.IcmpTruncated);
        }

        ushort id = Read16(message[4..]);
        int neighbourBytes = message[0] switch { 133 => 8, 134 => 16, 135 or 136 => 24, 137 => 40, _ => 0 };
        if (neighbourBytes > 0)
        {
            return hopLimit == 255 && message[1] == 0 && message.Length >= neighbourBytes
                ? new(DropReason.None, message.Length, IsNeighbour: true)
                : new(DropReason.Ipv6NeighbourInvalid);
        }

        if (message[0] is 130 or 131 or 132 or 143)
        {
            return hopLimit == 1 && message.Length >= (message[0] == 143 ? 8 : 24)
                ? new(DropReason.None, message.Length, IsNeighbour: true)
                : new(DropReason.Ipv6NeighbourInvalid);
        }

        return message[0] switch
        {
            1 or 2 or 3 or 4 => new(DropReason.None, message.Length, IsError: true),
            128 => new(DropReason.None, message.Length, SourcePort: id, Kind: 128),
            129 => new(DropReason.None, message.Length, DestinationPort: id, Kind: 129),
            _ => new(DropReason.IcmpTypeUnsupported),
        };
    }

    private static ushort Read16(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt16BigEndian(bytes);
}
