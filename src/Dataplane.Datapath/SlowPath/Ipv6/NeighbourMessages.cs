using Dataplane.Packet;

namespace Dataplane.Datapath.SlowPath.Ipv6;

/// <summary>Solicitations and advertisements that the router sends (RFC 4861 §7.2).</summary>
public static unsafe class NeighbourMessages
{
    /// <summary>Bytes of a message with one link-layer address option.</summary>
    private const int WithLinkLayerBytes = NeighbourMessage.SizeBytes + LinkLayerOption.SizeBytes;

    /// <summary>Asks for a neighbour, or whether it is still there.</summary>
    /// <remarks>
    /// While no address of the port is known to be unique nothing is sent: a tentative address must not be spoken from (RFC 4862
    /// §5.4). The caller's timer asks again.
    /// </remarks>
    /// <param name="context">The worker.</param>
    /// <param name="env">The worker's environment.</param>
    /// <param name="port">The link.</param>
    /// <param name="target">Whom to ask for.</param>
    /// <param name="knownMac48">Its MAC address so far: the question goes to it alone (RFC 4861 §7.3.3); 0 asks the group.</param>
    public static void Ask<TEnv>(WorkerContext* context, ref TEnv env, byte port, Ipv6Address target, ulong knownMac48)
        where TEnv : struct, IEnvironment
    {
        if (!OwnAddresses.TrySource(context, port, target, portOnly: true, out Ipv6Address source))
        {
            return;
        }

        LinkAddresses addresses = knownMac48 == 0
            ? LinkAddresses.ToGroup(source, Ipv6Multicast.SolicitedNode(target))
            : new LinkAddresses(source, target, MacAddress.FromRaw48(knownMac48));
        if (!Icmpv6Frame.TryBegin(context, ref env, out Icmpv6Frame frame))
        {
            return;
        }

        Write(frame, Icmpv6Type.NeighbourSolicitation, NeighbourFlags.None, target);
        WriteLinkLayer(frame.Message + NeighbourMessage.SizeBytes, NeighbourOptionType.SourceLinkLayer, context, port);
        frame.SendOnLink(context, ref env, port, addresses, WithLinkLayerBytes);
    }

    /// <summary>Asks whether anybody has an address that the router wants: no source, no option (RFC 4862 §5.4.2).</summary>
    /// <returns>False when there was no buffer.</returns>
    public static bool TryProbe<TEnv>(WorkerContext* context, ref TEnv env, byte port, Ipv6Address target)
        where TEnv : struct, IEnvironment
    {
        if (!Icmpv6Frame.TryBegin(context, ref env, out Icmpv6Frame frame))
        {
            return false;
        }

        Write(frame, Icmpv6Type.NeighbourSolicitation, NeighbourFlags.None, target);
        frame.SendOnLink(
            context, ref env, port, LinkAddresses.ToGroup(default, Ipv6Multicast.SolicitedNode(target)), NeighbourMessage.SizeBytes);
        return true;
    }

    /// <summary>States the port's MAC address for one of its addresses.</summary>
    public static void Advertise<TEnv>(
        WorkerContext* context, ref TEnv env, byte port, in LinkAddresses addresses, NeighbourFlags flags, Ipv6Address target)
        where TEnv : struct, IEnvironment
    {
        if (Icmpv6Frame.TryBegin(context, ref env, out Icmpv6Frame frame))
        {
            Write(frame, Icmpv6Type.NeighbourAdvertisement, flags | NeighbourFlags.Router, target);
            WriteLinkLayer(frame.Message + NeighbourMessage.SizeBytes, NeighbourOptionType.TargetLinkLayer, context, port);
            frame.SendOnLink(context, ref env, port, addresses, WithLinkLayerBytes);
        }
    }

    /// <summary>Writes a link-layer address option with the port's MAC address.</summary>
    public static void WriteLinkLayer(byte* option, byte type, WorkerContext* context, byte port) =>
        *(LinkLayerOption*)option = new LinkLayerOption { Type = type, LengthUnits = 1, Mac = context->Plan->Ports[port].Mac };

    private static void Write(in Icmpv6Frame frame, byte type, NeighbourFlags flags, Ipv6Address target) =>
        *(NeighbourMessage*)frame.Message = new NeighbourMessage { Type = type, Flags = flags, Target = target };
}
