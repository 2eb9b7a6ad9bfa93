using System.Threading;
using Dataplane.Conntrack;
using Dataplane.Nat;
using Dataplane.Packet;

namespace Dataplane.Datapath.SlowPath;

/// <summary>ICMP errors that pass through: attributed by what they quote, translated inside and out (RFC 5508 §4).</summary>
/// <remarks>They neither open, refresh nor end a connection (RFC 4787 REQ-12, RFC 5382 REQ-10).</remarks>
public static unsafe class RelatedErrors
{
    public static void Process<TEnv>(WorkerContext* context, ref TEnv env, Mbuf* packet, PacketMeta* meta)
        where TEnv : struct, IEnvironment
    {
        // The checksum is made anew below, and a wrong one must not be made right by that: it is verified here if the
        // parser was told not to.
        if (!context->Plan->VerifyChecksums && !Checksum.Verify(meta->L4, meta->L4LengthBytes))
        {
            PacketSink.Drop(context, ref env, packet, DropReason.L4ChecksumBad);
            return;
        }

        DropReason reason = PacketParser.ParseQuoted(meta, out QuotedPacket quoted);
        if (reason == DropReason.None)
        {
            reason = Translate(context, ref env, meta, quoted);
        }

        if (reason != DropReason.None)
        {
            PacketSink.Drop(context, ref env, packet, reason);
            return;
        }

        Checksum.DecrementTtl((Ipv4Header*)meta->L3);
        Output.Routed(context, ref env, packet, meta->L3);
    }

    private static DropReason Translate<TEnv>(WorkerContext* context, ref TEnv env, PacketMeta* meta, in QuotedPacket quoted)
        where TEnv : struct, IEnvironment
    {
        Ipv4Header* outer = (Ipv4Header*)meta->L3;

        // The quoted packet was seen on this side, so its inverse is a tuple that packets from this side have.
        Ipv4Tuple seen = quoted.Tuple.Inverted;
        EntryReference found = context->Table->Find(&seen, context->Table->Hash(&seen), context->NowSeconds, context->Slot);

        // An error goes to the sender of what it quotes; one that is addressed to somebody else uses a connection as a
        // pretext to pass (CVE-2019-5598).
        if (found.IsNone || outer->Destination != quoted.Tuple.Source)
        {
            return DropReason.IcmpErrorUnrelated;
        }

        if (meta->Ttl <= 1)
        {
            return DropReason.TtlExceeded;
        }

        byte* entry = context->Table->EntryAt(found.Index);
        EntryHead* head = Entry<Ipv4Tuple>.Head(entry);
        if (context->Plan->FiltersRelated && !IsAllowed(context, ref env, meta, entry, found.Direction))
        {
            return DropReason.FilterDropped;
        }

        Rewrite rewrite = new(head->Rewrite);
        if (rewrite.IsActive)
        {
            EntryFlags flags = new StateWord(Volatile.Read(ref head->State)).Flags;
            Ipv4Tuple* inside = Entry<Ipv4Tuple>.Tuple(entry, found.Direction ^ Direction.Reply);
            Rewriter.ApplyQuoted(quoted, rewrite, inside, found.Direction);
            TranslateOuter(outer, quoted.Tuple.Destination, inside, found.Direction, flags);
            IcmpHeader* icmp = (IcmpHeader*)meta->L4;
            icmp->Checksum = default;
            icmp->Checksum = Be16.FromRaw(Checksum.Internet((byte*)icmp, meta->L4LengthBytes));
        }

        return DropReason.None;
    }

    /// <summary>Asks the filter rules that name related packets; without one that matches, an error may pass.</summary>
    /// <remarks>An error is never answered with one (RFC 1122 §3.2.2): to reject it is to drop it.</remarks>
    private static bool IsAllowed<TEnv>(WorkerContext* context, ref TEnv env, PacketMeta* meta, byte* entry, Direction direction)
        where TEnv : struct, IEnvironment
    {
        Plan* plan = context->Plan;
        FirstPacket error = new()
        {
            Tuple = meta->Tuple,
            In = meta->Port,
            Mark = Entry<Ipv4Tuple>.Head(entry)->Mark,
            Label = LabelRecord.Read(context->Table, entry),
            State = PacketState.Related,
        };
        error.Tuple.Source = ((Ipv4Header*)meta->L3)->Source;
        error.Tuple.Destination = Entry<Ipv4Tuple>.Tuple(entry, direction ^ Direction.Reply)->Source;
        error.Out = plan->NextHops[env.LookupRoute(plan, error.Tuple.Destination.Host)].Port;
        return RuleEvaluator.Filter(plan->FilterRules, plan->FilterSection.Count, FilterVerdict.Accept, error) == FilterVerdict.Accept;
    }

    /// <summary>Addresses the error to the sender that the inside knows, and hides inside hops from the outside.</summary>
    /// <remarks>
    /// The reporting host keeps its address if it is some hop on the way; if it is the connection's own end, or a hop on the
    /// side of an end whose address is hidden, it gets that end's translated address (RFC 5508 REQ-4, REQ-5).
    /// </remarks>
    private static void TranslateOuter(
        Ipv4Header* outer, Ipv4Address quotedDestination, Ipv4Tuple* inside, Direction direction, EntryFlags flags)
    {
        bool isEnd = outer->Source == quotedDestination;
        EntryFlags hides = direction == Direction.Original ? EntryFlags.SourceNat : EntryFlags.DestinationNat;
        bool isHiddenHop = (flags & hides) != 0;
        if (isEnd || isHiddenHop)
        {
            outer->Source = inside->Destination;
        }

        outer->Destination = inside->Source;
        Checksum.SetIpv4Header(outer);
    }
}
