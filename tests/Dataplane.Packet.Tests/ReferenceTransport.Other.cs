using System;
using System.Linq;
using Dataplane.TestKit;

namespace Dataplane.Packet.Tests;

/// <content>Protocols other than TCP, UDP and ICMP, and every protocol's checksum.</content>
internal readonly partial record struct ReferenceTransport
{
    /// <summary>IPv6 extension headers and no next header.</summary>
    private static readonly byte[] s_refused = [0, 43, 44, 59, 60];

    /// <summary>Whether the message's checksum is right, or was not to be asked for.</summary>
    /// <param name="message">As long as its own length field, if it has one, says.</param>
    /// <param name="protocol">Of the message.</param>
    /// <param name="addresses">As they stand in the IP header: 8 bytes or 32.</param>
    /// <param name="flags">The NIC's word.</param>
    /// <param name="verifiesL4">Whether the port verifies.</param>
    public static bool IsChecksumGood(
        ReadOnlySpan<byte> message, byte protocol, ReadOnlySpan<byte> addresses, MbufFlags flags, bool verifiesL4)
    {
        bool isKnownToNics = protocol is 1 or 6 or 17 or 33 or 58 or 132 or 136;
        bool isGood = isKnownToNics && flags.HasFlag(MbufFlags.RxL4ChecksumGood);
        bool isBad = isKnownToNics && flags.HasFlag(MbufFlags.RxL4ChecksumBad);
        if (!verifiesL4 || isGood != isBad)
        {
            return !verifiesL4 || isGood;
        }

        ushort pseudo = ReferenceChecksum.PseudoHeader(addresses, protocol, message.Length);
        return protocol switch
        {
            17 when Read16(message[6..]) == 0 => addresses.Length == 8,
            6 or 17 or 58 => ReferenceChecksum.Of(message, pseudo) == 0,
            1 => ReferenceChecksum.Of(message) == 0,
            33 => ReferenceChecksum.Of(message[..DccpCovered(message)], pseudo) == 0,
            136 => ReferenceChecksum.Of(Read16(message[4..]) == 0 ? message : message[..Read16(message[4..])], pseudo) == 0,
            47 when message[0] >= 0x80 && message[1] % 8 == 0 => ReferenceChecksum.Of(message) == 0,
            132 => BitConverter.GetBytes(ReferenceCrc32c.Of([.. message[..8], 0, 0, 0, 0, .. message[12..]]))
                .SequenceEqual(message[8..12].ToArray()),
            _ => true,
        };
    }

    private static ReferenceTransport Other(byte protocol, ReadOnlySpan<byte> message) => protocol switch
    {
        33 => Dccp(message),
        47 => Gre(message),
        132 when message.Length < 12 => new(DropReason.SctpTruncated),
        132 => WithPorts(message, 12),
        136 => UdpLite(message),
        _ => s_refused.Contains(protocol) ? new(DropReason.ProtocolUnsupported) : new(DropReason.None, message.Length),
    };

    private static ReferenceTransport WithPorts(ReadOnlySpan<byte> message, int headerBytes) =>
        new(DropReason.None, message.Length, message.Length - headerBytes, Read16(message), Read16(message[2..]));

    private static ReferenceTransport UdpLite(ReadOnlySpan<byte> message)
    {
        if (message.Length < 8)
        {
            return new(DropReason.UdpTruncated);
        }

        int coverage = Read16(message[4..]);
        return coverage is > 0 and < 8 || coverage > message.Length ? new(DropReason.UdpLiteCoverageBad)
            : Read16(message[6..]) == 0 ? new(DropReason.L4ChecksumBad)
            : WithPorts(message, 8);
    }

    private static ReferenceTransport Dccp(ReadOnlySpan<byte> message)
    {
        if (message.Length < 12)
        {
            return new(DropReason.DccpTruncated);
        }

        int headerBytes = message[4] * 4;
        bool isLong = message[8] % 2 == 1;
        int type = message[8] / 2 % 16;
        bool isTypeGood = isLong ? type <= 9 : type is 2 or 3 or 4;
        bool isHeaderGood = headerBytes >= (isLong ? 16 : 12) && headerBytes <= message.Length && DccpCovered(message) <= message.Length;
        return isTypeGood && isHeaderGood ? WithPorts(message, headerBytes) : new(DropReason.DccpHeaderBad);
    }

    private static int DccpCovered(ReadOnlySpan<byte> message) =>
        message[5] % 16 == 0 ? message.Length : message[4] * 4 + message[5] % 16 * 4 - 4;

    private static ReferenceTransport Gre(ReadOnlySpan<byte> message)
    {
        if (message.Length < 4)
        {
            return new(DropReason.GreTruncated);
        }

        string bits = Convert.ToString(message[0] | 0x100, 2)[1..];
        bool hasKey = bits[2] == '1';
        int version = message[1] % 8;
        if (version == 1 && hasKey)
        {
            return message.Length < 8
                ? new(DropReason.GreTruncated)
                : new(DropReason.None, message.Length, DestinationPort: Read16(message[6..]));
        }

        if (version != 0)
        {
            return new(DropReason.None, message.Length);
        }

        int keyAt = bits[0] == '1' || bits[1] == '1' ? 8 : 4;
        int end = keyAt + (hasKey ? 4 : 0) + (bits[3] == '1' ? 4 : 0);
        if (message.Length < end)
        {
            return new(DropReason.GreTruncated);
        }

        ushort folded = hasKey ? (ushort)(Read16(message[keyAt..]) ^ Read16(message[(keyAt + 2)..])) : (ushort)0;
        return new(DropReason.None, message.Length, SourcePort: folded, DestinationPort: folded);
    }
}
