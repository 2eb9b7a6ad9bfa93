using Dataplane.Conntrack;
using Dataplane.Packet;

namespace Dataplane.Datapath.Stages;

/// <summary>Second stage: lengths are checked once, tuples come out, the tuple's bucket is asked for.</summary>
public static unsafe class Parse
{
    private const ulong MacMask = 0xFFFF_FFFF_FFFF;

    /// <summary>Parses a burst and sorts it: <see cref="WorkerContext.Tracked"/>, <see cref="WorkerContext.Slow"/>, or
    /// dropped.</summary>
    public static void Burst<TEnv>(WorkerContext* context, ref TEnv env, int count, byte port)
        where TEnv : struct, IEnvironment
    {
        if (context->Plan->VerifyChecksums)
        {
            Burst<TEnv, VerifyL4Checksums>(context, ref env, count, port);
        }
        else
        {
            Burst<TEnv, TrustL4Checksums>(context, ref env, count, port);
        }
    }

    private static void Burst<TEnv, TPolicy>(WorkerContext* context, ref TEnv env, int count, byte port)
        where TEnv : struct, IEnvironment
        where TPolicy : struct, IChecksumPolicy
    {
        RouterPort* router = context->Plan->Ports + port;
        ulong mac = router->Mac48;
        ushort zone = router->Zone;
        // Locals, because the compiler must assume that every store below changes the context.
        Mbuf** burst = context->Burst;
        PacketMeta* metas = context->Metas;
        int* trackedPositions = context->Tracked.Positions;
        int* slowPositions = context->Slow;
        BucketArray buckets = context->Table->View->Current;
        HashKey* key = context->Table->Key;
        int tracked = 0;
        int slow = 0;
        for (int ahead = 0; ahead < Receive.PrefetchAhead && ahead < count; ahead++)
        {
            ConntrackTable<Ipv4Tuple>.Prefetch(burst[ahead]->Data);
        }

        for (int position = 0; position < count; position++)
        {
            if (position + Receive.PrefetchAhead < count)
            {
                ConntrackTable<Ipv4Tuple>.Prefetch(burst[position + Receive.PrefetchAhead]->Data);
            }

            PacketMeta* meta = metas + position;
            Mbuf* packet = burst[position];
            DropReason reason = PacketParser.Parse<TPolicy>(packet, port, zone, meta, context->Tuples6 + position);
            if (reason == DropReason.None && meta->Kind == PacketKind.Ipv4Tracked
                && (*(ulong*)packet->Data & MacMask) == mac && meta->VlanId == 0)
            {
                trackedPositions[tracked++] = position;
            }
            else if (IsWanted(context, ref env, position, reason, mac))
            {
                slowPositions[slow++] = position;
            }
        }

        for (int index = 0; index < tracked; index++)
        {
            PacketMeta* meta = metas + trackedPositions[index];
            ulong hash = TupleHash.Compute(&meta->Tuple, key);
            meta->Hash = hash;
            ConntrackTable<Ipv4Tuple>.Prefetch(buckets.First(hash));
        }

        context->Tracked.Count = tracked;
        context->SlowCount = slow;
    }

    /// <summary>Whether a packet off the fast path goes on; drops it otherwise.</summary>
    private static bool IsWanted<TEnv>(WorkerContext* context, ref TEnv env, int position, DropReason reason, ulong mac)
        where TEnv : struct, IEnvironment
    {
        PacketMeta* meta = context->Metas + position;
        Mbuf* packet = context->Burst[position];
        if (reason == DropReason.None)
        {
            ulong destination = *(ulong*)packet->Data & MacMask;
            bool isGroup = (destination & 1) != 0;
            reason = meta->VlanId != 0 ? DropReason.VlanNotConfigured
                : destination != mac && !(isGroup && meta->Kind == PacketKind.Arp) ? DropReason.NotForThisRouter
                : meta->Kind is PacketKind.Ipv6Tracked or PacketKind.Ipv6IcmpError or PacketKind.Ipv6Neighbour
                    ? DropReason.Ipv6ForwardingUnsupported
                : meta->Fragment != FragmentPart.Whole ? DropReason.Ipv4FragmentUnsupported
                : DropReason.None;
        }

        if (reason != DropReason.None)
        {
            PacketSink.Drop(context, ref env, packet, reason);
            return false;
        }

        return true;
    }
}
