using Dataplane.Datapath.Stages;
using Dataplane.Packet;

namespace Dataplane.Datapath.SlowPath;

/// <summary>The way out for packets that no entry routes: the router's own, translated errors, untracked ones.</summary>
public static unsafe class Output
{
    /// <summary>Routes an IP packet by its destination and lets it leave, or holds it for its next hop.</summary>
    /// <param name="context">The worker.</param>
    /// <param name="env">The worker's environment.</param>
    /// <param name="packet">The buffer; at least an Ethernet header fits in front of <paramref name="l3"/>.</param>
    /// <param name="l3">The finished IP packet in it.</param>
    public static void Routed<TEnv>(WorkerContext* context, ref TEnv env, Mbuf* packet, byte* l3)
        where TEnv : struct, IEnvironment
    {
        Ipv4Header* ip = (Ipv4Header*)l3;
        NextHop* nextHop = context->Plan->NextHops + env.LookupRoute(context->Plan, ip->Destination.Host);
        if (nextHop->Kind is not (NextHopKind.Connected or NextHopKind.Gateway))
        {
            PacketSink.Drop(context, ref env, packet, DropReason.NoRoute);
            return;
        }

        if (ip->TotalLengthBytes.Host > context->Plan->Ports[nextHop->Port].MtuBytes)
        {
            PacketSink.Drop(context, ref env, packet, DropReason.MtuExceeded);
            return;
        }

        Reframe(packet, l3, ip->TotalLengthBytes.Host, EtherType.Ipv4);
        if (NeighbourResolution.Find(context, nextHop, Ipv6Address.FromIpv4(ip->Destination), out Adjacency adjacency, out _) == 0)
        {
            PacketSink.Drop(context, ref env, packet, DropReason.NeighbourTableFull);
        }
        else if (adjacency.IsUsable)
        {
            Forward.Send(context, ref env, packet, l3, adjacency);
        }
        else
        {
            NeighbourResolution.Hold(context, ref env, packet, nextHop, Ipv6Address.FromIpv4(ip->Destination));
        }
    }

    /// <summary>Makes the frame exactly its L3 packet with a plain Ethernet header in front: no tag, no padding behind.</summary>
    public static void Reframe(Mbuf* packet, byte* l3, int l3LengthBytes, ushort etherType)
    {
        byte* frame = l3 - EthernetHeader.SizeBytes;
        packet->DataOffset += (ushort)(frame - packet->Data);
        packet->DataLength = (ushort)(EthernetHeader.SizeBytes + l3LengthBytes);
        packet->PacketLength = packet->DataLength;
        ((EthernetHeader*)frame)->EtherType = Be16.FromHost(etherType);
    }
}
