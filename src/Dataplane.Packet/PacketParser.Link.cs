using System.Runtime.CompilerServices;

namespace Dataplane.Packet;

/// <content>The careful path begins: Ethernet, up to two VLAN tags, dispatch by EtherType.</content>
public static unsafe partial class PacketParser
{
    /// <summary>A service tag and a customer tag (IEEE 802.1ad); a third is refused.</summary>
    private const int VlanTagsMax = 2;

    [MethodImpl(MethodImplOptions.NoInlining)] // Cold: keeps the burst loop small.
    private static DropReason ParseCarefully(
        Mbuf* mbuf, byte port, ushort zone, PacketMeta* meta, Ipv6Tuple* tuple6, bool verifiesL4)
    {
        *meta = default;
        meta->Port = port;
        var context = new ParseContext
        {
            Meta = meta,
            Tuple6 = tuple6,
            Cursor = mbuf->Data,
            AvailableBytes = mbuf->DataLength,
            Flags = mbuf->Flags,
            Zone = zone,
            VerifiesL4 = verifiesL4,
        };

        DropReason reason = mbuf->SegmentCount != 1 ? DropReason.FrameChained : ParseLink(mbuf, ref context);
        if (reason != DropReason.None)
        {
            meta->Kind = PacketKind.None;
            meta->Reason = reason;
        }

        return reason;
    }

    private static DropReason ParseLink(Mbuf* mbuf, ref ParseContext context)
    {
        if (context.AvailableBytes < EthernetHeader.SizeBytes)
        {
            return DropReason.FrameTruncated;
        }

        byte* frame = context.Cursor;
        ushort etherType = ((EthernetHeader*)frame)->EtherType.Host;
        context.Skip(EthernetHeader.SizeBytes);

        int tags = 0;
        if ((context.Flags & MbufFlags.RxVlanStripped) != 0)
        {
            // The NIC moved the outer tag out of the frame; it counts like one that is still there.
            context.Meta->VlanId = (ushort)(mbuf->VlanTci & VlanTag.IdMask);
            tags = 1;
        }

        while (EtherType.IsTag(etherType))
        {
            if (tags == VlanTagsMax)
            {
                return DropReason.VlanTooManyTags;
            }

            if (context.AvailableBytes < VlanTag.SizeBytes)
            {
                return DropReason.VlanTruncated;
            }

            var tag = (VlanTag*)context.Cursor;
            etherType = tag->EtherType.Host;

            // A priority tag (id 0) in front of another must not hide it: behind it would be a way into any VLAN.
            if (context.Meta->VlanId == 0)
            {
                context.Meta->VlanId = tag->Id;
            }

            tags++;
            context.Skip(VlanTag.SizeBytes);
        }

        context.Meta->L2LengthBytes = (byte)(context.Cursor - frame);
        context.Meta->L3 = context.Cursor;
        return etherType switch
        {
            EtherType.Ipv4 => ParseIpv4(ref context),
            EtherType.Ipv6 => ParseIpv6(ref context),
            EtherType.Arp => ParseArp(ref context, (EthernetHeader*)frame),
            _ => DropReason.EtherTypeUnsupported,
        };
    }
}
