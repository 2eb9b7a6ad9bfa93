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

    /// <summary>Bytes of the hop-by-hop header with a router alert (RFC 2711) in front of an alerting message.</summary>
    public const int AlertBytes = 8;

    /// <summary>The message of a frame that is sent by <see cref="SendAlerting"/>.</summary>
    public byte* AlertingMessage => Message + AlertBytes;

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
        SendFrame(context, ref env, packet, port, addresses);
    }

    /// <summary>Completes a message of multicast listener discovery and sends it: to be looked at by routers, on its link only.</summary>
    public void SendAlerting<TEnv>(
        WorkerContext* context, ref TEnv env, byte port, in LinkAddresses addresses, int messageBytes)
        where TEnv : struct, IEnvironment
    {
        const byte hopLimit = 1; // RFC 3810 §5
        Mbuf* packet = Finish(addresses.Source, addresses.Destination, hopLimit, AlertBytes + messageBytes);
        Ip->NextHeader = IpProtocol.HopByHop;

        // Next header, length beyond 8 bytes, router alert of 2 bytes with value 0 (RFC 2711 §2.1), two bytes of padding.
        *(Be32*)Message = Be32.FromHost((uint)IpProtocol.Icmpv6 << 24 | 0x0502);
        *(Be32*)(Message + 4) = Be32.FromHost(0x0000_0100);
        Checksum.SetL4(Ip, IpProtocol.Icmpv6, AlertingMessage, messageBytes);
        SendFrame(context, ref env, packet, port, addresses);
    }

    private static void SendFrame<TEnv>(WorkerContext* context, ref TEnv env, Mbuf* packet, byte port, in LinkAddresses addresses)
        where TEnv : struct, IEnvironment
    {
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
