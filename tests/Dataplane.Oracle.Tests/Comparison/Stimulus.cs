using System;
using Dataplane.Datapath.Tests;
using Dataplane.Packet;
using Dataplane.TestKit;

namespace Dataplane.Oracle.Tests;

/// <summary>One packet of a comparison, written for each router as that router needs it.</summary>
/// <param name="Side">Where it enters.</param>
/// <param name="Text">What it is, for transcripts.</param>
/// <param name="Class">Its kind, in the words of <see cref="KnownDifferences"/>.</param>
/// <param name="Build">The frame, given how the client is called on that side.</param>
internal sealed record Stimulus(Side Side, string Text, string Class, Func<Endpoint, byte[]> Build)
{
    /// <summary>A frame of a flow without its transport layer.</summary>
    /// <param name="flow">Whose client and server it is between.</param>
    /// <param name="side">From the client if lan, from the server if wan.</param>
    /// <param name="client">How the client is called there.</param>
    public static PacketBuilder Envelope(Flow flow, Side side, Endpoint client)
    {
        PacketBuilder builder = new();
        if (side == Side.Lan)
        {
            MacAddress host = flow.IsIpv6 ? MemoryWorld.MacOf(Ipv6Address.Parse(client.Address)) : MemoryWorld.MacOf(Ipv4Address.Parse(client.Address));
            builder.Ethernet(host, Network.MacOfPort(Network.Lan));
        }
        else
        {
            builder.Ethernet(Neighbourhood.GatewayMac, Network.MacOfPort(Network.Wan));
        }

        (string source, string destination) = side == Side.Lan ? (client.Address, flow.Server.Address) : (flow.Server.Address, client.Address);
        return flow.IsIpv6 ? builder.Ipv6(source, destination) : builder.Ipv4(source, destination);
    }
}
