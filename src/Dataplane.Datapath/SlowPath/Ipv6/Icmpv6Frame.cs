using Dataplane.Packet;

namespace Dataplane.Datapath.SlowPath.Ipv6;

/// <summary>A buffer in which the router writes an ICMPv6 message of its own: Ethernet, IPv6, message.</summary>
/// <remarks>Nothing is zeroed by itself: who fills the message writes all of it.</remarks>
public readonly unsafe struct Icmpv6Frame
{
    private readonly Mbuf* _packet;

    private Icmpv6Frame(Mbuf* packet) => _packet = packet;

    /// <summary>The IPv6 header.</summary>
    public Ipv6Header* Ip => (Ipv6Header*)(_packet->Data + EthernetHeader.SizeBytes);

    /// <summary>The message.</summary>
    public byte* Message => (byte*)(Ip + 1);

    /// <summary>Takes a buffer and counts it as made.</summary>
    /// <returns>False without a buffer, which is counted.</returns>
    public static bool TryBegin<TEnv>(WorkerContext* context, ref TEnv env, out Icmpv6Frame frame)
        where TEnv : struct, IEnvironment
    {
        Mbuf* packet = env.Allocate();
        frame = new Icmpv6Frame(packet);
        if (packet == null)
        {
            context->Counters->NoBuffer++;
            return false;
        }

        context->Counters->Made++;
        return true;
    }

    /// <summary>Completes a message with header and checksum.</summary>
    /// <param name="source">A valid own address, or :: in a probe.</param>
    /// <param name="destination">Its receiver.</param>
    /// <param name="hopLimit">255 in neighbour discovery.</param>
    /// <param name="messageBytes">Of the message.</param>
    /// <returns>The buffer, with space for an Ethernet header in front of the packet.</returns>
    public Mbuf* Finish(Ipv6Address source, Ipv6Address destination, byte hopLimit, int messageBytes)
    {
        Ipv6Header* ip = Ip;
        *ip = new Ipv6Header
        {
            VersionClassFlow = Be32.FromHost(0x6000_0000),
            PayloadLengthBytes = Be16.FromHost((ushort)messageBytes),
            NextHeader = IpProtocol.Icmpv6,
            HopLimit = hopLimit,
            Source = source,
            Destination = destination,
        };
        Checksum.SetL4(ip, IpProtocol.Icmpv6, Message, messageBytes);
        _packet->DataLength = (ushort)(EthernetHeader.SizeBytes + Ipv6Header.SizeBytes + messageBytes);
        _packet->PacketLength = _packet->DataLength;
        return _packet;
    }

    /// <summary>Completes a message of neighbour discovery and sends it by a port, past all routing.</summary>
    public void SendOnLink<TEnv>(
        WorkerContext* context, ref TEnv env, byte port, in LinkAddresses addresses, int messageBytes)
        where TEnv : struct, IEnvironment
    {
        const byte hopLimit = 255; // RFC 4861 §4: proves that no router was passed
        Mbuf* packet = Finish(addresses.Source, addresses.Destination, hopLimit, messageBytes);
        EthernetHeader* ethernet = (EthernetHeader*)packet->Data;
        ethernet->Destination = addresses.Mac;
        ethernet->Source = context->Plan->Ports[port].Mac;
        ethernet->EtherType = Be16.FromHost(EtherType.Ipv6);
        PacketSink.Transmit(context, ref env, packet, port);
    }
}

/// <summary>Who speaks to whom on a link.</summary>
/// <param name="Source">Own address, or ::.</param>
/// <param name="Destination">A neighbour or a group.</param>
/// <param name="Mac">Where the frame goes.</param>
public readonly record struct LinkAddresses(Ipv6Address Source, Ipv6Address Destination, MacAddress Mac)
{
    /// <summary>To everybody in a group.</summary>
    public static LinkAddresses ToGroup(Ipv6Address source, Ipv6Address group) => new(source, group, Ipv6Multicast.Mac(group));
}
