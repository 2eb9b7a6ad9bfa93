namespace Dataplane.Packet;

/// <summary>ICMP message types (RFC 792, RFC 950).</summary>
public static class IcmpType
{
    public const byte EchoReply = 0;
    public const byte DestinationUnreachable = 3;
    public const byte SourceQuench = 4;
    public const byte Redirect = 5;
    public const byte EchoRequest = 8;
    public const byte TimeExceeded = 11;
    public const byte ParameterProblem = 12;
    public const byte TimestampRequest = 13;
    public const byte TimestampReply = 14;

    /// <summary>A query that opens a connection: its id is translated like a port (RFC 5508 §3).</summary>
    public static bool IsRequest(byte type) => type is EchoRequest or TimestampRequest;

    public static bool IsReply(byte type) => type is EchoReply or TimestampReply;

    /// <summary>An error that quotes the packet it speaks of and is translated with it (RFC 5508 §4).</summary>
    public static bool IsError(byte type) => type is DestinationUnreachable or TimeExceeded or ParameterProblem or SourceQuench;

    /// <summary>The type that answers <paramref name="type"/>, and the reverse; the type itself where nothing does.</summary>
    public static byte ReplyTo(byte type) => type switch
    {
        EchoRequest => EchoReply,
        EchoReply => EchoRequest,
        TimestampRequest => TimestampReply,
        TimestampReply => TimestampRequest,
        _ => type,
    };
}
