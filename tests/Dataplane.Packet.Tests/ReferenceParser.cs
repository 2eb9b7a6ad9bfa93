using System;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Dataplane.TestKit;

namespace Dataplane.Packet.Tests;

/// <summary>
/// The parser once more, written to be read: spans that are cut to what each header grants, so that a read too far
/// throws, and one check after the other in the documented order.
/// </summary>
internal static class ReferenceParser
{
    public static Parsed Parse(
        ReadOnlySpan<byte> frame, MbufFlags flags, bool verifiesL4, ushort zone, ushort segments = 1, ushort vlanTci = 0)
    {
        if (segments != 1)
        {
            return new(DropReason.FrameChained);
        }

        if (frame.Length < 14)
        {
            return new(DropReason.FrameTruncated);
        }

        int offset = 14;
        int etherType = Read16(frame[12..]);
        int tags = 0;
        int vlan = 0;
        if (flags.HasFlag(MbufFlags.RxVlanStripped))
        {
            tags++;
            vlan = vlanTci % 4096;
        }

        while (etherType is 0x8100 or 0x88A8)
        {
            if (tags == 2)
            {
                return new(DropReason.VlanTooManyTags);
            }

            if (frame.Length < offset + 4)
            {
                return new(DropReason.VlanTruncated);
            }

            vlan = vlan == 0 ? Read16(frame[offset..]) % 4096 : vlan;
            etherType = Read16(frame[(offset + 2)..]);
            offset += 4;
            tags++;
        }

        Parsed parsed = etherType switch
        {
            0x0800 => Ipv4(frame[offset..], flags, verifiesL4, zone),
            0x86DD => Ipv6(frame[offset..], flags, verifiesL4, zone),
            0x0806 => Arp(frame[offset..], frame.Slice(6, 6)),
            _ => new(DropReason.EtherTypeUnsupported),
        };
        if (parsed.Reason != DropReason.None)
        {
            return new(parsed.Reason);
        }

        return parsed with
        {
            L2LengthBytes = offset,
            L4Offset = parsed.Kind == PacketKind.Arp ? 0 : offset + parsed.L4Offset,
            VlanId = (ushort)vlan,
        };
    }

    private static Parsed Arp(ReadOnlySpan<byte> body, ReadOnlySpan<byte> frameSource)
    {
        if (body.Length < 28)
        {
            return new(DropReason.ArpTruncated);
        }

        bool isRight = body[..6].SequenceEqual<byte>([0, 1, 8, 0, 6, 4])
            && Read16(body[6..]) is 1 or 2
            && body.Slice(8, 6).SequenceEqual(frameSource)
            && body[8] % 2 == 0;
        return isRight
            ? new(DropReason.None, PacketKind.Arp, L3LengthBytes: 28)
            : new(DropReason.ArpInvalid);
    }

    private static Parsed Ipv4(ReadOnlySpan<byte> packet, MbufFlags flags, bool verifiesL4, ushort zone)
    {
        DropReason reason = Ipv4Header(packet, flags);
        if (reason != DropReason.None)
        {
            return new(reason);
        }

        int headerBytes = packet[0] % 16 * 4;
        int totalBytes = Read16(packet[2..]);
        byte protocol = packet[9];
        FragmentReference fragment = FragmentReference.OfIpv4(packet[..totalBytes]);
        if (fragment.Reason != DropReason.None)
        {
            return new(fragment.Reason);
        }

        ReferenceTransport transport = fragment.Transport(protocol, packet[headerBytes..totalBytes], isIpv6: false, hopLimit: 0);
        if (transport.Reason != DropReason.None)
        {
            return new(transport.Reason);
        }

        ReadOnlySpan<byte> message = packet.Slice(headerBytes, transport.LengthBytes);
        if (!fragment.IsPiece && !ReferenceTransport.IsChecksumGood(message, protocol, packet.Slice(12, 8), flags, verifiesL4))
        {
            return new(DropReason.L4ChecksumBad);
        }

        var tuple = new Ipv4Tuple
        {
            Source = MemoryMarshal.Read<Ipv4Address>(packet[12..]),
            Destination = MemoryMarshal.Read<Ipv4Address>(packet[16..]),
            SourcePort = Be16.FromHost(transport.SourcePort),
            DestinationPort = Be16.FromHost(transport.DestinationPort),
            Zone = zone,
            Protocol = protocol,
            Kind = transport.Kind,
        };
        PacketKind kind = fragment.IsPiece ? PacketKind.Ipv4Fragment : transport.IsError ? PacketKind.Ipv4IcmpError : PacketKind.Ipv4Tracked;
        return new(
            DropReason.None, kind, tuple, default, 0, headerBytes, totalBytes, transport.LengthBytes, transport.PayloadBytes,
            transport.Flags, packet[8], Fragment: fragment);
    }

    private static DropReason Ipv4Header(ReadOnlySpan<byte> packet, MbufFlags flags)
    {
        if (packet.Length < 20)
        {
            return DropReason.Ipv4Truncated;
        }

        if (packet[0] / 16 != 4)
        {
            return DropReason.Ipv4VersionBad;
        }

        int headerBytes = packet[0] % 16 * 4;
        if (headerBytes < 20 || headerBytes > packet.Length)
        {
            return DropReason.Ipv4HeaderLengthBad;
        }

        int totalBytes = Read16(packet[2..]);
        if (totalBytes < headerBytes || totalBytes > packet.Length)
        {
            return DropReason.Ipv4TotalLengthBad;
        }

        bool isGood = flags.HasFlag(MbufFlags.RxIpChecksumGood);
        bool isBad = flags.HasFlag(MbufFlags.RxIpChecksumBad);
        if ((isBad && !isGood) || (isGood == isBad && ReferenceChecksum.Of(packet[..headerBytes]) != 0))
        {
            return DropReason.Ipv4ChecksumBad;
        }

        for (int index = 20; index < headerBytes && packet[index] != 0;)
        {
            if (packet[index] == 1)
            {
                index++;
                continue;
            }

            if (index + 1 == headerBytes || packet[index + 1] < 2 || index + packet[index + 1] > headerBytes)
            {
                return DropReason.Ipv4OptionBad;
            }

            if (packet[index] is 0x83 or 0x89)
            {
                return DropReason.Ipv4SourceRoute;
            }

            index += packet[index + 1];
        }

        if (packet[12] is 0 or 127 or >= 224 || packet.Slice(12, 4).SequenceEqual(packet.Slice(16, 4)))
        {
            return DropReason.Ipv4SourceInvalid;
        }

        return packet[16] is 0 or 127 or >= 224 ? DropReason.Ipv4DestinationInvalid : DropReason.None;
    }

    private static Parsed Ipv6(ReadOnlySpan<byte> packet, MbufFlags flags, bool verifiesL4, ushort zone)
    {
        if (packet.Length < 40)
        {
            return new(DropReason.Ipv6Truncated);
        }

        if (packet[0] / 16 != 6)
        {
            return new(DropReason.Ipv6VersionBad);
        }

        int payloadBytes = Read16(packet[4..]);
        if (40 + payloadBytes > packet.Length)
        {
            return new(DropReason.Ipv6PayloadLengthBad);
        }

        packet = packet[..(40 + payloadBytes)];
        byte protocol = packet[6];
        int offset = 40;
        FragmentReference fragment = default;
        for (int count = 0; !fragment.IsLater && (protocol is 43 or 44 or 51 or 60 || (protocol == 0 && count == 0)); count++)
        {
            if (count == 8)
            {
                return new(DropReason.Ipv6ExtensionTooMany);
            }

            if (packet.Length - offset < 8)
            {
                return new(fragment.IsPiece ? DropReason.FragmentTooSmall : DropReason.Ipv6ExtensionTruncated);
            }

            if (protocol == 44)
            {
                if (fragment.HasHeader)
                {
                    return new(DropReason.Ipv6ExtensionTooMany);
                }

                fragment = FragmentReference.OfIpv6(packet, offset);
                protocol = fragment.IsLater ? (byte)44 : packet[offset];
                offset += 8;
                continue;
            }

            int lengthBytes = protocol == 51 ? packet[offset + 1] * 4 + 8 : packet[offset + 1] * 8 + 8;
            if (offset + lengthBytes > packet.Length)
            {
                return new(fragment.IsPiece ? DropReason.FragmentTooSmall : DropReason.Ipv6ExtensionTruncated);
            }

            if (protocol == 43 && packet[offset + 3] > 0)
            {
                return new(DropReason.Ipv6SourceRoute);
            }

            protocol = packet[offset];
            offset += lengthBytes;
        }

        DropReason reason = Ipv6Addresses(packet.Slice(8, 16), packet.Slice(24, 16), fragment.IsPiece ? (byte)44 : protocol);
        reason = reason != DropReason.None ? reason : fragment.Reason;
        if (reason != DropReason.None)
        {
            return new(reason);
        }

        ReferenceTransport transport = fragment.Transport(protocol, packet[offset..], isIpv6: true, hopLimit: packet[7]);
        if (transport.Reason != DropReason.None)
        {
            return new(transport.Reason);
        }

        ReadOnlySpan<byte> message = packet.Slice(offset, transport.LengthBytes);
        if (!fragment.IsPiece && !ReferenceTransport.IsChecksumGood(message, protocol, packet.Slice(8, 32), flags, verifiesL4))
        {
            return new(DropReason.L4ChecksumBad);
        }

        var tuple6 = new Ipv6Tuple
        {
            Source = Ipv6Address.FromBytes(packet[8..]),
            Destination = Ipv6Address.FromBytes(packet[24..]),
            SourcePort = Be16.FromHost(transport.SourcePort),
            DestinationPort = Be16.FromHost(transport.DestinationPort),
            Zone = zone,
            Protocol = protocol,
            Kind = transport.Kind,
        };
        PacketKind kind = fragment.IsPiece ? PacketKind.Ipv6Fragment
            : transport.IsError ? PacketKind.Ipv6IcmpError
            : transport.IsNeighbour ? PacketKind.Ipv6Neighbour
            : PacketKind.Ipv6Tracked;
        return new(
            DropReason.None, kind, new Ipv4Tuple { Zone = zone, Protocol = protocol }, tuple6, 0, offset, 40 + payloadBytes,
            transport.LengthBytes, transport.PayloadBytes, transport.Flags, packet[7], Fragment: fragment with { HasHeader = false });
    }

    private static DropReason Ipv6Addresses(ReadOnlySpan<byte> source, ReadOnlySpan<byte> destination, byte protocol)
    {
        bool isUnspecified = !source.ContainsAnyExcept((byte)0);
        if ((isUnspecified && protocol != 58) || source[0] == 0xFF || IsLoopbackOrMapped(source) || source.SequenceEqual(destination))
        {
            return DropReason.Ipv6SourceInvalid;
        }

        return !destination.ContainsAnyExcept((byte)0) || IsLoopbackOrMapped(destination)
            ? DropReason.Ipv6DestinationInvalid
            : DropReason.None;
    }

    private static bool IsLoopbackOrMapped(ReadOnlySpan<byte> address) =>
        (!address[..15].ContainsAnyExcept((byte)0) && address[15] == 1)
        || (!address[..10].ContainsAnyExcept((byte)0) && address[10] == 0xFF && address[11] == 0xFF);

    private static ushort Read16(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt16BigEndian(bytes);
}
