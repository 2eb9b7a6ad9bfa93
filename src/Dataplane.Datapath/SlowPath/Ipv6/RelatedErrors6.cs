using Dataplane.Conntrack;
using Dataplane.Packet;

namespace Dataplane.Datapath.SlowPath.Ipv6;

/// <summary>ICMPv6 errors that pass through, attributed by what they quote; path MTU discovery depends on them (RFC 8201).</summary>
/// <remarks>They neither open, refresh nor end a connection, and nothing in them is translated.</remarks>
public static unsafe class RelatedErrors6
{
    public static void Process<TEnv>(WorkerContext* context, ref TEnv env, Mbuf* packet, PacketMeta* meta)
        where TEnv : struct, IEnvironment
    {
        DropReason reason = Judge(context, meta);
        if (reason != DropReason.None)
        {
            PacketSink.Drop(context, ref env, packet, reason);
            return;
        }

        ((Ipv6Header*)meta->L3)->HopLimit--;
        Output6.Routed(context, ref env, packet, (Ipv6Header*)meta->L3, meta->Port);
    }

    private static DropReason Judge(WorkerContext* context, PacketMeta* meta)
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
            : DropReason.None;
    }
}
