namespace Dataplane.Packet;

/// <summary>ICMPv6 message types (RFC 4443, RFC 4861).</summary>
public static class Icmpv6Type
{
    public const byte DestinationUnreachable = 1;
    public const byte PacketTooBig = 2;
    public const byte TimeExceeded = 3;
    public const byte ParameterProblem = 4;
    public const byte EchoRequest = 128;
    public const byte EchoReply = 129;
    public const byte RouterSolicitation = 133;
    public const byte RouterAdvertisement = 134;
    public const byte NeighbourSolicitation = 135;
    public const byte NeighbourAdvertisement = 136;
    public const byte Redirect = 137;

    public static bool IsError(byte type) => type is >= DestinationUnreachable and <= ParameterProblem;

    /// <summary>Neighbour discovery (RFC 4861 §4): valid on its own link only, never forwarded.</summary>
    public static bool IsNeighbourDiscovery(byte type) => type is >= RouterSolicitation and <= Redirect;

    /// <summary>The type that answers <paramref name="type"/>, and the reverse; the type itself where nothing does.</summary>
    public static byte ReplyTo(byte type) => type switch
    {
        EchoRequest => EchoReply,
        EchoReply => EchoRequest,
        _ => type,
    };
}
