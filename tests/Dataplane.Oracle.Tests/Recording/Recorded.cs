using System;
using System.Buffers.Binary;
using Dataplane.Packet;
using Dataplane.TestKit;

namespace Dataplane.Oracle.Tests.Recording;

/// <summary>A frame as it passed the middle of a path between two real stacks.</summary>
/// <param name="Side">Who sent it: the client is on the lan.</param>
/// <param name="Frame">IPv4 and TCP, with right checksums.</param>
internal sealed record Recorded(Side Side, byte[] Frame)
{
    private const int Transport = 34;

    /// <summary>The client's port, by which connections are told apart, and the server's.</summary>
    public (ushort Client, ushort Server) Ports
    {
        get
        {
            ushort source = BinaryPrimitives.ReadUInt16BigEndian(Frame.AsSpan(Transport));
            ushort destination = BinaryPrimitives.ReadUInt16BigEndian(Frame.AsSpan(Transport + 2));
            return Side == Side.Lan ? (source, destination) : (destination, source);
        }
    }

    public TcpFlags Flags => (TcpFlags)Frame[Transport + 13];

    /// <summary>The same segment as a packet of a flow: other addresses and ports, the rest byte by byte.</summary>
    public Stimulus Of(Flow flow) => new(Side, ToString(), Read().Class, client => Rewritten(flow, client));

    public override string ToString() => Read().ToString();

    private byte[] Rewritten(Flow flow, Endpoint client)
    {
        byte[] tcp = Frame[Transport..];
        (ushort source, ushort destination) = Side == Side.Lan ? (client.Port, flow.Server.Port) : (flow.Server.Port, client.Port);
        BinaryPrimitives.WriteUInt16BigEndian(tcp, source);
        BinaryPrimitives.WriteUInt16BigEndian(tcp.AsSpan(2), destination);
        tcp.AsSpan(TcpHeader.ChecksumOffset, 2).Clear();
        byte[] frame = Stimulus.Envelope(flow, Side, client).WithProtocol(IpProtocol.Tcp).Payload(tcp).Build();
        ushort pseudo = ReferenceChecksum.PseudoHeader(frame.AsSpan(26, 8), IpProtocol.Tcp, tcp.Length);
        ushort checksum = ReferenceChecksum.Of(frame.AsSpan(Transport), pseudo);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(Transport + TcpHeader.ChecksumOffset), checksum);
        return frame;
    }

    /// <summary>What the segment says, options left out.</summary>
    public Segment Read()
    {
        ReadOnlySpan<byte> tcp = Frame.AsSpan(Transport);
        uint sequence = BinaryPrimitives.ReadUInt32BigEndian(tcp[4..]);
        uint acknowledgment = BinaryPrimitives.ReadUInt32BigEndian(tcp[8..]);
        return new Segment(Side, Flags, sequence, acknowledgment)
        {
            PayloadBytes = tcp.Length - (tcp[12] >> 4) * 4,
            Window = BinaryPrimitives.ReadUInt16BigEndian(tcp[14..]),
        };
    }
}
