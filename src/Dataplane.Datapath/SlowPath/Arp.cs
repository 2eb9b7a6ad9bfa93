using Dataplane.Packet;

namespace Dataplane.Datapath.SlowPath;

/// <summary>ARP (RFC 826): answers for the router's addresses and its pools, learns what it asked for.</summary>
public static unsafe class Arp
{
    /// <summary>Bytes of an ARP frame without padding.</summary>
    public const int FrameBytes = EthernetHeader.SizeBytes + ArpPacket.SizeBytes;

    public static void Process<TEnv>(WorkerContext* context, ref TEnv env, Mbuf* packet, PacketMeta* meta)
        where TEnv : struct, IEnvironment
    {
        ArpPacket* arp = (ArpPacket*)meta->L3;
        bool isProbe = arp->SenderAddress == Ipv4Address.Any;
        if (!isProbe && (!IsOnLink(context->Plan, meta->Port, arp->SenderAddress) || IsOwn(context->Plan, meta->Port, arp->SenderAddress)))
        {
            PacketSink.Drop(context, ref env, packet, DropReason.ArpInvalid);
            return;
        }

        if (!isProbe)
        {
            NeighbourResolution.Learn(context, ref env, meta->Port, Ipv6Address.FromIpv4(arp->SenderAddress), arp->SenderMac);
        }

        bool isRequest = arp->Operation.Host == ArpPacket.OperationRequest;
        if (!isRequest || !Answers(context->Plan, meta->Port, arp->TargetAddress))
        {
            PacketSink.Consume(context, ref env, packet);
            return;
        }

        // The request becomes the reply.
        MacAddress own = context->Plan->Ports[meta->Port].Mac;
        Output.Reframe(packet, (byte*)arp, ArpPacket.SizeBytes, EtherType.Arp);
        EthernetHeader* frame = (EthernetHeader*)packet->Data;
        frame->Destination = arp->SenderMac;
        frame->Source = own;
        arp->Operation = Be16.FromHost(ArpPacket.OperationReply);
        (arp->SenderAddress, arp->TargetAddress) = (arp->TargetAddress, arp->SenderAddress);
        arp->TargetMac = arp->SenderMac;
        arp->SenderMac = own;
        PacketSink.Transmit(context, ref env, packet, meta->Port);
    }

    /// <summary>Broadcasts a request for an address; for one of the router's own it is an announcement (RFC 5227 §2.3).</summary>
    public static void Request<TEnv>(WorkerContext* context, ref TEnv env, byte port, Ipv4Address sender, Ipv4Address target)
        where TEnv : struct, IEnvironment
    {
        Mbuf* made = env.Allocate();
        if (made == null)
        {
            context->Counters->NoBuffer++;
            return;
        }

        context->Counters->Made++;
        MacAddress own = context->Plan->Ports[port].Mac;
        EthernetHeader* frame = (EthernetHeader*)made->Data;
        frame->Destination = MacAddress.Broadcast;
        frame->Source = own;
        frame->EtherType = Be16.FromHost(EtherType.Arp);
        ArpPacket* arp = (ArpPacket*)(frame + 1);
        *arp = new ArpPacket
        {
            HardwareType = Be16.FromHost(ArpPacket.HardwareEthernet),
            ProtocolType = Be16.FromHost(EtherType.Ipv4),
            HardwareLengthBytes = 6,
            ProtocolLengthBytes = 4,
            Operation = Be16.FromHost(ArpPacket.OperationRequest),
            SenderMac = own,
            SenderAddress = sender,
            TargetAddress = target,
        };
        made->DataLength = FrameBytes;
        made->PacketLength = FrameBytes;
        PacketSink.Transmit(context, ref env, made, port);
    }

    /// <summary>The router's address to ask from: one on the target's subnet, else the port's first.</summary>
    public static Ipv4Address SenderFor(Plan* plan, byte port, Ipv4Address target)
    {
        for (int index = 0; index < plan->AddressSection.Count; index++)
        {
            PortAddress* address = plan->Addresses + index;
            if (address->Port == port && address->IsOnLink(target))
            {
                return address->Address;
            }
        }

        return plan->Ports[port].Address;
    }

    private static bool IsOnLink(Plan* plan, byte port, Ipv4Address other)
    {
        for (int index = 0; index < plan->AddressSection.Count; index++)
        {
            PortAddress* address = plan->Addresses + index;
            if (address->Port == port && address->IsOnLink(other))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsOwn(Plan* plan, byte port, Ipv4Address other)
    {
        for (int index = 0; index < plan->AddressSection.Count; index++)
        {
            PortAddress* address = plan->Addresses + index;
            if (address->Port == port && address->Address == other)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Own addresses, and pool addresses on the port's subnet: nobody else there would answer for them.</summary>
    private static bool Answers(Plan* plan, byte port, Ipv4Address target)
    {
        if (IsOwn(plan, port, target))
        {
            return true;
        }

        for (int index = 0; index < plan->RangeSection.Count; index++)
        {
            if (target.Host - plan->Ranges[index].First < plan->Ranges[index].Count)
            {
                return IsOnLink(plan, port, target);
            }
        }

        return false;
    }
}
