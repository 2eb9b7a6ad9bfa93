using System.Runtime.CompilerServices;
using Dataplane.Conntrack;
using Dataplane.Packet;

namespace Dataplane.Datapath.Stages;

/// <summary>Second stage: lengths are checked once, tuples come out, the tuple's bucket is asked for.</summary>
public static unsafe class Parse
{
    private const ulong MacMask = 0xFFFF_FFFF_FFFF;

    /// <summary>Parses a burst and sorts it: <see cref="WorkerContext.Tracked"/>, <see cref="WorkerContext.Tracked6"/>,
    /// <see cref="WorkerContext.Slow"/>, or dropped.</summary>
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
        context->Tracked6.Count = 0;
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
            else if (IsSlow(context, ref env, position, reason, mac))
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
        if (context->Tracked6.Count > 0)
        {
            Hash6(context);
        }
    }

    /// <summary>The hash pass of IPv6.</summary>
    private static void Hash6(WorkerContext* context)
    {
        BucketArray buckets = context->Table6->View->Current;
        HashKey* key = context->Table6->Key;
        for (int index = 0; index < context->Tracked6.Count; index++)
        {
            int position = context->Tracked6.Positions[index];
            ulong hash = TupleHash.Compute(context->Tuples6 + position, key);
            context->Metas[position].Hash = hash;
            ConntrackTable<Ipv6Tuple>.Prefetch(buckets.First(hash));
        }
    }

    /// <summary>Sorts a packet that is not on IPv4's fast path; drops it if nobody wants it.</summary>
    /// <returns>Whether it is for the slow path.</returns>
    // Not inlined: keeps the burst loop small.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool IsSlow<TEnv>(WorkerContext* context, ref TEnv env, int position, DropReason reason, ulong mac)
        where TEnv : struct, IEnvironment
    {
        PacketMeta* meta = context->Metas + position;
        Mbuf* packet = context->Burst[position];
        ulong destination = *(ulong*)packet->Data & MacMask;
        if (reason == DropReason.None)
        {
            reason = Refusal(context, meta, position, destination, mac);
        }

        if (reason != DropReason.None)
        {
            PacketSink.Drop(context, ref env, packet, reason);
            return false;
        }

        if (meta->Kind == PacketKind.Ipv6Tracked && destination == mac)
        {
            context->Tracked6.Positions[context->Tracked6.Count++] = position;
            return false;
        }

        return true;
    }

    /// <summary>Why a well-formed packet goes no further.</summary>
    private static DropReason Refusal(WorkerContext* context, PacketMeta* meta, int position, ulong destination, ulong mac)
    {
        if (meta->VlanId != 0)
        {
            return DropReason.VlanNotConfigured;
        }

        bool isIpv6 = meta->Kind
            is PacketKind.Ipv6Tracked or PacketKind.Ipv6IcmpError or PacketKind.Ipv6Neighbour or PacketKind.Ipv6Fragment;
        if (destination != mac)
        {
            // ARP asks everybody; IPv6 asks groups, and then says so in its own header too.
            bool isGroup = (destination & 1) != 0;
            bool isSaidTwice = isIpv6 && context->Tuples6[position].Destination.IsMulticast;
            if (!isGroup || !(isSaidTwice || meta->Kind == PacketKind.Arp))
            {
                return DropReason.NotForThisRouter;
            }
        }

        return isIpv6 && (context->Table6 == null || context->Plan->Ports[meta->Port].LinkLocal.IsUnspecified)
            ? DropReason.Ipv6NotEnabled
            : DropReason.None;
    }
}
