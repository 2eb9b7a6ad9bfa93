using System.Runtime.CompilerServices;
using Dataplane.Conntrack;
using Dataplane.Datapath.SlowPath;
using Dataplane.Datapath.Stages;
using Dataplane.Nat;
using Dataplane.Packet;

namespace Dataplane.Datapath;

/// <summary>IPv4 on the fast path.</summary>
public readonly unsafe struct Ipv4Family : IFamily<Ipv4Tuple>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ConntrackTable<Ipv4Tuple>* Table(WorkerContext* context) => context->Table;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WorkerSlot* Slot(WorkerContext* context) => context->Slot;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PositionList* Tracked(WorkerContext* context) => &context->Tracked;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Ipv4Tuple* Tuple(WorkerContext* context, PacketMeta* meta) => &meta->Tuple;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Rewrite(PacketMeta* meta, byte* entry, Direction direction) => Translate.One(meta, entry, direction);

    public static DropReason CheckFirstFragment(PacketMeta* meta, byte* entry, Direction direction) =>
        Rewriter.CheckFirstFragment(meta, Entry<Ipv4Tuple>.Tuple(entry, direction ^ Direction.Reply));

    public static void ForwardUncached<TEnv>(WorkerContext* context, ref TEnv env, Mbuf* packet, PacketMeta* meta)
        where TEnv : struct, IEnvironment => Uncached.Forward(context, ref env, packet, meta);

    public static void Refuse<TEnv>(WorkerContext* context, ref TEnv env, Mbuf* packet, PacketMeta* meta)
        where TEnv : struct, IEnvironment => InvalidTraffic.Known(context, ref env, packet, meta);
}
