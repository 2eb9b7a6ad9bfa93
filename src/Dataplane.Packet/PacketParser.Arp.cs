namespace Dataplane.Packet;

/// <content>ARP (RFC 826): only what the router could answer or learn from goes on.</content>
public static unsafe partial class PacketParser
{
    private static DropReason ParseArp(ref ParseContext context, EthernetHeader* ethernet)
    {
        if (context.AvailableBytes < ArpPacket.SizeBytes)
        {
            return DropReason.ArpTruncated;
        }

        var arp = (ArpPacket*)context.Cursor;
        bool isKnown = arp->HardwareType.Host == ArpPacket.HardwareEthernet
            && arp->ProtocolType.Host == EtherType.Ipv4
            && arp->HardwareLengthBytes == 6
            && arp->ProtocolLengthBytes == 4
            && arp->Operation.Host is ArpPacket.OperationRequest or ArpPacket.OperationReply;

        // A sender that is not the frame's source speaks for somebody else: how a cache is poisoned past the switch's
        // port security. A group address can never be a next hop.
        bool isHonest = arp->SenderMac == ethernet->Source && !arp->SenderMac.IsGroup;
        if (!isKnown || !isHonest)
        {
            return DropReason.ArpInvalid;
        }

        context.Meta->L3LengthBytes = ArpPacket.SizeBytes;
        context.Meta->Kind = PacketKind.Arp;
        return DropReason.None;
    }
}
