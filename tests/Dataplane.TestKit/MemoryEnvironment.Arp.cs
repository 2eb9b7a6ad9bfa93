using System.Collections.Generic;
using Dataplane.Packet;

namespace Dataplane.TestKit;

/// <content>The hosts on the ports' links, as far as ARP knows them.</content>
public sealed unsafe partial class MemoryWorld
{
    /// <summary>Whether hosts answer ARP requests at all.</summary>
    public bool AnswersArp { get; set; } = true;

    /// <summary>Addresses, host order, that nobody has.</summary>
    public HashSet<uint> Silent { get; } = [];

    /// <summary>The MAC address of the host that has an address: 02:00 and the address.</summary>
    public static MacAddress MacOf(Ipv4Address address) => MacAddress.FromRaw48(0x02 | (ulong)address.Raw << 16);

    /// <summary>Turns a request for somebody else's address into that host's reply.</summary>
    /// <returns>Whether the buffer now holds a reply.</returns>
    private bool AnswerArp(Mbuf* mbuf)
    {
        EthernetHeader* frame = (EthernetHeader*)mbuf->Data;
        ArpPacket* arp = (ArpPacket*)(frame + 1);
        if (!AnswersArp
            || mbuf->DataLength < EthernetHeader.SizeBytes + ArpPacket.SizeBytes
            || frame->EtherType != Be16.FromHost(EtherType.Arp)
            || arp->Operation != Be16.FromHost(ArpPacket.OperationRequest)
            || arp->SenderAddress == arp->TargetAddress
            || Silent.Contains(arp->TargetAddress.Host))
        {
            return false;
        }

        MacAddress mac = MacOf(arp->TargetAddress);
        arp->Operation = Be16.FromHost(ArpPacket.OperationReply);
        (arp->SenderAddress, arp->TargetAddress) = (arp->TargetAddress, arp->SenderAddress);
        arp->TargetMac = arp->SenderMac;
        arp->SenderMac = mac;
        frame->Destination = frame->Source;
        frame->Source = mac;
        return true;
    }
}
