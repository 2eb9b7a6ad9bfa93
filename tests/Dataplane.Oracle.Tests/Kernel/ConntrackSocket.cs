using System;
using System.Buffers.Binary;
using System.ComponentModel;
using System.IO;
using System.Net;
using Dataplane.Packet;

namespace Dataplane.Oracle.Tests.Kernel;

/// <summary>Asks a namespace's connection tracking for single connections (linux/netfilter/nfnetlink_conntrack.h).</summary>
/// <remarks>A few microseconds a question, where a listing walks every bucket of the machine.</remarks>
internal sealed unsafe class ConntrackSocket : IDisposable
{
    private const ushort MessageNew = 1 << 8;
    private const ushort MessageGet = 1 << 8 | 1;
    private const ushort MessageError = 2;
    private const ushort FlagRequest = 1;
    private const int ErrorNoEntry = -2;

    // CTA_*
    private const ushort TupleOriginal = 1;
    private const ushort TupleReply = 2;
    private const ushort Status = 3;
    private const ushort ProtocolInfo = 4;

    // CTA_TUPLE_*, CTA_IP_*, CTA_PROTO_*
    private const ushort TupleIp = 1;
    private const ushort TupleProtocol = 2;
    private const ushort Ipv4Destination = 2;
    private const ushort ProtocolNumber = 1;
    private const ushort SourcePort = 2;
    private const ushort DestinationPort = 3;
    private const ushort IcmpId = 4;
    private const ushort Icmpv6Id = 7;

    // IPS_*
    private const uint SeenReply = 1 << 1;
    private const uint Assured = 1 << 2;

    private static readonly string[] s_tcpStates =
        ["NONE", "SYN_SENT", "SYN_RECV", "ESTABLISHED", "FIN_WAIT", "CLOSE_WAIT", "LAST_ACK", "TIME_WAIT", "CLOSE", "SYN_SENT2"];

    private static readonly string[] s_sctpStates =
    [
        "NONE", "CLOSED", "COOKIE_WAIT", "COOKIE_ECHOED", "ESTABLISHED", "SHUTDOWN_SENT", "SHUTDOWN_RECD", "SHUTDOWN_ACK_SENT",
        "HEARTBEAT_SENT",
    ];

    private readonly int _descriptor;
    private uint _sequence;

    /// <exception cref="Win32Exception">Not permitted, or the kernel has no ctnetlink.</exception>
    public ConntrackSocket() => _descriptor = Descriptor.Check(
        Libc.Socket(Libc.FamilyNetlink, Libc.SocketRaw | Libc.SocketCloseOnExec, Libc.NetlinkNetfilter), "open a netfilter netlink socket");

    /// <summary>The connection that a flow's packets belong to, and where its replies go.</summary>
    /// <exception cref="InvalidDataException">The kernel's answer is not understood.</exception>
    /// <exception cref="Win32Exception">The kernel refused the question.</exception>
    public Sighting Find(Flow flow)
    {
        Span<byte> buffer = stackalloc byte[4096];
        Ask(flow, buffer);
        ReadOnlySpan<byte> answer = Receive(buffer);
        ushort type = BinaryPrimitives.ReadUInt16LittleEndian(answer[4..]);
        if (type == MessageError)
        {
            int error = BinaryPrimitives.ReadInt32LittleEndian(answer[16..]);
            return error == ErrorNoEntry ? Sighting.None
                : throw new Win32Exception(-error, $"the kernel does not tell of {flow}: errno {-error}");
        }

        if (type != MessageNew)
        {
            throw new InvalidDataException($"a netlink message of type {type} for an answer");
        }

        return Read(flow, answer[20..]);
    }

    public void Dispose() => _ = Libc.Close(_descriptor);

    private void Ask(Flow flow, Span<byte> buffer)
    {
        NetlinkMessage message = new(buffer);
        message.Append([flow.IsIpv6 ? (byte)10 : (byte)2, 0, 0, 0]);
        int tuple = message.Open(TupleOriginal);
        int ip = message.Open(TupleIp);
        ushort family = flow.IsIpv6 ? (ushort)2 : (ushort)0;
        message.Add((ushort)(1 + family), IPAddress.Parse(flow.Client.Address).GetAddressBytes());
        message.Add((ushort)(2 + family), IPAddress.Parse(flow.Server.Address).GetAddressBytes());
        message.Close(ip);
        int protocol = message.Open(TupleProtocol);
        message.Add(ProtocolNumber, flow.Protocol);
        if (flow.IsQuery)
        {
            ushort id = flow.IsIpv6 ? Icmpv6Id : IcmpId;
            message.AddBigEndian(id, flow.Client.Port);
            message.Add((ushort)(id + 1), flow.IsIpv6 ? Icmpv6Type.EchoRequest : IcmpType.EchoRequest);
            message.Add((ushort)(id + 2), 0);
        }
        else if (flow.HasPorts || flow.Protocol == IpProtocol.Gre)
        {
            // GRE's keys are where ports are, and 0 without one.
            message.AddBigEndian(SourcePort, flow.Client.Port);
            message.AddBigEndian(DestinationPort, flow.Server.Port);
        }

        message.Close(protocol);
        message.Close(tuple);
        ReadOnlySpan<byte> bytes = message.Finish(MessageGet, FlagRequest, ++_sequence);
        fixed (byte* first = bytes)
        {
            Descriptor.Check((int)Libc.Send(_descriptor, first, (nuint)bytes.Length, 0), "ask for a connection");
        }
    }

    private ReadOnlySpan<byte> Receive(Span<byte> buffer)
    {
        fixed (byte* first = buffer)
        {
            int length = Descriptor.Check((int)Libc.Receive(_descriptor, first, (nuint)buffer.Length, 0), "read a connection");
            ReadOnlySpan<byte> answer = buffer[..length];
            uint sequence = BinaryPrimitives.ReadUInt32LittleEndian(answer[8..]);
            return sequence == _sequence ? answer : throw new InvalidDataException($"an answer to question {sequence}, not {_sequence}");
        }
    }

    private static Sighting Read(Flow flow, ReadOnlySpan<byte> attributes)
    {
        uint status = BinaryPrimitives.ReadUInt32BigEndian(NetlinkMessage.Find(attributes, Status));
        ReadOnlySpan<byte> info = NetlinkMessage.Find(attributes, ProtocolInfo);
        string state = flow.Protocol switch
        {
            IpProtocol.Tcp => s_tcpStates[NetlinkMessage.Find(NetlinkMessage.Find(info, 1), 1)[0]],
            IpProtocol.Sctp => s_sctpStates[NetlinkMessage.Find(NetlinkMessage.Find(info, 3), 1)[0]],
            _ => Connection.Open,
        };
        Connection connection = new(state, (status & SeenReply) != 0, (status & Assured) != 0);
        if (flow.IsIpv6)
        {
            // Nothing is translated; and of a connection that the server opened the reply's destination is the server.
            return new Sighting(connection, flow.Client);
        }

        ReadOnlySpan<byte> reply = NetlinkMessage.Find(attributes, TupleReply);
        ReadOnlySpan<byte> address = NetlinkMessage.Find(NetlinkMessage.Find(reply, TupleIp), Ipv4Destination);
        ReadOnlySpan<byte> protocol = NetlinkMessage.Find(reply, TupleProtocol);
        ushort replyPort = flow.IsQuery ? IcmpId : DestinationPort;
        ReadOnlySpan<byte> port = flow.HasPorts || flow.IsQuery ? NetlinkMessage.Find(protocol, replyPort) : default;
        return new Sighting(
            connection,
            new Endpoint(new IPAddress(address).ToString(), port.IsEmpty ? (ushort)0 : BinaryPrimitives.ReadUInt16BigEndian(port)));
    }
}
