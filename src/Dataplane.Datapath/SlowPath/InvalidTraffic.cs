using Dataplane.Conntrack;
using Dataplane.Nat;
using Dataplane.Packet;

namespace Dataplane.Datapath.SlowPath;

/// <summary>Packets that tracking calls invalid: dropped for their reason, unless a filter rule that asks for them says more.</summary>
/// <remarks>
/// Only rules that name the state are consulted. One that accepts lets the packet through as it is, but never a packet whose connection
/// is translated or would be: an inside address must not leave that way.
/// </remarks>
public static unsafe class InvalidTraffic
{
    /// <summary>Of a connection that does not allow it.</summary>
    public static void Known<TEnv>(WorkerContext* context, ref TEnv env, Mbuf* packet, PacketMeta* meta)
        where TEnv : struct, IEnvironment
    {
        byte* entry = context->Table->EntryAt(new EntryReference(meta->Reference).Index);
        if (!context->Plan->FiltersInvalid || new Rewrite(Entry<Ipv4Tuple>.Head(entry)->Rewrite).IsActive)
        {
            PacketSink.Drop(context, ref env, packet, meta->Reason);
            return;
        }

        FirstPacket first = new()
        {
            Tuple = meta->Tuple,
            In = meta->Port,
            Mark = Entry<Ipv4Tuple>.Head(entry)->Mark,
            Label = LabelRecord.Read(context->Table, entry),
        };
        Process(context, ref env, packet, meta, first);
    }

    /// <summary>Of no connection, and unable to open one, for <see cref="PacketMeta.Reason"/>.</summary>
    public static void Process<TEnv>(WorkerContext* context, ref TEnv env, Mbuf* packet, PacketMeta* meta, FirstPacket first)
        where TEnv : struct, IEnvironment
    {
        switch (Judge(context, ref env, meta, ref first))
        {
            case FilterVerdict.Accept:
                meta->Reason = DropReason.None;
                Checksum.DecrementTtl((Ipv4Header*)meta->L3);
                Output.Routed(context, ref env, packet, meta->L3);
                break;
            case FilterVerdict.Reject:
                IcmpErrors.Refuse(context, ref env, packet, meta, IcmpError.Prohibited, meta->Reason);
                break;
            default:
                PacketSink.Drop(context, ref env, packet, meta->Reason);
                break;
        }
    }

    private static FilterVerdict Judge<TEnv>(WorkerContext* context, ref TEnv env, PacketMeta* meta, ref FirstPacket first)
        where TEnv : struct, IEnvironment
    {
        Plan* plan = context->Plan;
        if (!plan->FiltersInvalid || meta->Fragment >= FragmentPart.Middle)
        {
            return FilterVerdict.Drop;
        }

        FirstPacket opening = first;
        if (RuleEvaluator.Destination(plan->DestinationRules, plan->DestinationSection.Count, ref opening))
        {
            return FilterVerdict.Drop;
        }

        NextHop* nextHop = plan->NextHops + env.LookupRoute(plan, first.Tuple.Destination.Host);
        if (nextHop->Kind is not (NextHopKind.Connected or NextHopKind.Gateway) || meta->Ttl <= 1
            || plan->NextHops[env.LookupRoute(plan, first.Tuple.Source.Host)].Kind == NextHopKind.Local)
        {
            return FilterVerdict.Drop;
        }

        first.Out = nextHop->Port;
        first.State = PacketState.Invalid;
        FilterVerdict verdict = RuleEvaluator.Filter(plan->FilterRules, plan->FilterSection.Count, FilterVerdict.Drop, first);
        if (verdict != FilterVerdict.Accept)
        {
            return verdict;
        }

        first.State = PacketState.New;
        SourceRule* rule = RuleEvaluator.Source(plan->SourceRules, plan->SourceSection.Count, first);
        return rule == null || rule->Action == SourceAction.Exempt ? FilterVerdict.Accept : FilterVerdict.Drop;
    }
}
