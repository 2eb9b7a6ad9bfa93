using Dataplane.Datapath.Stages;
using Dataplane.Packet;

namespace Dataplane.Datapath.SlowPath.Ipv6;

/// <summary>The way out for IPv6 packets that no entry routes: the router's own, errors that pass through, untracked ones.</summary>
public static unsafe class Output6
{
    /// <summary>Routes a packet by its destination and lets it leave, or holds it for its next hop.</summary>
    /// <param name="context">The worker.</param>
    /// <param name="env">The worker's environment.</param>
    /// <param name="packet">The buffer; at least an Ethernet header fits in front of <paramref name="ip"/>.</param>
    /// <param name="ip">The finished packet in it.</param>
    /// <param name="link">The port whose link a link-local destination is on.</param>
    public static void Routed<TEnv>(WorkerContext* context, ref TEnv env, Mbuf* packet, Ipv6Header* ip, byte link)
        where TEnv : struct, IEnvironment
    {
        Plan* plan = context->Plan;
        Ipv6Address destination = ip->Destination;
        NextHop onLink = new() { Kind = NextHopKind.Connected, Port = link };
        NextHop* nextHop = destination.IsLinkLocal ? &onLink : plan->NextHops + env.LookupRoute6(plan, &destination);
        if (nextHop->Kind is not (NextHopKind.Connected or NextHopKind.Gateway))
        {
            PacketSink.Drop(context, ref env, packet, DropReason.NoRoute);
            return;
        }

        int lengthBytes = Ipv6Header.SizeBytes + ip->PayloadLengthBytes.Host;
        if (lengthBytes > plan->Ports[nextHop->Port].MtuBytes)
        {
            PacketSink.Drop(context, ref env, packet, DropReason.MtuExceeded);
            return;
        }

        Output.Reframe(packet, (byte*)ip, lengthBytes, EtherType.Ipv6);
        if (NeighbourResolution.Find(context, nextHop, destination, out Adjacency adjacency, out _) == 0)
        {
            PacketSink.Drop(context, ref env, packet, DropReason.NeighbourTableFull);
        }
        else if (adjacency.IsUsable)
        {
            Forward.Send(context, ref env, packet, (byte*)ip, adjacency);
        }
        else
        {
            NeighbourResolution.Hold(context, ref env, packet, nextHop, destination);
        }
    }
}
