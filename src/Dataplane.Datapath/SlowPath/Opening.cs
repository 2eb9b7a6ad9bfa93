using Dataplane.Conntrack;
using Dataplane.Packet;

namespace Dataplane.Datapath.SlowPath;

/// <summary>How a connection begins: what its protocol's tracker makes of the first packet.</summary>
public unsafe struct Opening
{
    /// <summary>The first state.</summary>
    public ConnectionState State;

    /// <summary>What the tracker keeps besides it; zero for most protocols.</summary>
    public TcpWindows Windows;

    /// <summary>Looks at a packet that belongs to no connection.</summary>
    /// <param name="meta">Of the packet: a whole one or a first fragment.</param>
    /// <param name="kind">The tuple's kind, which of ICMP and ICMPv6 is the message type.</param>
    /// <param name="policy">How strictly TCP is judged.</param>
    /// <param name="opening">The beginning.</param>
    /// <returns><see cref="DropReason.None"/>, or why this packet opens nothing.</returns>
    public static DropReason Read(PacketMeta* meta, byte kind, in TcpPolicy policy, out Opening opening)
    {
        opening = default;
        byte protocol = meta->Tuple.Protocol;
        return protocol switch
        {
            IpProtocol.Tcp => TcpTracker.Open(
                ref opening.Windows, TcpSegment.Read((TcpHeader*)meta->L4, meta->PayloadBytes), policy, out opening.State),
            IpProtocol.Sctp => SctpTracker.Open(
                ref SctpTags.Of(ref opening.Windows), (SctpHeader*)meta->L4, meta->L4LengthBytes,
                isWhole: meta->Fragment == FragmentPart.Whole, out opening.State),
            IpProtocol.Dccp => DccpTracker.Open((DccpHeader*)meta->L4, out opening.State),
            _ => Trackers.Open(protocol, kind, out opening.State),
        };
    }
}
