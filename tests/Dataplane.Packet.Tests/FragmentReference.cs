using System;
using System.Buffers.Binary;

namespace Dataplane.Packet.Tests;

/// <summary>What a packet says about itself as a fragment; default for a whole datagram. A part of <see cref="ReferenceParser"/>.</summary>
/// <param name="Reason">What is wrong with the fragment itself, addresses and transport aside.</param>
/// <param name="Part">Which piece.</param>
/// <param name="Id">Identification.</param>
/// <param name="OffsetBytes">Where the piece begins.</param>
/// <param name="LengthBytes">How long it is.</param>
/// <param name="HasHeader">IPv6: a fragment header was there, of an atomic fragment too.</param>
internal readonly record struct FragmentReference(
    DropReason Reason, FragmentPart Part, uint Id, int OffsetBytes, int LengthBytes, bool HasHeader = false)
{
    public bool IsPiece => Part != FragmentPart.Whole;

    public bool IsLater => Part is FragmentPart.Middle or FragmentPart.Last;

    /// <summary>What the parser under test wrote.</summary>
    public static FragmentReference Of(in PacketMeta meta) => meta.Fragment == FragmentPart.Whole
        ? default
        : new(DropReason.None, meta.Fragment, meta.FragmentId, meta.FragmentOffsetBytes, meta.FragmentLengthBytes);

    /// <param name="packet">From the IPv4 header to the end that it states.</param>
    public static FragmentReference OfIpv4(ReadOnlySpan<byte> packet)
    {
        int headerBytes = packet[0] % 16 * 4;
        int offset = (packet[6] % 32 * 256 + packet[7]) * 8;
        bool more = (packet[6] & 0x20) != 0;
        return Of(headerBytes, offset, more, packet.Length - headerBytes, BinaryPrimitives.ReadUInt16BigEndian(packet[4..])) is var fragment
            && fragment is { Reason: DropReason.None, IsLater: true } && offset < (packet[9] switch { 6 => 20, 33 or 132 => 12, _ => 0 })
            ? fragment with { Reason = DropReason.FragmentTooSmall }
            : fragment;
    }

    /// <param name="packet">From the IPv6 header to the end that it states.</param>
    /// <param name="at">Where the fragment header is; all of it is there.</param>
    public static FragmentReference OfIpv6(ReadOnlySpan<byte> packet, int at)
    {
        int word = BinaryPrimitives.ReadUInt16BigEndian(packet[(at + 2)..]);
        uint id = BinaryPrimitives.ReadUInt32BigEndian(packet[(at + 4)..]);
        return Of(at - 40, word / 8 * 8, word % 2 == 1, packet.Length - at - 8, id) with { HasHeader = true };
    }

    /// <summary>The transport header, as far as this piece has one.</summary>
    public ReferenceTransport Transport(byte protocol, ReadOnlySpan<byte> message, bool isIpv6, byte hopLimit)
    {
        if (IsLater)
        {
            return new(DropReason.None, message.Length);
        }

        ReferenceTransport transport = ReferenceTransport.Read(protocol, IsPiece ? Cut(protocol, message) : message, isIpv6, hopLimit);
        if (HasHeader && transport.IsNeighbour)
        {
            return new(DropReason.Ipv6NeighbourInvalid);
        }

        if (!IsPiece)
        {
            return transport;
        }

        return transport.Reason switch
        {
            DropReason.TcpTruncated or DropReason.UdpTruncated or DropReason.IcmpTruncated or DropReason.SctpTruncated
                or DropReason.DccpTruncated or DropReason.GreTruncated => new(DropReason.FragmentTooSmall),
            DropReason.None when transport.IsError => new(DropReason.FragmentIcmpError),
            _ => transport,
        };
    }

    /// <summary>A first fragment as if it were all of its datagram: a UDP length, or a coverage, that reaches farther is shortened.</summary>
    private static byte[] Cut(byte protocol, ReadOnlySpan<byte> message)
    {
        byte[] cut = message.ToArray();
        if (protocol == 17 && cut.Length >= 8 && BinaryPrimitives.ReadUInt16BigEndian(cut.AsSpan(4)) > cut.Length)
        {
            BinaryPrimitives.WriteUInt16BigEndian(cut.AsSpan(4), (ushort)cut.Length);
        }

        if (protocol == 136 && cut.Length >= 8 && BinaryPrimitives.ReadUInt16BigEndian(cut.AsSpan(4)) > cut.Length)
        {
            cut[4] = cut[5] = 0;
        }

        if (protocol == 33 && cut.Length >= 12)
        {
            cut[5] = 0;
        }

        return cut;
    }

    private static FragmentReference Of(int headerBytes, int offset, bool more, int lengthBytes, uint id)
    {
        if (offset == 0 && !more)
        {
            return default;
        }

        FragmentPart part = offset == 0 ? FragmentPart.First : more ? FragmentPart.Middle : FragmentPart.Last;
        DropReason reason = lengthBytes == 0 || (more && lengthBytes % 8 != 0) ? DropReason.FragmentLengthBad
            : headerBytes + offset + lengthBytes > 65535 ? DropReason.FragmentOversize
            : DropReason.None;
        return new(reason, part, id, offset, lengthBytes);
    }
}
