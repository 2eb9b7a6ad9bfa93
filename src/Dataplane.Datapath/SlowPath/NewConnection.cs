using System.Runtime.CompilerServices;
using Dataplane.Conntrack;
using Dataplane.Datapath.Stages;
using Dataplane.Nat;
using Dataplane.Packet;

namespace Dataplane.Datapath.SlowPath;

/// <summary>The first packet of a connection: rules, route, ports, and only then an entry.</summary>
/// <remarks>
/// The order is Track, Destination, route, Filter, Source, confirm. Nothing is in the table before the filter has
/// accepted, and the
/// entry is complete, translation included, before its first reference is visible.
/// </remarks>
public static unsafe class NewConnection
{
    /// <summary>Reply tuples tried when another worker takes the chosen one first.</summary>
    private const int ClashesMax = 16;

    public static void Process<TEnv>(WorkerContext* context, ref TEnv env, Mbuf* packet, PacketMeta* meta)
        where TEnv : struct, IEnvironment
    {
        Plan* plan = context->Plan;
        FirstPacket first = new() { Tuple = meta->Tuple, In = meta->Port };
        TrackDecision track = RuleEvaluator.Track(plan->TrackRules, plan->TrackSection.Count, ref first);
        Opening opening = default;
        bool isTracked = track.IsTracked;

        // Only a first fragment has what a tracker looks at, and it went before.
        DropReason reason = !isTracked ? DropReason.None
            : meta->Fragment >= FragmentPart.Middle ? DropReason.FragmentFirstRefused
            : Opening.Read(meta, meta->Tuple.Kind, plan->Tcp, out opening);
        if (reason != DropReason.None)
        {
            meta->Reason = reason;
            InvalidTraffic.Process(context, ref env, packet, meta, first);
            return;
        }

        bool isForwarded = isTracked && RuleEvaluator.Destination(plan->DestinationRules, plan->DestinationSection.Count, ref first);
        NextHop* nextHop = plan->NextHops + env.LookupRoute(plan, first.Tuple.Destination.Host);
        if (!IsAllowed(context, ref env, packet, meta, nextHop, ref first))
        {
            return;
        }

        if (!isTracked)
        {
            Checksum.DecrementTtl((Ipv4Header*)meta->L3);
            Output.Routed(context, ref env, packet, meta->L3);
            return;
        }

        reason = Confirm(context, meta, first, opening, isForwarded, track.Policy);
        if (reason != DropReason.None)
        {
            PacketSink.Drop(context, ref env, packet, reason);
            return;
        }

        Forward.One<Ipv4Family, Ipv4Tuple, TEnv>(context, ref env, packet, meta);
    }

    /// <summary>Route, TTL, filter and MTU; when the answer is no the packet has found its end.</summary>
    private static bool IsAllowed<TEnv>(
        WorkerContext* context, ref TEnv env, Mbuf* packet, PacketMeta* meta, NextHop* nextHop, ref FirstPacket first)
        where TEnv : struct, IEnvironment
    {
        Plan* plan = context->Plan;
        first.Out = nextHop->Port;
        if (plan->NextHops[env.LookupRoute(plan, first.Tuple.Source.Host)].Kind == NextHopKind.Local)
        {
            PacketSink.Drop(context, ref env, packet, DropReason.Ipv4SourceInvalid);
        }
        else if (nextHop->Kind == NextHopKind.Local)
        {
            LocalTraffic.Process(context, ref env, packet, meta);
        }
        else if (nextHop->Kind == NextHopKind.Blackhole)
        {
            PacketSink.Drop(context, ref env, packet, DropReason.NoRoute);
        }
        else if (nextHop->Kind == NextHopKind.None)
        {
            IcmpErrors.Refuse(context, ref env, packet, meta, IcmpError.NetUnreachable, DropReason.NoRoute);
        }
        else if (meta->Ttl <= 1)
        {
            IcmpErrors.Refuse(context, ref env, packet, meta, IcmpError.TimeExceeded, DropReason.TtlExceeded);
        }
        else
        {
            FilterVerdict verdict = RuleEvaluator.Filter(plan->FilterRules, plan->FilterSection.Count, plan->FilterDefault, first);
            ushort mtuBytes = plan->Ports[nextHop->Port].MtuBytes;
            if (verdict == FilterVerdict.Accept && meta->L3LengthBytes <= mtuBytes)
            {
                return true;
            }

            if (verdict == FilterVerdict.Accept)
            {
                // Here and not behind the entry: a packet that cannot leave opens nothing and takes no port.
                IcmpErrors.RefuseTooBig(context, ref env, packet, meta, mtuBytes);
            }
            else if (verdict == FilterVerdict.Reject)
            {
                IcmpErrors.Refuse(context, ref env, packet, meta, IcmpError.Prohibited, DropReason.FilterRejected);
            }
            else
            {
                PacketSink.Drop(context, ref env, packet, DropReason.FilterDropped);
            }
        }

        return false;
    }

    /// <summary>Builds the entry and inserts it; on success the packet's meta refers to the entry to forward by.</summary>
    private static DropReason Confirm(
        WorkerContext* context, PacketMeta* meta, in FirstPacket first, in Opening opening, bool isForwarded, byte policy)
    {
        AllocateResult allocated = context->Table->Allocate(context->Slot, meta->Tuple.Zone, out uint index);
        if (allocated != AllocateResult.Allocated)
        {
            return allocated == AllocateResult.ZoneFull ? DropReason.ZoneFull : DropReason.TableFull;
        }

        Plan* plan = context->Plan;
        byte* entry = context->Table->EntryAt(index);
        *Entry<Ipv4Tuple>.Tuple(entry, Direction.Original) = meta->Tuple;
        Entry<Ipv4Tuple>.Head(entry)->Mark = first.Mark;
        Entry<Ipv4Tuple>.Tail(entry)->Windows = opening.Windows;
        if (!LabelRecord.TryAttach(context->Table, context->Slot, index, first.Label))
        {
            context->Table->Abandon(context->Slot, index);
            return DropReason.SideRecordsFull;
        }

        SourceRule* rule = RuleEvaluator.Source(plan->SourceRules, plan->SourceSection.Count, first);
        bool translatesSource = rule != null && rule->Action != SourceAction.Exempt;
        EntryFlags flags = (translatesSource ? EntryFlags.SourceNat : EntryFlags.None)
            | (isForwarded ? EntryFlags.DestinationNat : EntryFlags.None);
        uint deadline = context->NowSeconds + 1 + plan->Timeouts.Seconds(policy, opening.State);
        DropReason reason = DropReason.ClashUnresolved;
        for (int attempt = 0; attempt < ClashesMax; attempt++)
        {
            // Replies are looked up in the zone of the port that they come in by.
            Ipv4Tuple reply = first.Tuple.Inverted;
            reply.Zone = plan->Ports[first.Out].Zone;
            if (translatesSource && (reason = SelectSource(context, rule, first, ref reply)) != DropReason.None)
            {
                break;
            }

            // The reply's bucket arrives while the entry is completed, not under the lock.
            ulong replyHash = context->Table->Hash(&reply);
            ConntrackTable<Ipv4Tuple>.Prefetch(context->Table->View->Current.First(replyHash));
            *Entry<Ipv4Tuple>.Tuple(entry, Direction.Reply) = reply;
            EntryHead* head = Entry<Ipv4Tuple>.Head(entry);
            head->Rewrite = Rewrite.Between(meta->Tuple, reply).Value;
            head->State = new StateWord(deadline, opening.State, policy, flags).Value;
            InsertResult result = context->Table->Insert(
                context->Slot, index, meta->Hash, replyHash, context->NowSeconds, out EntryReference existing);
            if (result == InsertResult.Inserted)
            {
                context->Counters->Opened++;
                meta->Reference = new EntryReference(index, Direction.Original).Value;
                Track.Account<Ipv4Tuple>(context, meta, entry, Direction.Original);
                return DropReason.None;
            }

            if (result == InsertResult.OriginalExists)
            {
                return Adopt(context, meta, index, existing);
            }

            reason = result == InsertResult.ChainTooLong ? DropReason.ChainTooLong : DropReason.ClashUnresolved;
            if (result != InsertResult.ReplyExists || !translatesSource)
            {
                break;
            }
        }

        context->Table->Abandon(context->Slot, index);
        return reason;
    }

    /// <summary>Another worker inserted this connection meanwhile: its entry serves, ours and its port go back.</summary>
    // Not inlined: needs two workers in the same instant.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static DropReason Adopt(WorkerContext* context, PacketMeta* meta, uint index, EntryReference existing)
    {
        context->Table->Abandon(context->Slot, index);
        meta->Reference = existing.Value;
        return Track.One<Ipv4Family, Ipv4Tuple>(context, meta) switch
        {
            TrackVerdict.Forward => DropReason.None,
            TrackVerdict.Drop => meta->Reason,
            _ => DropReason.ClashUnresolved,
        };
    }

    private static DropReason SelectSource(WorkerContext* context, SourceRule* rule, in FirstPacket first, ref Ipv4Tuple reply)
    {
        Plan* plan = context->Plan;
        PortSelection selection = new() { Reserved = plan->Reserved, ReservedCount = plan->ReservedSection.Count };
        if (rule->Action == SourceAction.Pool)
        {
            selection.Pool = plan->Pools + rule->Pool;
            selection.Ranges = plan->Ranges;
            selection.PortLow = selection.Pool->PortLow;
            selection.PortHigh = selection.Pool->PortHigh;
        }
        else
        {
            selection.Address = plan->Ports[first.Out].Address;
            selection.PortLow = 1024;
            selection.PortHigh = ushort.MaxValue;
            if (selection.Address == Ipv4Address.Any)
            {
                return DropReason.NatNoAddress;
            }
        }

        bool found = PortSelector.TrySelect(
            context->Table, context->Slot, context->Random, selection, first.Tuple.Source, ref reply, context->NowSeconds);
        return found ? DropReason.None : DropReason.NatPortsExhausted;
    }
}
