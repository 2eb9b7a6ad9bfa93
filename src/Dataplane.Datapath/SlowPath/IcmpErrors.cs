using System.Runtime.CompilerServices;
using Dataplane.Packet;

namespace Dataplane.Datapath.SlowPath;

/// <summary>Errors that the router itself reports: ICMP type in the high byte, code in the low one.</summary>
public enum IcmpError : ushort
{
    NetUnreachable = IcmpType.DestinationUnreachable << 8 | 0,
    HostUnreachable = IcmpType.DestinationUnreachable << 8 | 1,
    FragmentationNeeded = IcmpType.DestinationUnreachable << 8 | 4,
    Prohibited = IcmpType.DestinationUnreachable << 8 | 13,
    TimeExceeded = IcmpType.TimeExceeded << 8 | 0,
}

/// <summary>Drops packets and tells their senders (RFC 792, RFC 1812 §4.3), at a limited rate per sender.</summary>
public static unsafe class IcmpErrors
{
    /// <summary>The whole error's IP packet at most (RFC 1812 §4.3.2.3).</summary>
    private const int LengthBytesMax = 576;

    private const byte Ttl = 64;

    /// <summary>Drops a packet for a reason and reports an error about it.</summary>
    public static void Refuse<TEnv>(
        WorkerContext* context, ref TEnv env, Mbuf* packet, PacketMeta* meta, IcmpError error, DropReason reason)
        where TEnv : struct, IEnvironment
    {
        Report(context, ref env, meta, error, 0);
        PacketSink.Drop(context, ref env, packet, reason);
    }

    /// <summary>Drops a packet that the egress link cannot carry; the sender is told if it forbade fragments (RFC 1191
    /// §4).</summary>
    public static void RefuseTooBig<TEnv>(WorkerContext* context, ref TEnv env, Mbuf* packet, PacketMeta* meta, ushort mtuBytes)
        where TEnv : struct, IEnvironment
    {
        const ushort dontFragment = 0x4000;
        if ((((Ipv4Header*)meta->L3)->FlagsAndOffset.Host & dontFragment) != 0)
        {
            Report(context, ref env, meta, IcmpError.FragmentationNeeded, mtuBytes);
        }

        PacketSink.Drop(context, ref env, packet, DropReason.MtuExceeded);
    }

    // Not inlined: errors are rare, or should be.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Report<TEnv>(WorkerContext* context, ref TEnv env, PacketMeta* meta, IcmpError error, ushort mtuBytes)
        where TEnv : struct, IEnvironment
    {
        Ipv4Header* offending = (Ipv4Header*)meta->L3;
        RouterPort* port = context->Plan->Ports + meta->Port;

        // Never about another error or a fragment that is not the first (RFC 1122 §3.2.2), and not without an address to speak from.
        if (meta->Kind == PacketKind.Ipv4IcmpError || meta->Fragment >= FragmentPart.Middle || port->Address == Ipv4Address.Any
            || !context->IcmpLimiter->TryTake(offending->Source, RateOf(context), context->NowNanoseconds))
        {
            return;
        }

        Mbuf* made = env.Allocate();
        if (made == null)
        {
            context->Counters->NoBuffer++;
            return;
        }

        context->Counters->Made++;
        byte* l3 = made->Data + EthernetHeader.SizeBytes;
        int quoted = LengthBytesMax - Ipv4Header.SizeBytes - IcmpHeader.SizeBytes;
        quoted = meta->L3LengthBytes < quoted ? meta->L3LengthBytes : quoted;
        IcmpHeader* icmp = (IcmpHeader*)(l3 + Ipv4Header.SizeBytes);
        icmp->Type = (byte)((ushort)error >> 8);
        icmp->Code = (byte)error;
        icmp->Rest = Be32.FromHost(mtuBytes);
        icmp->Checksum = default;
        Unsafe.CopyBlockUnaligned((byte*)icmp + IcmpHeader.SizeBytes, offending, (uint)quoted);
        icmp->Checksum = Be16.FromRaw(Checksum.Internet((byte*)icmp, IcmpHeader.SizeBytes + quoted));
        ushort totalBytes = (ushort)(Ipv4Header.SizeBytes + IcmpHeader.SizeBytes + quoted);
        WriteHeader(context, (Ipv4Header*)l3, totalBytes, port->Address, offending->Source);
        made->DataLength = (ushort)(EthernetHeader.SizeBytes + totalBytes);
        made->PacketLength = made->DataLength;
        Output.Routed(context, ref env, made, l3);
    }

    /// <summary>This worker's share of the errors that one source may cause, of either family.</summary>
    internal static uint RateOf(WorkerContext* context)
    {
        uint rate = context->Plan->IcmpErrorsPerSecond;
        uint share = rate / (uint)context->WorkerCount;
        return rate > 0 && share == 0 ? 1 : share;
    }

    private static void WriteHeader(WorkerContext* context, Ipv4Header* ip, ushort totalBytes, Ipv4Address source, Ipv4Address destination)
    {
        ip->VersionAndLength = Ipv4Header.VersionAndLengthPlain;

        // Precedence "internetwork control" for errors (RFC 1812 §4.3.2.5).
        ip->TypeOfService = 0xC0;
        ip->TotalLengthBytes = Be16.FromHost(totalBytes);
        ip->Identification = Be16.FromHost((ushort)context->Random->Below(65536));
        ip->FlagsAndOffset = default;
        ip->Ttl = Ttl;
        ip->Protocol = IpProtocol.Icmp;
        ip->Source = source;
        ip->Destination = destination;
        Checksum.SetIpv4Header(ip);
    }
}
