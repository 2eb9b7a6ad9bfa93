using Dataplane.Packet;

namespace Dataplane.Datapath.SlowPath;

/// <summary>Packets for the router itself.</summary>
/// <remarks>
/// Echo requests are answered. Everything else is dropped in silence: an answer would tell an outsider which ports of a
/// shared address are mapped and which are not.
/// </remarks>
public static unsafe class LocalTraffic
{
    private const byte Ttl = 64;

    public static void Process<TEnv>(WorkerContext* context, ref TEnv env, Mbuf* packet, PacketMeta* meta)
        where TEnv : struct, IEnvironment
    {
        // An echo in pieces would have to be joined to be answered: Departs from RFC 1812 §4.3.3.6.
        if (meta->Tuple.Protocol != IpProtocol.Icmp || meta->Tuple.Kind != IcmpType.EchoRequest || meta->Fragment != FragmentPart.Whole)
        {
            PacketSink.Drop(context, ref env, packet, DropReason.LocalUnsupported);
            return;
        }

        // The request becomes its own reply (RFC 1122 §3.2.2.6): same id, sequence and data.
        Ipv4Header* ip = (Ipv4Header*)meta->L3;
        (ip->Source, ip->Destination) = (ip->Destination, ip->Source);
        ip->Ttl = Ttl;
        Checksum.SetIpv4Header(ip);
        IcmpHeader* icmp = (IcmpHeader*)meta->L4;
        ushort before = *(ushort*)icmp;
        icmp->Type = IcmpType.EchoReply;
        Checksum.ApplyIcmp(icmp, ChecksumDelta.Between(before, *(ushort*)icmp));
        Output.Routed(context, ref env, packet, meta->L3);
    }
}
