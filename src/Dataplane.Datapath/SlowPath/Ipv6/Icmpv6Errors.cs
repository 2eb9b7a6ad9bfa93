using System.Runtime.CompilerServices;
using Dataplane.Packet;

namespace Dataplane.Datapath.SlowPath.Ipv6;

/// <summary>Errors that the router itself reports (RFC 4443 §3): ICMPv6 type in the high byte, code in the low one.</summary>
public enum Icmpv6Error : ushort
{
    NoRoute = Icmpv6Type.DestinationUnreachable << 8 | 0,
    Prohibited = Icmpv6Type.DestinationUnreachable << 8 | 1,
    BeyondScope = Icmpv6Type.DestinationUnreachable << 8 | 2,
    AddressUnreachable = Icmpv6Type.DestinationUnreachable << 8 | 3,
    PacketTooBig = Icmpv6Type.PacketTooBig << 8 | 0,
    TimeExceeded = Icmpv6Type.TimeExceeded << 8 | 0,
}

/// <summary>Drops IPv6 packets and tells their senders (RFC 4443 §2.4), at a limited rate per sender.</summary>
public static unsafe class Icmpv6Errors
{
    /// <summary>The whole error's IP packet at most: the least MTU (RFC 4443 §2.4c).</summary>
    private const int LengthBytesMax = 1280;

    private const byte HopLimit = 64;

    /// <summary>Drops a packet for a reason and reports an error about it.</summary>
    public static void Refuse<TEnv>(
        WorkerContext* context, ref TEnv env, Mbuf* packet, PacketMeta* meta, Icmpv6Error error, DropReason reason)
        where TEnv : struct, IEnvironment
    {
        Report(context, ref env, new Offence(meta), error, 0);
        PacketSink.Drop(context, ref env, packet, reason);
    }

    /// <summary>Drops a packet that the egress link cannot carry: routers never fragment (RFC 8200 §5).</summary>
    public static void RefuseTooBig<TEnv>(WorkerContext* context, ref TEnv env, Mbuf* packet, PacketMeta* meta, ushort mtuBytes)
        where TEnv : struct, IEnvironment
    {
        Report(context, ref env, new Offence(meta), Icmpv6Error.PacketTooBig, mtuBytes);
        PacketSink.Drop(context, ref env, packet, DropReason.MtuExceeded);
    }

    /// <summary>Reports that the neighbour a packet waited for did not answer (RFC 4861 §7.2.2); the caller drops the packet.</summary>
    /// <remarks>
    /// A packet that waits is ready to leave: its hop limit is one lower than its sender knows it, and who holds it cannot tell where it
    /// came in. An extension header might hide an error, and errors are not spoken of.
    /// </remarks>
    /// <param name="context">The worker.</param>
    /// <param name="env">The worker's environment.</param>
    /// <param name="packet">A frame that waited.</param>
    /// <param name="port">The port it waited for.</param>
    public static void ReportUnresolved<TEnv>(WorkerContext* context, ref TEnv env, Mbuf* packet, byte port)
        where TEnv : struct, IEnvironment
    {
        Ipv6Header* ip = (Ipv6Header*)(packet->Data + EthernetHeader.SizeBytes);
        bool mayReport = ip->NextHeader switch
        {
            IpProtocol.Tcp or IpProtocol.Udp or IpProtocol.UdpLite or IpProtocol.Sctp or IpProtocol.Dccp or IpProtocol.Gre => true,
            IpProtocol.Icmpv6 => ((IcmpHeader*)(ip + 1))->Type is Icmpv6Type.EchoRequest or Icmpv6Type.EchoReply,
            _ => false,
        };
        Ipv6Address source = ip->Source;
        if (mayReport && !source.IsLinkLocal
            && context->Plan->NextHops[env.LookupRoute6(context->Plan, &source)].Kind != NextHopKind.Local)
        {
            Offence offence = new(ip, packet->DataLength - EthernetHeader.SizeBytes, port);
            Report(context, ref env, offence, Icmpv6Error.AddressUnreachable, 0);
        }
    }

    // Not inlined: errors are rare, or should be.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Report<TEnv>(WorkerContext* context, ref TEnv env, in Offence offence, Icmpv6Error error, ushort mtuBytes)
        where TEnv : struct, IEnvironment
    {
        // To one node and about a packet that was meant for one (RFC 4443 §2.4e).
        Ipv6Address sender = offence.Header->Source;
        if (offence.IsError || sender.IsUnspecified || sender.IsMulticast || offence.Header->Destination.IsMulticast
            || !OwnAddresses.TrySource(context, offence.Port, sender, portOnly: false, out Ipv6Address source)
            || !context->IcmpLimiter->TryTake(sender, IcmpErrors.RateOf(context), context->NowNanoseconds)
            || !Icmpv6Frame.TryBegin(context, ref env, out Icmpv6Frame frame))
        {
            return;
        }

        const int quotedMax = LengthBytesMax - Ipv6Header.SizeBytes - IcmpHeader.SizeBytes;
        int quoted = offence.LengthBytes < quotedMax ? offence.LengthBytes : quotedMax;
        *(IcmpHeader*)frame.Message = new IcmpHeader
        {
            Type = (byte)((ushort)error >> 8),
            Code = (byte)error,
            Rest = Be32.FromHost(mtuBytes),
        };
        Unsafe.CopyBlockUnaligned(frame.Message + IcmpHeader.SizeBytes, offence.Header, (uint)quoted);
        Mbuf* made = frame.Finish(source, sender, HopLimit, IcmpHeader.SizeBytes + quoted);
        Output6.Routed(context, ref env, made, frame.Ip, offence.Port);
    }

    /// <summary>The packet that is spoken of, and the port that speaks.</summary>
    private readonly struct Offence
    {
        public readonly Ipv6Header* Header;
        public readonly int LengthBytes;
        public readonly byte Port;
        public readonly bool IsError;

        public Offence(PacketMeta* meta)
        {
            Header = (Ipv6Header*)meta->L3;
            LengthBytes = meta->L3LengthBytes;
            Port = meta->Port;

            // A fragment that is not the first quotes no ports: nobody could tell which connection is meant.
            IsError = meta->Kind == PacketKind.Ipv6IcmpError || meta->Fragment >= FragmentPart.Middle;
        }

        public Offence(Ipv6Header* header, int lengthBytes, byte port)
        {
            Header = header;
            LengthBytes = lengthBytes;
            Port = port;
        }
    }
}
