using System.Runtime.InteropServices;
using Dataplane.Conntrack;
using Dataplane.Nat;
using Dataplane.Packet;

namespace Dataplane.Datapath.SlowPath.Ipv6;

/// <summary>What rules, routes and the protocol's tracker say of an IPv6 packet that belongs to no connection.</summary>
/// <remarks>Changes nothing: see <see cref="Admission"/>. The order is Track, route, Filter.</remarks>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct Admission6
{
    /// <summary>As the rules left it, with mark and label.</summary>
    public FirstPacket6 First;

    public Opening Opening;

    /// <summary>With <see cref="AdmissionVerdict.Open"/>.</summary>
    public Ipv6Tuple Reply;
    public ulong ReplyHash;

    /// <summary>Where the packet goes.</summary>
    public NextHop* NextHop;

    /// <summary>Where its replies go.</summary>
    public NextHop* NextHopBack;

    public AdmissionVerdict Verdict;

    /// <summary>With every verdict that ends in a drop.</summary>
    public DropReason Reason;

    /// <summary>With <see cref="AdmissionVerdict.Refuse"/>.</summary>
    public Icmpv6Error Error;

    /// <summary>Timeout policy.</summary>
    public byte Policy;

    /// <summary>There was room for the connection when the packet was judged.</summary>
    public bool HasRoom;

    /// <summary>Judges a packet and asks for the bucket of its reply tuple.</summary>
    public void Judge<TEnv>(WorkerContext* context, ref TEnv env, PacketMeta* meta)
        where TEnv : struct, IEnvironment
    {
        Plan* plan = context->Plan;
        Reason = DropReason.None;
        HasRoom = false;
        First = new FirstPacket6 { Tuple = *Ipv6Family.Tuple(context, meta), In = meta->Port };
        if (First.Tuple.Source.IsLinkLocal || First.Tuple.Destination.IsLinkLocal || First.Tuple.Source.IsUnspecified)
        {
            Verdict = AdmissionVerdict.OnLink;
            return;
        }

        TrackDecision track = RuleEvaluator.Track(plan->Track6Rules, plan->Track6Section.Count, ref First);
        Policy = track.Policy;
        if (track.IsTracked)
        {
            // Only a first fragment has what a tracker looks at, and it went before.
            Reason = meta->Fragment >= FragmentPart.Middle
                ? DropReason.FragmentFirstRefused
                : Opening.Read(meta, First.Tuple.Kind, plan->Tcp, out Opening);
            if (Reason != DropReason.None)
            {
                Verdict = AdmissionVerdict.Invalid;
                return;
            }
        }

        Ipv6Address destination = First.Tuple.Destination;
        Ipv6Address source = First.Tuple.Source;
        NextHop = plan->NextHops + env.LookupRoute6(plan, &destination);
        NextHopBack = plan->NextHops + env.LookupRoute6(plan, &source);
        First.Out = NextHop->Port;
        if (!Passes(plan, meta))
        {
            return;
        }

        Verdict = track.IsTracked ? AdmissionVerdict.Open : AdmissionVerdict.Untracked;
        if (track.IsTracked)
        {
            // Replies are looked up in the zone of the port that they come in by.
            Ipv6Tuple reply = First.Tuple.Inverted;
            reply.Zone = plan->Ports[First.Out].Zone;
            Reply = reply;
            ReplyHash = context->Table6->Hash(&reply);
            HasRoom = context->Table6->HasRoom(context->Slot6, First.Tuple.Zone);
            if (HasRoom)
            {
                ConntrackTable<Ipv6Tuple>.Prefetch(context->Table6->View->Current.First(ReplyHash));
            }
        }
    }

    /// <summary>Route, hop limit, filter and MTU.</summary>
    private bool Passes(Plan* plan, PacketMeta* meta)
    {
        if (NextHopBack->Kind == NextHopKind.Local)
        {
            return Drop(DropReason.Ipv6SourceInvalid);
        }

        switch (NextHop->Kind)
        {
            case NextHopKind.Local:
                Verdict = AdmissionVerdict.Local;
                return false;
            case NextHopKind.Blackhole:
                return Drop(DropReason.NoRoute);
            case NextHopKind.None:
                return Refuse(Icmpv6Error.NoRoute, DropReason.NoRoute);
        }

        if (meta->Ttl <= 1)
        {
            return Refuse(Icmpv6Error.TimeExceeded, DropReason.TtlExceeded);
        }

        switch (RuleEvaluator.Filter(plan->Filter6Rules, plan->Filter6Section.Count, plan->FilterDefault, First))
        {
            case FilterVerdict.Accept when meta->L3LengthBytes <= plan->Ports[First.Out].MtuBytes:
                return true;
            case FilterVerdict.Accept:
                // Here and not behind the entry: a packet that cannot leave opens nothing.
                Verdict = AdmissionVerdict.RefuseTooBig;
                return false;
            case FilterVerdict.Reject:
                return Refuse(Icmpv6Error.Prohibited, DropReason.FilterRejected);
            default:
                return Drop(DropReason.FilterDropped);
        }
    }

    private bool Drop(DropReason reason)
    {
        (Verdict, Reason) = (AdmissionVerdict.Drop, reason);
        return false;
    }

    private bool Refuse(Icmpv6Error error, DropReason reason)
    {
        (Verdict, Error, Reason) = (AdmissionVerdict.Refuse, error, reason);
        return false;
    }
}
