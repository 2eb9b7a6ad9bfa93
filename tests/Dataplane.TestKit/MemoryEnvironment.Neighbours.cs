using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using Dataplane.Packet;

namespace Dataplane.TestKit;

/// <content>The hosts on the ports' links, as far as IPv6 neighbour discovery knows them.</content>
public sealed unsafe partial class MemoryWorld
{
    private const int MessageOffset = EthernetHeader.SizeBytes + Ipv6Header.SizeBytes;
    private const int OptionOffset = MessageOffset + NeighbourMessage.SizeBytes;
    private const int AnswerBytes = OptionOffset + LinkLayerOption.SizeBytes;

    /// <summary>Whether hosts answer neighbour solicitations at all.</summary>
    public bool AnswersSolicitations { get; set; } = true;

    /// <summary>Addresses that nobody has.</summary>
    public HashSet<Ipv6Address> Silent6 { get; } = [];

    /// <summary>Addresses that a host has and defends when somebody probes for them.</summary>
    public HashSet<Ipv6Address> Rivals { get; } = [];

    /// <summary>The MAC address of the host that has an address: 02:06 and the address's last four bytes.</summary>
    public static MacAddress MacOf(Ipv6Address address) => MacAddress.FromRaw48(0x0602 | (address.RawLow >> 32) << 16);

    /// <summary>Turns a solicitation for somebody else's address into that host's advertisement.</summary>
    /// <returns>Whether the buffer now holds one.</returns>
    private bool AnswerSolicitation(Mbuf* mbuf)
    {
        byte* frame = mbuf->Data;
        var ip = (Ipv6Header*)(frame + EthernetHeader.SizeBytes);
        var message = (NeighbourMessage*)(frame + MessageOffset);
        if (mbuf->DataLength < OptionOffset
            || ((EthernetHeader*)frame)->EtherType != Be16.FromHost(EtherType.Ipv6)
            || ip->NextHeader != IpProtocol.Icmpv6
            || message->Type != Icmpv6Type.NeighbourSolicitation)
        {
            return false;
        }

        bool isProbe = ip->Source.IsUnspecified;
        bool answers = isProbe ? Rivals.Contains(message->Target) : AnswersSolicitations && !Silent6.Contains(message->Target);
        if (!answers)
        {
            return false;
        }

        MacAddress mac = MacOf(message->Target);
        Ipv6Address asker = ip->Source;
        var ethernet = (EthernetHeader*)frame;
        ethernet->Destination = isProbe ? MacAddress.Parse("33:33:00:00:00:01") : ethernet->Source;
        ethernet->Source = mac;
        ip->Source = message->Target;
        ip->Destination = isProbe ? Ipv6Address.Parse("ff02::1") : asker;
        ip->PayloadLengthBytes = Be16.FromHost(AnswerBytes - MessageOffset);
        message->Type = Icmpv6Type.NeighbourAdvertisement;
        message->Flags = isProbe ? NeighbourFlags.Override : NeighbourFlags.Override | NeighbourFlags.Solicited;
        message->Checksum = default;
        *(LinkLayerOption*)(frame + OptionOffset) =
            new LinkLayerOption { Type = NeighbourOptionType.TargetLinkLayer, LengthUnits = 1, Mac = mac };
        mbuf->DataLength = AnswerBytes;
        mbuf->PacketLength = AnswerBytes;
        Span<byte> bytes = MbufPool.Bytes(mbuf);
        ushort pseudo = ReferenceChecksum.PseudoHeader(bytes[22..MessageOffset], IpProtocol.Icmpv6, bytes.Length - MessageOffset);
        BinaryPrimitives.WriteUInt16BigEndian(bytes[(MessageOffset + 2)..], ReferenceChecksum.Of(bytes[MessageOffset..], pseudo));
        return true;
    }
}
