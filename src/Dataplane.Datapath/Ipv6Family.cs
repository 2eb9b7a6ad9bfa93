using System.Runtime.CompilerServices;
using Dataplane.Conntrack;
using Dataplane.Datapath.SlowPath.Ipv6;
using Dataplane.Packet;

namespace Dataplane.Datapath;

/// <summary>IPv6 on the fast path; not translated in this version.</summary>
public readonly unsafe struct Ipv6Family : IFamily<Ipv6Tuple>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ConntrackTable<Ipv6Tuple>* Table(WorkerContext* context) => context->Table6;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WorkerSlot* Slot(WorkerContext* context) => context->Slot6;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PositionList* Tracked(WorkerContext* context) => &context->Tracked6;

    /// <summary>Tuples of this family do not fit the meta: they stand beside it, at the packet's position in the burst.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Ipv6Tuple* Tuple(WorkerContext* context, PacketMeta* meta) => context->Tuples6 + (meta - context->Metas);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Rewrite(PacketMeta* meta, byte* entry, Direction direction) => ((Ipv6Header*)meta->L3)->HopLimit--;

    public static DropReason CheckFirstFragment(PacketMeta* meta, byte* entry, Direction direction) => DropReason.None;

    public static void ForwardUncached<TEnv>(WorkerContext* context, ref TEnv env, Mbuf* packet, PacketMeta* meta)
        where TEnv : struct, IEnvironment => Uncached6.Forward(context, ref env, packet, meta);

    public static void Refuse<TEnv>(WorkerContext* context, ref TEnv env, Mbuf* packet, PacketMeta* meta)
        where TEnv : struct, IEnvironment => InvalidTraffic6.Known(context, ref env, packet, meta);
}
