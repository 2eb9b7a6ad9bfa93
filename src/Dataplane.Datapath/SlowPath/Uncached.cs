using System.Runtime.CompilerServices;
using Dataplane.Conntrack;
using Dataplane.Datapath.Stages;
using Dataplane.Packet;

namespace Dataplane.Datapath.SlowPath;

/// <summary>Packets of known connections that the forwarding pass could not finish.</summary>
/// <remarks>A first packet, a changed route, a neighbour that is being resolved, a TTL or MTU that ends the journey, a
/// tagged frame.</remarks>
public static unsafe class Uncached
{
    // Not inlined: keeps the forwarding pass small.
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Forward<TEnv>(WorkerContext* context, ref TEnv env, Mbuf* packet, PacketMeta* meta)
        where TEnv : struct, IEnvironment
    {
        EntryReference reference = new(meta->Reference);
        byte* entry = context->Table->EntryAt(reference.Index);
        Ipv4Address destination = Entry<Ipv4Tuple>.Tuple(entry, reference.Direction ^ Direction.Reply)->Source;
        NextHop* nextHop = context->Plan->NextHops + env.LookupRoute(context->Plan, destination.Host);
        if (nextHop->Kind is not (NextHopKind.Connected or NextHopKind.Gateway))
        {
            NoWay(context, ref env, packet, meta, nextHop->Kind);
            return;
        }

        if (meta->Ttl <= 1)
        {
            IcmpErrors.Refuse(context, ref env, packet, meta, IcmpError.TimeExceeded, DropReason.TtlExceeded);
            return;
        }

        if (meta->L3LengthBytes > context->Plan->Ports[nextHop->Port].MtuBytes)
        {
            IcmpErrors.RefuseTooBig(context, ref env, packet, meta, context->Plan->Ports[nextHop->Port].MtuBytes);
            return;
        }

        Ipv6Address mapped = Ipv6Address.FromIpv4(destination);
        uint index = NeighbourResolution.Find(context, nextHop, mapped, out Adjacency adjacency, out bool isRefused);
        if (index == 0)
        {
            PacketSink.Drop(context, ref env, packet, DropReason.NeighbourTableFull);
            return;
        }

        if (isRefused)
        {
            IcmpErrors.Refuse(context, ref env, packet, meta, IcmpError.HostUnreachable, DropReason.NeighbourUnresolved);
            return;
        }

        if (meta->Fragment >= FragmentPart.Middle)
        {
            Translate.Addresses(meta, entry, reference.Direction);
        }
        else
        {
            Translate.One(meta, entry, reference.Direction);
        }

        Output.Reframe(packet, meta->L3, meta->L3LengthBytes, EtherType.Ipv4);
        if (adjacency.IsUsable)
        {
            // Cached only now: an index that has been usable keeps its address.
            nextHop->Note(index);
            *(&Entry<Ipv4Tuple>.Head(entry)->NextHopOriginal + (int)reference.Direction) = (uint)context->Plan->Generation << 16 | index;
            Stages.Forward.Send(context, ref env, packet, meta->L3, adjacency);
            return;
        }

        NeighbourResolution.Hold(context, ref env, packet, nextHop, mapped);
    }

    private static void NoWay<TEnv>(WorkerContext* context, ref TEnv env, Mbuf* packet, PacketMeta* meta, NextHopKind kind)
        where TEnv : struct, IEnvironment
    {
        if (kind == NextHopKind.None)
        {
            IcmpErrors.Refuse(context, ref env, packet, meta, IcmpError.NetUnreachable, DropReason.NoRoute);
            return;
        }

        PacketSink.Drop(context, ref env, packet, kind == NextHopKind.Local ? DropReason.LocalUnsupported : DropReason.NoRoute);
    }
}
