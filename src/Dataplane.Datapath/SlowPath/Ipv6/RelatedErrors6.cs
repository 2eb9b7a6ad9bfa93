using Dataplane.Conntrack;
using Dataplane.Nat;
using Dataplane.Packet;

namespace Dataplane.Datapath.SlowPath.Ipv6;

/// <summary>ICMPv6 errors that pass through, attributed by what they quote; path MTU discovery depends on them (RFC 8201).</summary>
/// <remarks>They neither open, refresh nor end a connection, and nothing in them is translated.</remarks>
public static unsafe class RelatedErrors6
{
    public static void Process<TEnv>(WorkerContext* context, ref TEnv env, Mbuf* packet, PacketMeta* meta)
        where TEnv : struct, IEnvironment
    {
        DropReason reason = Judge(context, ref env, meta);
        if (reason != DropReason.None)
        {
            PacketSink.Drop(context, ref env, packet, reason);
            return;
        }

        ((Ipv6Header*)meta->L3)->HopLimit--;
        Output6.Routed(context, ref env, packet, (Ipv6Header*)meta->L3, meta->Port);
    }

    private static DropReason Judge<TEnv>(WorkerContext* context, ref TEnv env, PacketMeta* meta)
        where TEnv : struct, IEnvironment
    {
        Ipv6Header* outer = (Ipv6Header*)meta->L3;
        if (outer->Source.IsLinkLocal || outer->Source.IsUnspecified)
        {
            // RFC 4291 §2.5.6.
            return DropReason.Ipv6SourceInvalid;
        }

        DropReason reason = PacketParser.ParseQuoted6(meta, out Ipv6Tuple quoted);
        if (reason != DropReason.None)
        {
            return reason;
        }

        // The quoted packet was seen on this side, so its inverse is a tuple that packets from this side have. An error goes
        // to the sender of what it quotes; one that is addressed to somebody else uses a connection as a pretext to pass.
        Ipv6Tuple seen = quoted.Inverted;
        EntryReference found = context->Table6->Find(&seen, context->Table6->Hash(&seen), context->NowSeconds, context->Slot6);
        return found.IsNone || outer->Destination != quoted.Source ? DropReason.IcmpErrorUnrelated
            : meta->Ttl <= 1 ? DropReason.TtlExceeded
            : context->Plan->FiltersRelated && !IsAllowed(context, ref env, meta, context->Table6->EntryAt(found.Index))
                ? DropReason.FilterDropped
            : DropReason.None;
    }

    /// <summary>Asks the filter rules that name related packets; without one that matches, an error may pass.</summary>
    /// <remarks>An error is never answered with one (RFC 4443 §2.4 e): to reject it is to drop it.</remarks>
    private static bool IsAllowed<TEnv>(WorkerContext* context, ref TEnv env, PacketMeta* meta, byte* entry)
        where TEnv : struct, IEnvironment
    {
        Plan* plan = context->Plan;
        Ipv6Header* outer = (Ipv6Header*)meta->L3;
        Ipv6Address destination = outer->Destination;
        FirstPacket6 error = new()
        {
            Tuple = new Ipv6Tuple
            {
                Source = outer->Source,
                Destination = destination,
                Zone = plan->Ports[meta->Port].Zone,
                Protocol = IpProtocol.Icmpv6,
            },
            In = meta->Port,
            Out = plan->NextHops[env.LookupRoute6(plan, &destination)].Port,
            Mark = Entry<Ipv6Tuple>.Head(entry)->Mark,
            Label = LabelRecord.Read(context->Table6, entry),
            State = PacketState.Related,
        };
        return RuleEvaluator.Filter(plan->Filter6Rules, plan->Filter6Section.Count, FilterVerdict.Accept, error) == FilterVerdict.Accept;
    }
}
