using Dataplane.Packet;

namespace Dataplane.Datapath.SlowPath.Ipv6;

/// <summary>IPv6 packets for the router itself, and those that may not leave their link.</summary>
/// <remarks>Echo requests are answered, everything else is dropped in silence, as with <see cref="LocalTraffic"/>.</remarks>
public static unsafe class LocalTraffic6
{
    private const byte HopLimit = 64;

    /// <summary>A packet to a multicast group: none is forwarded; of those to the router's groups echo is answered.</summary>
    public static void Group<TEnv>(WorkerContext* context, ref TEnv env, Mbuf* packet, PacketMeta* meta)
        where TEnv : struct, IEnvironment
    {
        Ipv6Tuple* tuple = Ipv6Family.Tuple(context, meta);
        bool isMember = tuple->Destination == Ipv6Multicast.AllNodes || tuple->Destination == Ipv6Multicast.AllRouters;

        // Only somebody on the link is answered, or every router of it would help to flood a third.
        if (!isMember || !OwnAddresses.IsOnLink(context->Plan, meta->Port, tuple->Source))
        {
            PacketSink.Drop(context, ref env, packet, DropReason.Ipv6DestinationInvalid);
        }
        else if (OwnAddresses.IndexOf(context->Plan, meta->Port, tuple->Source) >= 0)
        {
            PacketSink.Drop(context, ref env, packet, DropReason.Ipv6SourceInvalid);
        }
        else
        {
            AnswerFromPort(context, ref env, packet, meta);
        }
    }

    /// <summary>A packet from or to a link-local address: it stays on its link (RFC 4291 §2.5.6).</summary>
    public static void OnLink<TEnv>(WorkerContext* context, ref TEnv env, Mbuf* packet, PacketMeta* meta)
        where TEnv : struct, IEnvironment
    {
        Ipv6Tuple* tuple = Ipv6Family.Tuple(context, meta);
        Ipv6Address destination = tuple->Destination;
        if (tuple->Source.IsUnspecified || OwnAddresses.IndexOf(context->Plan, meta->Port, tuple->Source) >= 0)
        {
            PacketSink.Drop(context, ref env, packet, DropReason.Ipv6SourceInvalid);
        }
        else if (destination.IsLinkLocal)
        {
            int own = OwnAddresses.IndexOf(context->Plan, meta->Port, destination);
            if (own >= 0)
            {
                Answer(context, ref env, packet, meta, own);
            }
            else
            {
                PacketSink.Drop(context, ref env, packet, DropReason.NoRoute);
            }
        }
        else
        {
            NextHop* nextHop = context->Plan->NextHops + env.LookupRoute6(context->Plan, &destination);
            if (nextHop->Kind == NextHopKind.Local)
            {
                Process(context, ref env, packet, meta, nextHop->Port);
            }
            else
            {
                Icmpv6Errors.Refuse(context, ref env, packet, meta, Icmpv6Error.BeyondScope, DropReason.Ipv6SourceInvalid);
            }
        }
    }

    /// <summary>A packet whose destination is a global address of the router, or the router anycast address of a subnet.</summary>
    /// <param name="context">The worker.</param>
    /// <param name="env">The worker's environment.</param>
    /// <param name="packet">The buffer.</param>
    /// <param name="meta">Parsed, tuple filled.</param>
    /// <param name="owner">The port that the address belongs to.</param>
    public static void Process<TEnv>(WorkerContext* context, ref TEnv env, Mbuf* packet, PacketMeta* meta, byte owner)
        where TEnv : struct, IEnvironment
    {
        int own = OwnAddresses.IndexOf(context->Plan, owner, Ipv6Family.Tuple(context, meta)->Destination);
        if (own >= 0)
        {
            Answer(context, ref env, packet, meta, own);
        }
        else
        {
            AnswerFromPort(context, ref env, packet, meta);
        }
    }

    private static void Answer<TEnv>(WorkerContext* context, ref TEnv env, Mbuf* packet, PacketMeta* meta, int own)
        where TEnv : struct, IEnvironment
    {
        if (OwnAddresses.IsValid(context, own))
        {
            Echo(context, ref env, packet, meta, context->Plan->Addresses6[own].Address);
        }
        else
        {
            PacketSink.Drop(context, ref env, packet, DropReason.LocalUnsupported);
        }
    }

    /// <summary>Multicast and anycast requests are answered from an address of the port they came by (RFC 4443 §4.2).</summary>
    private static void AnswerFromPort<TEnv>(WorkerContext* context, ref TEnv env, Mbuf* packet, PacketMeta* meta)
        where TEnv : struct, IEnvironment
    {
        Ipv6Address sender = Ipv6Family.Tuple(context, meta)->Source;
        if (OwnAddresses.TrySource(context, meta->Port, sender, portOnly: true, out Ipv6Address source))
        {
            Echo(context, ref env, packet, meta, source);
        }
        else
        {
            PacketSink.Drop(context, ref env, packet, DropReason.LocalUnsupported);
        }
    }

    /// <summary>Turns an echo request into its own reply (RFC 4443 §4.2): same id, sequence and data.</summary>
    private static void Echo<TEnv>(WorkerContext* context, ref TEnv env, Mbuf* packet, PacketMeta* meta, Ipv6Address source)
        where TEnv : struct, IEnvironment
    {
        Ipv6Tuple* tuple = Ipv6Family.Tuple(context, meta);
        // An echo in pieces would have to be joined to be answered.
        if (tuple->Protocol != IpProtocol.Icmpv6 || tuple->Kind != Icmpv6Type.EchoRequest || meta->Fragment != FragmentPart.Whole)
        {
            PacketSink.Drop(context, ref env, packet, DropReason.LocalUnsupported);
            return;
        }

        // The checksum is made anew below, and a wrong one must not be made right by that: it is verified here if the
        // parser was told not to.
        if (!context->Plan->VerifyChecksums
            && !Checksum.VerifyL4((Ipv6Header*)meta->L3, IpProtocol.Icmpv6, meta->L4, meta->L4LengthBytes))
        {
            PacketSink.Drop(context, ref env, packet, DropReason.L4ChecksumBad);
            return;
        }

        // The request's extension headers are its sender's affair: the reply's header stands right before the message.
        Ipv6Header* ip = (Ipv6Header*)(meta->L4 - Ipv6Header.SizeBytes);
        *ip = new Ipv6Header
        {
            VersionClassFlow = Be32.FromHost(0x6000_0000),
            PayloadLengthBytes = Be16.FromHost(meta->L4LengthBytes),
            NextHeader = IpProtocol.Icmpv6,
            HopLimit = HopLimit,
            Source = source,
            Destination = tuple->Source,
        };
        ((IcmpHeader*)meta->L4)->Type = Icmpv6Type.EchoReply;
        Checksum.SetL4(ip, IpProtocol.Icmpv6, meta->L4, meta->L4LengthBytes);
        Output6.Routed(context, ref env, packet, ip, meta->Port);
    }
}
