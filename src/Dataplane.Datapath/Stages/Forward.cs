using System.Runtime.CompilerServices;
using Dataplane.Conntrack;
using Dataplane.Datapath.SlowPath;
using Dataplane.Packet;

namespace Dataplane.Datapath.Stages;

/// <summary>Sixth stage: next hop, TTL and MTU, then translation, frame header and the egress port's buffer.</summary>
/// <remarks>
/// What may end in an ICMP error is judged before translation, so that the error quotes the packet as its
/// sender knows it (RFC 5508 §4).
/// </remarks>
public static unsafe class Forward
{
    /// <summary>Forwards every packet that is still tracked.</summary>
    public static void Burst<TFamily, TTuple, TEnv>(WorkerContext* context, ref TEnv env)
        where TFamily : struct, IFamily<TTuple>
        where TTuple : unmanaged
        where TEnv : struct, IEnvironment
    {
        PositionList* tracked = TFamily.Tracked(context);
        for (int index = 0; index < tracked->Count; index++)
        {
            int position = tracked->Positions[index];
            OneInline<TFamily, TTuple, TEnv>(context, ref env, context->Burst[position], context->Metas + position);
        }
    }

    /// <summary>Forwards one packet of a known connection, whole or a first fragment.</summary>
    public static void One<TFamily, TTuple, TEnv>(WorkerContext* context, ref TEnv env, Mbuf* packet, PacketMeta* meta)
        where TFamily : struct, IFamily<TTuple>
        where TTuple : unmanaged
        where TEnv : struct, IEnvironment
    {
        EntryReference reference = new(meta->Reference);
        DropReason reason = meta->Fragment == FragmentPart.Whole ? DropReason.None
            : TFamily.CheckFirstFragment(meta, TFamily.Table(context)->EntryAt(reference.Index), reference.Direction);
        if (reason != DropReason.None)
        {
            meta->Reason = reason;
            PacketSink.Drop(context, ref env, packet, reason);
            return;
        }

        OneInline<TFamily, TTuple, TEnv>(context, ref env, packet, meta);
    }

    /// <summary>Writes the frame header in front of an IP packet and lets it leave.</summary>
    /// <remarks>Inlined: part of the forwarding pass. A tag on the received frame is cut off by the new frame start.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Send<TEnv>(WorkerContext* context, ref TEnv env, Mbuf* packet, byte* l3, Adjacency adjacency)
        where TEnv : struct, IEnvironment
    {
        byte* frame = l3 - EthernetHeader.SizeBytes;
        *(ulong*)frame = adjacency.FrameLow;
        *(uint*)(frame + 8) = adjacency.FrameHigh;
        PacketSink.Transmit(context, ref env, packet, adjacency.Port);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void OneInline<TFamily, TTuple, TEnv>(WorkerContext* context, ref TEnv env, Mbuf* packet, PacketMeta* meta)
        where TFamily : struct, IFamily<TTuple>
        where TTuple : unmanaged
        where TEnv : struct, IEnvironment
    {
        EntryReference reference = new(meta->Reference);
        byte* entry = TFamily.Table(context)->EntryAt(reference.Index);
        uint cached = *(&Entry<TTuple>.Head(entry)->NextHopOriginal + (int)reference.Direction);
        if (cached >> 16 == context->Plan->Generation)
        {
            Adjacency adjacency = Adjacency.Load(context->Neighbours->Adjacencies + (cached & 0xFFFF));
            if (meta->Ttl > 1 && adjacency.IsUsable && meta->L2LengthBytes == EthernetHeader.SizeBytes
                && packet->DataLength <= adjacency.MtuBytes + EthernetHeader.SizeBytes)
            {
                TFamily.Rewrite(meta, entry, reference.Direction);
                Send(context, ref env, packet, meta->L3, adjacency);
                return;
            }
        }

        TFamily.ForwardUncached(context, ref env, packet, meta);
    }
}
