using System.Threading;
using Dataplane.Packet;

namespace Dataplane.Datapath.SlowPath.Ipv6;

/// <summary>
/// Neighbour discovery as it arrives (RFC 4861): answers for the router's addresses, learns what it asked for. The parser has
/// checked hop limit, code and length.
/// </summary>
public static unsafe class NeighbourDiscovery
{
    public static void Process<TEnv>(WorkerContext* context, ref TEnv env, Mbuf* packet, PacketMeta* meta)
        where TEnv : struct, IEnvironment
    {
        EthernetHeader* frame = (EthernetHeader*)packet->Data;
        DropReason reason;
        if (frame->Source == context->Plan->Ports[meta->Port].Mac)
        {
            // The link's echo of what the router said: a probe among it would seem to be somebody else's.
            reason = DropReason.None;
        }
        else if (Icmpv6Type.IsMulticastListener(*meta->L4))
        {
            // What others listen to is a switch's business.
            reason = *meta->L4 == Icmpv6Type.MulticastListenerQuery ? MulticastReports.Query(context, meta) : DropReason.None;
        }
        else if (!TryReadOptions(context, meta, frame->Source, out NeighbourOptions options))
        {
            reason = DropReason.Ipv6NeighbourInvalid;
        }
        else
        {
            reason = *meta->L4 switch
            {
                Icmpv6Type.NeighbourSolicitation => Solicitation(context, ref env, meta, options, frame->Source),
                Icmpv6Type.NeighbourAdvertisement => Advertisement(context, ref env, meta, options),
                Icmpv6Type.RouterSolicitation => RouterSolicitation(context, ref env, meta, options),

                // For hosts. Both come from a router of the link (§6.1.2, §8.1).
                _ => ((Ipv6Header*)meta->L3)->Source.IsLinkLocal ? DropReason.None : DropReason.Ipv6NeighbourInvalid,
            };
        }

        if (reason == DropReason.None)
        {
            PacketSink.Consume(context, ref env, packet);
        }
        else
        {
            PacketSink.Drop(context, ref env, packet, reason);
        }
    }

    /// <summary>What the parser left: the checksum, if it was told to trust it, and the options.</summary>
    /// <remarks>A link-layer address that is not the frame's own speaks for somebody else: how a cache is poisoned past the switch's
    /// port security. The router takes no part in it, as with ARP.</remarks>
    private static bool TryReadOptions(WorkerContext* context, PacketMeta* meta, MacAddress sender, out NeighbourOptions options)
    {
        options = default;
        int fixedBytes = *meta->L4 switch
        {
            Icmpv6Type.RouterSolicitation => IcmpHeader.SizeBytes,
            Icmpv6Type.RouterAdvertisement => RouterAdvertisementMessage.SizeBytes,
            Icmpv6Type.NeighbourSolicitation or Icmpv6Type.NeighbourAdvertisement => NeighbourMessage.SizeBytes,
            _ => 40, // redirect (§4.5)
        };
        Ipv6Header* ip = (Ipv6Header*)meta->L3;
        bool isIntact = context->Plan->VerifyChecksums
            || Checksum.VerifyL4(ip, IpProtocol.Icmpv6, meta->L4, meta->L4LengthBytes);
        return isIntact && !sender.IsGroup
            && NeighbourOptions.TryRead(meta->L4 + fixedBytes, meta->L4LengthBytes - fixedBytes, out options)
            && (!options.HasSource || options.Source == sender)
            && (!options.HasTarget || options.Target == sender || *meta->L4 == Icmpv6Type.Redirect);
    }

    /// <summary>Somebody asks for an address (§7.2.3, §7.2.4), or whether it is free (RFC 4862 §5.4.3).</summary>
    private static DropReason Solicitation<TEnv>(
        WorkerContext* context, ref TEnv env, PacketMeta* meta, in NeighbourOptions options, MacAddress sender)
        where TEnv : struct, IEnvironment
    {
        Plan* plan = context->Plan;
        Ipv6Header* ip = (Ipv6Header*)meta->L3;
        Ipv6Address target = ((NeighbourMessage*)meta->L4)->Target;
        bool isProbe = ip->Source.IsUnspecified;
        if (target.IsMulticast || (isProbe && (options.HasSource || ip->Destination != Ipv6Multicast.SolicitedNode(target))))
        {
            return DropReason.Ipv6NeighbourInvalid;
        }

        int own = OwnAddresses.IndexOf(plan, meta->Port, target);
        if (isProbe && own >= 0 && !OwnAddresses.IsValid(context, own))
        {
            return AddressDetection.Object(context, own);
        }

        if (!isProbe)
        {
            DropReason reason = CheckSender(plan, meta->Port, ip->Source);
            if (reason != DropReason.None)
            {
                return reason;
            }

            if (options.HasSource)
            {
                NeighbourResolution.Observe(
                    context, ref env, meta->Port, ip->Source, NeighbourEvidence.FromSolicitation(options.Source));
            }
        }

        // Several may share the anycast address: the answer does not displace another's (§7.2.7).
        NeighbourFlags flags = own >= 0 ? NeighbourFlags.Override : NeighbourFlags.None;
        own = own >= 0 ? own : OwnAddresses.IndexOfAnycast(plan, meta->Port, target);
        if (own >= 0 && OwnAddresses.IsValid(context, own))
        {
            LinkAddresses addresses = isProbe
                ? LinkAddresses.ToGroup(SourceFor(flags, plan, own, target), Ipv6Multicast.AllNodes)
                : new LinkAddresses(SourceFor(flags, plan, own, target), ip->Source, options.HasSource ? options.Source : sender);
            flags |= isProbe ? NeighbourFlags.None : NeighbourFlags.Solicited;
            NeighbourMessages.Advertise(context, ref env, meta->Port, addresses, flags, target);
        }

        return DropReason.None;
    }

    /// <summary>The address itself; for an anycast one, which nothing is sent from, the one it is derived from.</summary>
    private static Ipv6Address SourceFor(NeighbourFlags flags, Plan* plan, int own, Ipv6Address target) =>
        (flags & NeighbourFlags.Override) != 0 ? target : plan->Addresses6[own].Address;

    /// <summary>Somebody states where an address is (§7.1.2, §7.2.5).</summary>
    private static DropReason Advertisement<TEnv>(
        WorkerContext* context, ref TEnv env, PacketMeta* meta, in NeighbourOptions options)
        where TEnv : struct, IEnvironment
    {
        Ipv6Header* ip = (Ipv6Header*)meta->L3;
        NeighbourMessage* message = (NeighbourMessage*)meta->L4;
        bool isSolicited = (message->Flags & NeighbourFlags.Solicited) != 0;
        if (message->Target.IsMulticast || ip->Source.IsUnspecified || (isSolicited && ip->Destination.IsMulticast))
        {
            return DropReason.Ipv6NeighbourInvalid;
        }

        int own = OwnAddresses.IndexOf(context->Plan, meta->Port, message->Target);
        if (own >= 0)
        {
            return AddressDetection.Object(context, own);
        }

        NeighbourResolution.Observe(
            context, ref env, meta->Port, message->Target, NeighbourEvidence.FromAdvertisement(message->Flags, options));
        return DropReason.None;
    }

    /// <summary>A host asks for routers (§6.1.1, §6.2.6).</summary>
    private static DropReason RouterSolicitation<TEnv>(
        WorkerContext* context, ref TEnv env, PacketMeta* meta, in NeighbourOptions options)
        where TEnv : struct, IEnvironment
    {
        Ipv6Address source = ((Ipv6Header*)meta->L3)->Source;
        DropReason reason = !source.IsUnspecified ? CheckSender(context->Plan, meta->Port, source)
            : options.HasSource ? DropReason.Ipv6NeighbourInvalid
            : DropReason.None;
        if (reason != DropReason.None)
        {
            return reason;
        }

        if (options.HasSource)
        {
            NeighbourResolution.Observe(context, ref env, meta->Port, source, NeighbourEvidence.FromSolicitation(options.Source));
        }

        if (context->Plan->Ports[meta->Port].AdvertisesPrefixes)
        {
            Volatile.Write(ref context->Links->Ports[meta->Port].IsSolicited, 1);
        }

        return DropReason.None;
    }

    private static DropReason CheckSender(Plan* plan, byte port, Ipv6Address source) =>
        OwnAddresses.IndexOf(plan, port, source) >= 0 ? DropReason.Ipv6AddressDuplicate
        : OwnAddresses.IsOnLink(plan, port, source) ? DropReason.None
        : DropReason.Ipv6NeighbourInvalid;
}
