using System;
using Dataplane.Datapath.Tests;
using Dataplane.Packet;
using Dataplane.TestKit;

namespace Dataplane.Oracle.Tests;

/// <summary>How an ICMP error differs from a fitting one.</summary>
/// <param name="Type">ICMP or ICMPv6 type.</param>
/// <param name="Code">Its code.</param>
/// <param name="QuotedBytes">Of the packet that it is about, header included.</param>
/// <param name="PortOffset">Added to the server's port in the quotation: another connection.</param>
/// <param name="IsOutgoing">Quotes a packet of its own side's direction: one that it cannot have received.</param>
/// <param name="IsElsewhere">Goes to another address than the quoted packet came from.</param>
/// <param name="HasBadChecksum">Of the ICMP message.</param>
internal sealed record ErrorShape(
    byte Type, byte Code, int QuotedBytes, int PortOffset = 0, bool IsOutgoing = false, bool IsElsewhere = false, bool HasBadChecksum = false)
{
    public override string ToString() =>
        $"{Type}/{Code} quote={QuotedBytes}{(PortOffset == 0 ? "" : $" port={PortOffset}")}{(IsOutgoing ? " outgoing" : "")}"
        + $"{(IsElsewhere ? " elsewhere" : "")}{(HasBadChecksum ? " bad" : "")}";
}

/// <summary>ICMP and ICMPv6 errors about a flow's packets, from a router on the path.</summary>
internal static class ErrorPackets
{
    private const string WanHop = "192.0.2.1";
    private const string WanHop6 = "2001:db8:99::1";

    /// <summary>An error about a packet that came to the side which it is sent from.</summary>
    public static Stimulus About(Flow flow, Side side, ErrorShape shape) =>
        new(side, $"error {shape}", "error", client => Frame(flow, side, client, shape));

    private static byte[] Frame(Flow flow, Side side, Endpoint client, ErrorShape shape)
    {
        // What reaches the wan was sent by the client, what reaches the lan by the server.
        Side sender = side == Side.Wan ^ shape.IsOutgoing ? Side.Lan : Side.Wan;
        Flow quotedFlow = flow with { Server = flow.Server with { Port = (ushort)(flow.Server.Port + shape.PortOffset) } };
        byte[] about = flow.Protocol == IpProtocol.Tcp
            ? new Segment(sender, TcpFlags.Ack, 1, 1).Of(quotedFlow).Build(client)
            : flow.IsQuery ? OtherPackets.Echo(quotedFlow, sender, 1, isReversed: false, "").Build(client)
            : OtherPackets.DataFrame(quotedFlow, sender, client, 64, "");
        byte[] quoted = about[14..Math.Min(about.Length, 14 + shape.QuotedBytes)];

        string receiver = shape.IsElsewhere ? (flow.IsIpv6 ? "2001:db8:1::77" : Neighbourhood.Clients[^1]) : side == Side.Wan ? client.Address : flow.Server.Address;
        string reporter = side == Side.Wan ? (flow.IsIpv6 ? WanHop6 : WanHop) : client.Address;
        PacketBuilder builder = new();
        builder = side == Side.Wan
            ? builder.Ethernet(Neighbourhood.GatewayMac, Network.MacOfPort(Network.Wan))
            : builder.Ethernet("02:00:00:00:00:09", Network.MacOfPort(Network.Lan).ToString());
        builder = flow.IsIpv6
            ? builder.Ipv6(reporter, receiver).Icmpv6(shape.Type, shape.Code).Payload(quoted)
            : builder.Ipv4(reporter, receiver).IcmpError(shape.Type, shape.Code, quoted);
        byte[] frame = builder.Build();
        if (shape.HasBadChecksum)
        {
            frame[(flow.IsIpv6 ? 54 : 34) + 2] ^= 0x10;
        }

        return frame;
    }
}
