using Dataplane.Conntrack;
using Dataplane.Packet;

namespace Dataplane.Datapath;

/// <summary>What differs between the address families on the way of a known connection's packet.</summary>
/// <remarks>
/// The stages are generic over it, so each family has passes of its own without a branch per packet. Members are inlined where they
/// are used.
/// </remarks>
/// <typeparam name="TTuple">The family's tuple.</typeparam>
public unsafe interface IFamily<TTuple>
    where TTuple : unmanaged
{
    /// <summary>The family's connection table.</summary>
    static abstract ConntrackTable<TTuple>* Table(WorkerContext* context);

    /// <summary>The worker's part of that table.</summary>
    static abstract WorkerSlot* Slot(WorkerContext* context);

    /// <summary>The positions of the burst that are on the family's fast path.</summary>
    static abstract PositionList* Tracked(WorkerContext* context);

    /// <summary>A packet's tuple.</summary>
    static abstract TTuple* Tuple(WorkerContext* context, PacketMeta* meta);

    /// <summary>Writes the connection's translation, if it has one, and lowers the TTL, which is above 1.</summary>
    static abstract void Rewrite(PacketMeta* meta, byte* entry, Direction direction);

    /// <summary>Why a first fragment cannot be given the connection's translation; <see cref="DropReason.None"/> mostly.</summary>
    static abstract DropReason CheckFirstFragment(PacketMeta* meta, byte* entry, Direction direction);

    /// <summary>Forwards a packet whose entry has no usable next hop cached.</summary>
    static abstract void ForwardUncached<TEnv>(WorkerContext* context, ref TEnv env, Mbuf* packet, PacketMeta* meta)
        where TEnv : struct, IEnvironment;

    /// <summary>Ends a packet that its connection does not allow, for <see cref="PacketMeta.Reason"/>.</summary>
    static abstract void Refuse<TEnv>(WorkerContext* context, ref TEnv env, Mbuf* packet, PacketMeta* meta)
        where TEnv : struct, IEnvironment;
}

/// <summary>Positions in the burst.</summary>
[System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Sequential)]
public unsafe struct PositionList
{
    public int* Positions;
    public int Count;
}
