using System.Runtime.InteropServices;
using Dataplane.Conntrack;
using Dataplane.Nat;
using Dataplane.Packet;

namespace Dataplane.Datapath.SlowPath;

/// <summary>What rules, routes and the protocol's tracker say of an IPv4 packet that belongs to no connection.</summary>
/// <remarks>
/// <para>Judging changes nothing, so that it can be done for several packets before the first of them is acted on: the buckets and entries
/// that their connections will need arrive meanwhile. A packet whose connection an earlier one opens after the judgement is found by
/// the look-up before the action.</para>
/// <para>The order is Track, Destination, route, Filter, Source.</para>
/// </remarks>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct Admission
{
    /// <summary>Candidates that are looked up together once the first is taken: as many as a core has cache misses under way.</summary>
    public const int CandidatesMax = 8;

    /// <summary>As the rules left it: behind destination translation, with mark and label.</summary>
    public FirstPacket First;

    public Opening Opening;

    /// <summary>The candidate for the reply tuple, and its hash; with <see cref="HasReply"/>.</summary>
    public Ipv4Tuple Reply;
    public ulong ReplyHash;

    /// <summary>The candidates behind it, with <see cref="TranslatesSource"/>.</summary>
    private PortSearch _search;

    /// <summary>Where the packet goes.</summary>
    public NextHop* NextHop;

    /// <summary>Where its replies go.</summary>
    public NextHop* NextHopBack;

    public AdmissionVerdict Verdict;

    /// <summary>With every verdict that ends in a drop.</summary>
    public DropReason Reason;

    /// <summary>With <see cref="AdmissionVerdict.Refuse"/>.</summary>
    public IcmpError Error;

    /// <summary>Timeout policy.</summary>
    public byte Policy;

    /// <summary>A reply tuple has been chosen. It is not where the table or the zone is full, so that a flood does not pay for it.
    /// </summary>
    public bool HasReply;

    public bool TranslatesSource;
    public bool TranslatesDestination;

    /// <summary>Judges a packet and asks for the bucket of its reply tuple.</summary>
    public void Judge<TEnv>(WorkerContext* context, ref TEnv env, PacketMeta* meta)
        where TEnv : struct, IEnvironment
    {
        Plan* plan = context->Plan;
        Reason = DropReason.None;
        HasReply = false;
        First = new FirstPacket { Tuple = meta->Tuple, In = meta->Port };
        TrackDecision track = RuleEvaluator.Track(plan->TrackRules, plan->TrackSection.Count, ref First);
        Policy = track.Policy;
        TranslatesDestination = false;
        if (track.IsTracked)
        {
            // Only a first fragment has what a tracker looks at, and it went before.
            Reason = meta->Fragment >= FragmentPart.Middle
                ? DropReason.FragmentFirstRefused
                : Opening.Read(meta, meta->Tuple.Kind, plan->Tcp, out Opening);
            if (Reason != DropReason.None)
            {
                Verdict = AdmissionVerdict.Invalid;
                return;
            }

            TranslatesDestination = RuleEvaluator.Destination(plan->DestinationRules, plan->DestinationSection.Count, ref First);
        }

        NextHop = plan->NextHops + env.LookupRoute(plan, First.Tuple.Destination.Host);
        NextHopBack = plan->NextHops + env.LookupRoute(plan, First.Tuple.Source.Host);
        First.Out = NextHop->Port;
        if (!Passes(plan, meta))
        {
            return;
        }

        Verdict = track.IsTracked ? AdmissionVerdict.Open : AdmissionVerdict.Untracked;
        if (track.IsTracked && context->Table->HasRoom(context->Slot, meta->Tuple.Zone) && ChooseReply(context) == DropReason.None)
        {
            ConntrackTable<Ipv4Tuple>.Prefetch(context->Table->View->Current.First(ReplyHash));
        }
    }

    /// <summary>Chooses the reply tuple that a connection would have without others in its way.</summary>
    /// <returns>Why there is none.</returns>
    public DropReason ChooseReply(WorkerContext* context)
    {
        Plan* plan = context->Plan;
        SourceRule* rule = RuleEvaluator.Source(plan->SourceRules, plan->SourceSection.Count, First);
        TranslatesSource = rule != null && rule->Action != SourceAction.Exempt;

        // Replies are looked up in the zone of the port that they come in by.
        Reply = First.Tuple.Inverted.WithZone(plan->Ports[First.Out].Zone);
        if (!TranslatesSource)
        {
            SetReply(context);
            return DropReason.None;
        }

        PortSelection selection = Selection(plan, rule, First.Out);
        if (selection.Pool == null && selection.Address == Ipv4Address.Any)
        {
            return DropReason.NatNoAddress;
        }

        _search.Begin(context->Table, selection, First.Tuple.Source, Reply);
        if (!_search.TryNext(context->Random, ref Reply))
        {
            return DropReason.NatPortsExhausted;
        }

        SetReply(context);
        return DropReason.None;
    }

    /// <summary>The next candidates behind the one that has turned out to be taken, their buckets asked for.</summary>
    /// <param name="context">The worker.</param>
    /// <param name="replies">Room for <see cref="CandidatesMax"/>.</param>
    /// <param name="hashes">As many.</param>
    /// <returns>How many; 0 when there are no more.</returns>
    public int NextReplies(WorkerContext* context, Ipv4Tuple* replies, ulong* hashes)
    {
        BucketArray buckets = context->Table->View->Current;
        int count = 0;
        while (count < CandidatesMax && _search.TryNext(context->Random, ref Reply))
        {
            replies[count] = Reply;
            hashes[count] = context->Table->Hash(replies + count);
            ConntrackTable<Ipv4Tuple>.Prefetch(buckets.First(hashes[count]));
            count++;
        }

        return count;
    }

    private void SetReply(WorkerContext* context)
    {
        Ipv4Tuple reply = Reply;
        ReplyHash = context->Table->Hash(&reply);
        HasReply = true;
    }

    private static PortSelection Selection(Plan* plan, SourceRule* rule, byte outPort)
    {
        AddressPool* pool = rule->Action == SourceAction.Pool ? plan->Pools + rule->Pool : null;
        return new PortSelection
        {
            Pool = pool,
            Ranges = plan->Ranges,
            Address = plan->Ports[outPort].Address,
            PortLow = pool == null ? (ushort)1024 : pool->PortLow,
            PortHigh = pool == null ? ushort.MaxValue : pool->PortHigh,
            Reserved = plan->Reserved,
            ReservedCount = plan->ReservedSection.Count,
        };
    }

    /// <summary>Route, TTL, filter and MTU.</summary>
    private bool Passes(Plan* plan, PacketMeta* meta)
    {
        if (NextHopBack->Kind == NextHopKind.Local)
        {
            return Drop(DropReason.Ipv4SourceInvalid);
        }

        switch (NextHop->Kind)
        {
            case NextHopKind.Local:
                Verdict = AdmissionVerdict.Local;
                return false;
            case NextHopKind.Blackhole:
                return Drop(DropReason.NoRoute);
            case NextHopKind.None:
                return Refuse(IcmpError.NetUnreachable, DropReason.NoRoute);
        }

        if (meta->Ttl <= 1)
        {
            return Refuse(IcmpError.TimeExceeded, DropReason.TtlExceeded);
        }

        switch (RuleEvaluator.Filter(plan->FilterRules, plan->FilterSection.Count, plan->FilterDefault, First))
        {
            case FilterVerdict.Accept when meta->L3LengthBytes <= plan->Ports[NextHop->Port].MtuBytes:
                return true;
            case FilterVerdict.Accept:
                // Here and not behind the entry: a packet that cannot leave opens nothing and takes no port.
                Verdict = AdmissionVerdict.RefuseTooBig;
                return false;
            case FilterVerdict.Reject:
                return Refuse(IcmpError.Prohibited, DropReason.FilterRejected);
            default:
                return Drop(DropReason.FilterDropped);
        }
    }

    private bool Drop(DropReason reason)
    {
        (Verdict, Reason) = (AdmissionVerdict.Drop, reason);
        return false;
    }

    private bool Refuse(IcmpError error, DropReason reason)
    {
        (Verdict, Error, Reason) = (AdmissionVerdict.Refuse, error, reason);
        return false;
    }
}
