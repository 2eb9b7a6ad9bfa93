using System;
using System.Collections.Generic;
using System.Linq;
using Dataplane.Packet;
using Dataplane.TestKit;

namespace Dataplane.Datapath.Tests;

/// <summary>Frames that are pieces of a datagram, from the client to the server on port 53.</summary>
internal static class FragmentFrames
{
    public const ushort SourcePort = 5000;
    public const string Client6 = "2001:db8:1::10";
    public const string Server6 = "2001:db8:2::80";

    /// <summary>A piece of a UDP datagram without a UDP checksum; at offset 0 with the header.</summary>
    public static byte[] Udp(int offset, int length, bool isLast, ushort id = 1, string source = Network.Client, ushort sourcePort = SourcePort) =>
        Piece(Network.FromHost(Network.Lan, source, Network.Server), offset, length, isLast, sourcePort)
            .WithFlagsAndOffset((ushort)(offset / 8 | (isLast ? 0 : Ipv4Header.MoreFragments)))
            .WithIdentification(id).WithProtocol(IpProtocol.Udp).Build();

    /// <summary>The same over IPv6.</summary>
    public static byte[] Udp6(int offset, int length, bool isLast, uint id = 1, string source = Client6, byte nextHeader = IpProtocol.Udp)
    {
        byte[] header =
        [
            0, 0, (byte)(offset >> 8), (byte)(offset | (isLast ? 0 : 1)), (byte)(id >> 24), (byte)(id >> 16), (byte)(id >> 8), (byte)id,
        ];
        PacketBuilder builder = new PacketBuilder()
            .Ethernet(MemoryWorld.MacOf(Ipv4Address.Parse(Network.Client)), Network.MacOfPort(Network.Lan))
            .Ipv6(source, Server6).Extension(IpProtocol.Fragment, header);
        return Piece(builder, offset, length, isLast, SourcePort).WithProtocol(nextHeader).Build();
    }

    /// <summary>The pieces of a whole IPv4 frame, in order.</summary>
    /// <param name="frame">Untagged, without options.</param>
    /// <param name="pieceBytes">Data of each piece but the last, a multiple of 8.</param>
    public static byte[][] Split(byte[] frame, int pieceBytes)
    {
        List<byte[]> pieces = [];
        byte[] data = frame[34..];
        for (int offset = 0; offset < data.Length; offset += pieceBytes)
        {
            bool isLast = offset + pieceBytes >= data.Length;
            byte[] piece = [.. frame[..34], .. data[offset..Math.Min(offset + pieceBytes, data.Length)]];
            Write16(piece, 16, piece.Length - 14);
            Write16(piece, 20, offset / 8 | (isLast ? 0 : Ipv4Header.MoreFragments));
            Write16(piece, 24, 0);
            Write16(piece, 24, ReferenceChecksum.Of(piece.AsSpan(14, 20)));
            pieces.Add(piece);
        }

        return [.. pieces];
    }

    /// <summary>The frame that pieces, in any order, are of: what the receiving host makes of them.</summary>
    public static byte[] Join(IEnumerable<byte[]> pieces)
    {
        byte[][] sorted = [.. pieces.OrderBy(OffsetOf)];
        byte[] whole = [.. sorted[0][..34], .. sorted.SelectMany(piece => piece[34..])];
        int end = sorted[^1].Length - 34 + OffsetOf(sorted[^1]);
        if (whole.Length - 34 != end)
        {
            throw new InvalidOperationException($"the pieces have {whole.Length - 34} bytes and the datagram {end}");
        }

        Write16(whole, 16, whole.Length - 14);
        Write16(whole, 20, 0);
        Write16(whole, 24, 0);
        Write16(whole, 24, ReferenceChecksum.Of(whole.AsSpan(14, 20)));
        return whole;
    }

    public static int OffsetOf(byte[] frame) => (frame[20] % 32 * 256 + frame[21]) * 8;

    private static PacketBuilder Piece(PacketBuilder builder, int offset, int length, bool isLast, ushort sourcePort)
    {
        if (offset > 0)
        {
            // ICMP in the builder for eight bytes of anything; the caller sets the protocol.
            return length >= 8
                ? builder.Icmp((byte)offset, (byte)length).Payload(length - 8)
                : builder.Payload(length);
        }

        return isLast ? throw new ArgumentException("a whole datagram is no fragment", nameof(isLast))
            : builder.Udp(sourcePort, 53).Payload(length - 8).WithUdpLength(60000).WithChecksum(0);
    }

    private static void Write16(byte[] bytes, int at, int value)
    {
        bytes[at] = (byte)(value >> 8);
        bytes[at + 1] = (byte)value;
    }
}
