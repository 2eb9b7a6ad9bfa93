using Dataplane.Conntrack;
using Dataplane.Nat;
using Dataplane.Packet;

namespace Dataplane.Datapath.SlowPath.Ipv6;

/// <summary>IPv6 packets that tracking calls invalid: see <see cref="InvalidTraffic"/>, without translation.</summary>
public static unsafe class InvalidTraffic6
{
    /// <summary>Of a connection that does not allow it.</summary>
    public static void Known<TEnv>(WorkerContext* context, ref TEnv env, Mbuf* packet, PacketMeta* meta)
        where TEnv : struct, IEnvironment
    {
        if (!context->Plan->FiltersInvalid)
        {
            PacketSink.Drop(context, ref env, packet, meta->Reason);
            return;
        }

        byte* entry = context->Table6->EntryAt(new EntryReference(meta->Reference).Index);
        FirstPacket6 first = new()
        {
            Tuple = *Ipv6Family.Tuple(context, meta),
            In = meta->Port,
            Mark = Entry<Ipv6Tuple>.Head(entry)->Mark,
            Label = LabelRecord.Read(context->Table6, entry),
        };
        Process(context, ref env, packet, meta, first);
    }

    /// <summary>Of no connection, and unable to open one, for <see cref="PacketMeta.Reason"/>.</summary>
    public static void Process<TEnv>(WorkerContext* context, ref TEnv env, Mbuf* packet, PacketMeta* meta, FirstPacket6 first)
        where TEnv : struct, IEnvironment
    {
        switch (Judge(context, ref env, meta, ref first))
        {
            case FilterVerdict.Accept:
                meta->Reason = DropReason.None;
                ((Ipv6Header*)meta->L3)->HopLimit--;
                Output6.Routed(context, ref env, packet, (Ipv6Header*)meta->L3, meta->Port);
                break;
            case FilterVerdict.Reject:
                Icmpv6Errors.Refuse(context, ref env, packet, meta, Icmpv6Error.Prohibited, meta->Reason);
                break;
            default:
                PacketSink.Drop(context, ref env, packet, meta->Reason);
                break;
        }
    }

    private static FilterVerdict Judge<TEnv>(WorkerContext* context, ref TEnv env, PacketMeta* meta, ref FirstPacket6 first)
        where TEnv : struct, IEnvironment
    {
        Plan* plan = context->Plan;
        if (!plan->FiltersInvalid || meta->Fragment >= FragmentPart.Middle)
        {
            return FilterVerdict.Drop;
        }

        Ipv6Address source = first.Tuple.Source;
        Ipv6Address destination = first.Tuple.Destination;
        NextHop* nextHop = plan->NextHops + env.LookupRoute6(plan, &destination);
        if (nextHop->Kind is not (NextHopKind.Connected or NextHopKind.Gateway) || meta->Ttl <= 1
            || plan->NextHops[env.LookupRoute6(plan, &source)].Kind == NextHopKind.Local)
        {
            return FilterVerdict.Drop;
        }

        first.Out = nextHop->Port;
        first.State = PacketState.Invalid;
        return RuleEvaluator.Filter(plan->Filter6Rules, plan->Filter6Section.Count, FilterVerdict.Drop, first);
    }
}
