using System.Runtime.CompilerServices;
using Dataplane.Conntrack;
using Dataplane.Packet;

namespace Dataplane.Datapath.SlowPath.Ipv6;

/// <summary>Packets of known IPv6 connections that the forwarding pass could not finish: see <see cref="Uncached"/>.</summary>
public static unsafe class Uncached6
{
    // Not inlined: keeps the forwarding pass small.
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Forward<TEnv>(WorkerContext* context, ref TEnv env, Mbuf* packet, PacketMeta* meta)
        where TEnv : struct, IEnvironment
    {
        EntryReference reference = new(meta->Reference);
        byte* entry = context->Table6->EntryAt(reference.Index);
        Ipv6Address destination = Entry<Ipv6Tuple>.Tuple(entry, reference.Direction ^ Direction.Reply)->Source;
        NextHop* nextHop = context->Plan->NextHops + env.LookupRoute6(context->Plan, &destination);
        if (nextHop->Kind is not (NextHopKind.Connected or NextHopKind.Gateway))
        {
            NoWay(context, ref env, packet, meta, nextHop->Kind);
            return;
        }

        ushort mtuBytes = context->Plan->Ports[nextHop->Port].MtuBytes;
        if (meta->Ttl <= 1)
        {
            Icmpv6Errors.Refuse(context, ref env, packet, meta, Icmpv6Error.TimeExceeded, DropReason.TtlExceeded);
            return;
        }

        if (meta->L3LengthBytes > mtuBytes)
        {
            Icmpv6Errors.RefuseTooBig(context, ref env, packet, meta, mtuBytes);
            return;
        }

        uint index = NeighbourResolution.Find(context, nextHop, destination, out Adjacency adjacency, out bool isRefused);
        if (index == 0)
        {
            PacketSink.Drop(context, ref env, packet, DropReason.NeighbourTableFull);
            return;
        }

        if (isRefused)
        {
            Icmpv6Errors.Refuse(context, ref env, packet, meta, Icmpv6Error.AddressUnreachable, DropReason.NeighbourUnresolved);
            return;
        }

        Ipv6Family.Rewrite(meta, entry, reference.Direction);
        Output.Reframe(packet, meta->L3, meta->L3LengthBytes, EtherType.Ipv6);
        if (adjacency.IsUsable)
        {
            // Cached only now: an index that has been usable keeps its address.
            nextHop->Note(index);
            *(&Entry<Ipv6Tuple>.Head(entry)->NextHopOriginal + (int)reference.Direction) =
                (uint)context->Plan->Generation << 16 | index;
            Stages.Forward.Send(context, ref env, packet, meta->L3, adjacency);
            return;
        }

        NeighbourResolution.Hold(context, ref env, packet, nextHop, destination);
    }

    private static void NoWay<TEnv>(WorkerContext* context, ref TEnv env, Mbuf* packet, PacketMeta* meta, NextHopKind kind)
        where TEnv : struct, IEnvironment
    {
        if (kind == NextHopKind.None)
        {
            Icmpv6Errors.Refuse(context, ref env, packet, meta, Icmpv6Error.NoRoute, DropReason.NoRoute);
            return;
        }

        PacketSink.Drop(context, ref env, packet, kind == NextHopKind.Local ? DropReason.LocalUnsupported : DropReason.NoRoute);
    }
}
