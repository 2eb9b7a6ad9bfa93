namespace Dataplane.Packet;

/// <summary>ICMPv6 message types (RFC 4443, RFC 4861, RFC 2710, RFC 3810).</summary>
public static class Icmpv6Type
{
    public const byte DestinationUnreachable = 1;
    public const byte PacketTooBig = 2;
    public const byte TimeExceeded = 3;
    public const byte ParameterProblem = 4;
    public const byte EchoRequest = 128;
    public const byte EchoReply = 129;
    public const byte MulticastListenerQuery = 130;
    public const byte MulticastListenerReport = 131;
    public const byte MulticastListenerDone = 132;
    public const byte RouterSolicitation = 133;
    public const byte RouterAdvertisement = 134;
    public const byte NeighbourSolicitation = 135;
    public const byte NeighbourAdvertisement = 136;
    public const byte Redirect = 137;

    /// <summary>Of version 2 (RFC 3810 §5.2).</summary>
    public const byte MulticastListenerReport2 = 143;

    public static bool IsError(byte type) => type is >= DestinationUnreachable and <= ParameterProblem;

    /// <summary>Neighbour discovery (RFC 4861 §4): valid on its own link only, never forwarded.</summary>
    public static bool IsNeighbourDiscovery(byte type) => type is >= RouterSolicitation and <= Redirect;

    /// <summary>Multicast listener discovery (RFC 2710, RFC 3810): of its own link, too.</summary>
    public static bool IsMulticastListener(byte type) =>
        type is (>= MulticastListenerQuery and <= MulticastListenerDone) or MulticastListenerReport2;

    /// <summary>The type that answers <paramref name="type"/>, and the reverse; the type itself where nothing does.</summary>
    public static byte ReplyTo(byte type) => type switch
    {
        EchoRequest => EchoReply,
        EchoReply => EchoRequest,
        _ => type,
    };
}
