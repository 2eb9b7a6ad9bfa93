using System.Runtime.CompilerServices;
using Dataplane.Conntrack;
using Dataplane.Datapath.Stages;
using Dataplane.Nat;
using Dataplane.Packet;

namespace Dataplane.Datapath.SlowPath.Ipv6;

/// <summary>The first packet of an IPv6 connection: rules, route, and only then an entry.</summary>
/// <remarks>The order is Track, route, Filter, confirm: that of <see cref="NewConnection"/> without translation.</remarks>
public static unsafe class NewConnection6
{
    public static void Process<TEnv>(WorkerContext* context, ref TEnv env, Mbuf* packet, PacketMeta* meta)
        where TEnv : struct, IEnvironment
    {
        Plan* plan = context->Plan;
        Ipv6Tuple* tuple = Ipv6Family.Tuple(context, meta);
        if (tuple->Source.IsLinkLocal || tuple->Destination.IsLinkLocal || tuple->Source.IsUnspecified)
        {
            LocalTraffic6.OnLink(context, ref env, packet, meta);
            return;
        }

        FirstPacket6 first = new() { Tuple = *tuple, In = meta->Port };
        TrackDecision track = RuleEvaluator.Track(plan->Track6Rules, plan->Track6Section.Count, ref first);
        Opening opening = default;

        // Only a first fragment has what a tracker looks at, and it went before.
        DropReason reason = !track.IsTracked ? DropReason.None
            : meta->Fragment >= FragmentPart.Middle ? DropReason.FragmentFirstRefused
            : Opening.Read(meta, tuple->Kind, plan->Tcp, out opening);
        if (reason != DropReason.None)
        {
            meta->Reason = reason;
            InvalidTraffic6.Process(context, ref env, packet, meta, first);
            return;
        }

        NextHop* nextHop = plan->NextHops + env.LookupRoute6(plan, &tuple->Destination);
        if (!IsAllowed(context, ref env, packet, meta, nextHop, ref first))
        {
            return;
        }

        if (!track.IsTracked)
        {
            ((Ipv6Header*)meta->L3)->HopLimit--;
            Output6.Routed(context, ref env, packet, (Ipv6Header*)meta->L3, meta->Port);
            return;
        }

        reason = Confirm(context, meta, first, opening, track.Policy);
        if (reason != DropReason.None)
        {
            PacketSink.Drop(context, ref env, packet, reason);
            return;
        }

        Forward.One<Ipv6Family, Ipv6Tuple, TEnv>(context, ref env, packet, meta);
    }

    /// <summary>Route, hop limit, filter and MTU; when the answer is no the packet has found its end.</summary>
    private static bool IsAllowed<TEnv>(
        WorkerContext* context, ref TEnv env, Mbuf* packet, PacketMeta* meta, NextHop* nextHop, ref FirstPacket6 first)
        where TEnv : struct, IEnvironment
    {
        Plan* plan = context->Plan;
        Ipv6Address source = first.Tuple.Source;
        first.Out = nextHop->Port;
        if (plan->NextHops[env.LookupRoute6(plan, &source)].Kind == NextHopKind.Local)
        {
            PacketSink.Drop(context, ref env, packet, DropReason.Ipv6SourceInvalid);
        }
        else if (nextHop->Kind == NextHopKind.Local)
        {
            LocalTraffic6.Process(context, ref env, packet, meta, nextHop->Port);
        }
        else if (nextHop->Kind == NextHopKind.Blackhole)
        {
            PacketSink.Drop(context, ref env, packet, DropReason.NoRoute);
        }
        else if (nextHop->Kind == NextHopKind.None)
        {
            Icmpv6Errors.Refuse(context, ref env, packet, meta, Icmpv6Error.NoRoute, DropReason.NoRoute);
        }
        else if (meta->Ttl <= 1)
        {
            Icmpv6Errors.Refuse(context, ref env, packet, meta, Icmpv6Error.TimeExceeded, DropReason.TtlExceeded);
        }
        else
        {
            return Passes(context, ref env, packet, meta, first);
        }

        return false;
    }

    private static bool Passes<TEnv>(WorkerContext* context, ref TEnv env, Mbuf* packet, PacketMeta* meta, in FirstPacket6 first)
        where TEnv : struct, IEnvironment
    {
        Plan* plan = context->Plan;
        ushort mtuBytes = plan->Ports[first.Out].MtuBytes;
        switch (RuleEvaluator.Filter(plan->Filter6Rules, plan->Filter6Section.Count, plan->FilterDefault, first))
        {
            case FilterVerdict.Accept when meta->L3LengthBytes <= mtuBytes:
                return true;
            case FilterVerdict.Accept:
                // Here and not behind the entry: a packet that cannot leave opens nothing.
                Icmpv6Errors.RefuseTooBig(context, ref env, packet, meta, mtuBytes);
                return false;
            case FilterVerdict.Reject:
                Icmpv6Errors.Refuse(context, ref env, packet, meta, Icmpv6Error.Prohibited, DropReason.FilterRejected);
                return false;
            default:
                PacketSink.Drop(context, ref env, packet, DropReason.FilterDropped);
                return false;
        }
    }

    /// <summary>Builds the entry and inserts it; on success the packet's meta refers to the entry to forward by.</summary>
    private static DropReason Confirm(
        WorkerContext* context, PacketMeta* meta, in FirstPacket6 first, in Opening opening, byte policy)
    {
        ConntrackTable<Ipv6Tuple>* table = context->Table6;
        AllocateResult allocated = table->Allocate(context->Slot6, first.Tuple.Zone, out uint index);
        if (allocated != AllocateResult.Allocated)
        {
            return allocated == AllocateResult.ZoneFull ? DropReason.ZoneFull : DropReason.TableFull;
        }

        // Replies are looked up in the zone of the port that they come in by.
        Ipv6Tuple reply = first.Tuple.Inverted;
        reply.Zone = context->Plan->Ports[first.Out].Zone;
        byte* entry = table->EntryAt(index);
        *Entry<Ipv6Tuple>.Tuple(entry, Direction.Original) = first.Tuple;
        *Entry<Ipv6Tuple>.Tuple(entry, Direction.Reply) = reply;
        Entry<Ipv6Tuple>.Head(entry)->Mark = first.Mark;
        Entry<Ipv6Tuple>.Tail(entry)->Windows = opening.Windows;
        if (!LabelRecord.TryAttach(table, context->Slot6, index, first.Label))
        {
            table->Abandon(context->Slot6, index);
            return DropReason.SideRecordsFull;
        }

        uint deadline = context->NowSeconds + 1 + context->Plan->Timeouts.Seconds(policy, opening.State);
        Entry<Ipv6Tuple>.Head(entry)->State = new StateWord(deadline, opening.State, policy, EntryFlags.None).Value;
        InsertResult result = table->Insert(context->Slot6, index, context->NowSeconds, out EntryReference existing);
        switch (result)
        {
            case InsertResult.Inserted:
                context->Counters->Opened++;
                meta->Reference = new EntryReference(index, Direction.Original).Value;
                Track.Account<Ipv6Tuple>(context, meta, entry, Direction.Original);
                return DropReason.None;
            case InsertResult.OriginalExists:
                return Adopt(context, meta, index, existing);
            default:
                // An equal reply tuple is a connection that is known under another zone: nothing else could be chosen for it.
                table->Abandon(context->Slot6, index);
                return result == InsertResult.ChainTooLong ? DropReason.ChainTooLong : DropReason.ClashUnresolved;
        }
    }

    /// <summary>Another worker inserted this connection meanwhile: its entry serves, ours goes back.</summary>
    // Not inlined: needs two workers in the same instant.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static DropReason Adopt(WorkerContext* context, PacketMeta* meta, uint index, EntryReference existing)
    {
        context->Table6->Abandon(context->Slot6, index);
        meta->Reference = existing.Value;
        return Track.One<Ipv6Family, Ipv6Tuple>(context, meta) switch
        {
            TrackVerdict.Forward => DropReason.None,
            TrackVerdict.Drop => meta->Reason,
            _ => DropReason.ClashUnresolved,
        };
    }
}
