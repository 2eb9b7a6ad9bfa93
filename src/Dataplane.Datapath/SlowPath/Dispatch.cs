using Dataplane.Conntrack;
using Dataplane.Datapath.Stages;
using Dataplane.Packet;

namespace Dataplane.Datapath.SlowPath;

/// <summary>Sends what left the fast path to its handler.</summary>
public static unsafe class Dispatch
{
    public static void Burst<TEnv>(WorkerContext* context, ref TEnv env)
        where TEnv : struct, IEnvironment
    {
        for (int index = 0; index < context->SlowCount; index++)
        {
            int position = context->Slow[index];
            Mbuf* packet = context->Burst[position];
            PacketMeta* meta = context->Metas + position;
            switch (meta->Kind)
            {
                case PacketKind.Ipv4Tracked:
                    Tracked(context, ref env, packet, meta);
                    break;
                case PacketKind.Ipv4IcmpError:
                    RelatedErrors.Process(context, ref env, packet, meta);
                    break;
                default:
                    Arp.Process(context, ref env, packet, meta);
                    break;
            }
        }
    }

    /// <summary>A packet whose first look-up found nothing: the complete one decides.</summary>
    private static void Tracked<TEnv>(WorkerContext* context, ref TEnv env, Mbuf* packet, PacketMeta* meta)
        where TEnv : struct, IEnvironment
    {
        // Bounded: an entry that ends between the two steps makes the packet a first one at the second round.
        for (int round = 0; round < 2; round++)
        {
            EntryReference found = context->Table->Find(&meta->Tuple, meta->Hash, context->NowSeconds, context->Slot);
            if (found.IsNone)
            {
                break;
            }

            meta->Reference = found.Value;
            switch (Track.One<Ipv4Family, Ipv4Tuple>(context, meta))
            {
                case TrackVerdict.Forward:
                    context->Counters->Found++;
                    Forward.One<Ipv4Family, Ipv4Tuple, TEnv>(context, ref env, packet, meta);
                    return;
                case TrackVerdict.Drop:
                    PacketSink.Drop(context, ref env, packet, DropReason.TcpStateInvalid);
                    return;
                default:
                    continue;
            }
        }

        NewConnection.Process(context, ref env, packet, meta);
    }
}
