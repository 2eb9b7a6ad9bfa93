using Dataplane.Conntrack;
using Dataplane.Datapath.Fragments;
using Dataplane.Datapath.SlowPath.Ipv6;
using Dataplane.Datapath.Stages;
using Dataplane.Packet;

namespace Dataplane.Datapath.SlowPath;

/// <summary>Sends what left the fast path to its handler.</summary>
public static unsafe class Dispatch
{
    /// <summary>Twice as many as a group has packets; a power of two.</summary>
    private const int SeenPlaces = 2 * WorkerContext.AdmissionsMax;

    /// <summary>In groups: all first packets of one are judged first, so that what their connections need arrives meanwhile.</summary>
    public static void Burst<TEnv>(WorkerContext* context, ref TEnv env)
        where TEnv : struct, IEnvironment
    {
        for (int from = 0; from < context->SlowCount; from += WorkerContext.AdmissionsMax)
        {
            int count = System.Math.Min(WorkerContext.AdmissionsMax, context->SlowCount - from);
            Judge(context, ref env, context->Slow + from, count);
            for (int index = 0; index < count; index++)
            {
                One(context, ref env, context->Slow[from + index], index);
            }
        }
    }

    /// <summary>Judges the first packets of a group, but of a connection's only the first: it opens what the others belong to.</summary>
    private static void Judge<TEnv>(WorkerContext* context, ref TEnv env, int* positions, int count)
        where TEnv : struct, IEnvironment
    {
        byte* seen = stackalloc byte[SeenPlaces];
        new System.Span<byte>(seen, SeenPlaces).Clear();
        int opened = 0;
        int opened6 = 0;
        for (int index = 0; index < count; index++)
        {
            PacketMeta* meta = context->Metas + positions[index];
            if (meta->Kind == PacketKind.Ipv4Tracked)
            {
                context->Admissions[index].Verdict = AdmissionVerdict.None;
                if (IsNew(context, positions, index, seen))
                {
                    context->Admissions[index].Judge(context, ref env, meta);
                    opened += context->Admissions[index].HasReply ? 1 : 0;
                }
            }
            else if (meta->Kind == PacketKind.Ipv6Tracked)
            {
                context->Admissions6[index].Verdict = AdmissionVerdict.None;
                if (!Ipv6Family.Tuple(context, meta)->Destination.IsMulticast && IsNew(context, positions, index, seen))
                {
                    context->Admissions6[index].Judge(context, ref env, meta);
                    opened6 += context->Admissions6[index].HasRoom ? 1 : 0;
                }
            }
        }

        if (opened > 0)
        {
            context->Table->PrefetchFree(context->Slot, opened);
        }

        if (opened6 > 0)
        {
            context->Table6->PrefetchFree(context->Slot6, opened6);
        }
    }

    /// <summary>Whether no packet before this one in the group has its hash, as far as a small table remembers.</summary>
    private static bool IsNew(WorkerContext* context, int* positions, int index, byte* seen)
    {
        ulong hash = context->Metas[positions[index]].Hash;
        byte* place = seen + (hash & SeenPlaces - 1);
        if (*place != 0 && context->Metas[positions[*place - 1]].Hash == hash)
        {
            return false;
        }

        *place = (byte)(index + 1);
        return true;
    }

    private static void One<TEnv>(WorkerContext* context, ref TEnv env, int position, int admission)
        where TEnv : struct, IEnvironment
    {
        Mbuf* packet = context->Burst[position];
        PacketMeta* meta = context->Metas + position;
        switch (meta->Kind)
        {
            case PacketKind.Ipv4Tracked:
                if (!IsKnown<Ipv4Family, Ipv4Tuple, TEnv>(context, ref env, packet, meta))
                {
                    NewConnection.Act(context, ref env, packet, meta, context->Admissions + admission);
                }

                break;
            case PacketKind.Ipv6Tracked:
                if (!IsKnown6(context, ref env, packet, meta))
                {
                    NewConnection6.Act(context, ref env, packet, meta, context->Admissions6 + admission);
                }

                break;
            case PacketKind.Ipv4Fragment or PacketKind.Ipv6Fragment:
                FragmentPath.Process(context, ref env, position);
                break;
            case PacketKind.Ipv4IcmpError:
                RelatedErrors.Process(context, ref env, packet, meta);
                break;
            case PacketKind.Ipv6IcmpError:
                RelatedErrors6.Process(context, ref env, packet, meta);
                break;
            case PacketKind.Ipv6Neighbour:
                NeighbourDiscovery.Process(context, ref env, packet, meta);
                break;
            default:
                Arp.Process(context, ref env, packet, meta);
                break;
        }
    }

    /// <summary>The first fragment of a packet, or a whole one that was in fragments.</summary>
    internal static void Tracked<TEnv>(WorkerContext* context, ref TEnv env, Mbuf* packet, PacketMeta* meta)
        where TEnv : struct, IEnvironment
    {
        if (meta->Kind == PacketKind.Ipv4Tracked)
        {
            if (!IsKnown<Ipv4Family, Ipv4Tuple, TEnv>(context, ref env, packet, meta))
            {
                NewConnection.Process(context, ref env, packet, meta);
            }
        }
        else if (!IsKnown6(context, ref env, packet, meta))
        {
            NewConnection6.Process(context, ref env, packet, meta);
        }
    }

    /// <summary>As <see cref="IsKnown"/>; what is sent to a group was not looked up and is not tracked.</summary>
    private static bool IsKnown6<TEnv>(WorkerContext* context, ref TEnv env, Mbuf* packet, PacketMeta* meta)
        where TEnv : struct, IEnvironment
    {
        if (Ipv6Family.Tuple(context, meta)->Destination.IsMulticast)
        {
            LocalTraffic6.Group(context, ref env, packet, meta);
            return true;
        }

        return IsKnown<Ipv6Family, Ipv6Tuple, TEnv>(context, ref env, packet, meta);
    }

    /// <summary>A packet whose first look-up found nothing: the complete one decides.</summary>
    /// <returns>Whether the packet has found its connection, and by that its end.</returns>
    private static bool IsKnown<TFamily, TTuple, TEnv>(WorkerContext* context, ref TEnv env, Mbuf* packet, PacketMeta* meta)
        where TFamily : struct, IFamily<TTuple>
        where TTuple : unmanaged
        where TEnv : struct, IEnvironment
    {
        // Bounded: an entry that ends between the two steps makes the packet a first one at the second round.
        for (int round = 0; round < 2; round++)
        {
            EntryReference found =
                TFamily.Table(context)->Find(TFamily.Tuple(context, meta), meta->Hash, context->NowSeconds, TFamily.Slot(context));
            if (found.IsNone)
            {
                break;
            }

            meta->Reference = found.Value;
            switch (Track.One<TFamily, TTuple>(context, meta))
            {
                case TrackVerdict.Forward:
                    context->Counters->Found++;
                    Forward.One<TFamily, TTuple, TEnv>(context, ref env, packet, meta);
                    return true;
                case TrackVerdict.Drop:
                    TFamily.Refuse(context, ref env, packet, meta);
                    return true;
                default:
                    continue;
            }
        }

        return false;
    }
}
