using System.Runtime.InteropServices;

namespace Dataplane.Packet;

/// <summary>First 8 bytes of an SCTP chunk (RFC 9260 §3.2), no alignment; padded to four bytes in the packet.</summary>
/// <remarks>
/// <code>
/// offset size field
///      0    1 Type
///      1    1 Flags
///      2    2 LengthBytes    header and value without padding, at least 4
///      4    4 InitiateTag    INIT and INIT ACK only: what packets towards their sender shall carry (§3.3.2); not 0
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = 8, Pack = 1)]
public struct SctpChunk
{
    /// <summary>Type, flags and length.</summary>
    public const int HeaderSizeBytes = 4;

    /// <summary>An INIT or INIT ACK without optional parameters.</summary>
    public const int InitSizeBytes = 20;

    /// <summary>The T bit of ABORT and SHUTDOWN COMPLETE: the tag is not the receiver's but reflected (§8.5.1).</summary>
    public const byte TagReflected = 1;

    [FieldOffset(0)] public SctpChunkType Type;
    [FieldOffset(1)] public byte Flags;
    [FieldOffset(2)] public Be16 LengthBytes;
    [FieldOffset(4)] public Be32 InitiateTag;
}

/// <summary>Types of SCTP chunks (RFC 9260 §3.2) that change an association or end the look at a packet.</summary>
public enum SctpChunkType : byte
{
    Data = 0,
    Init = 1,
    InitAck = 2,
    Sack = 3,
    Heartbeat = 4,
    HeartbeatAck = 5,
    Abort = 6,
    Shutdown = 7,
    ShutdownAck = 8,
    Error = 9,
    CookieEcho = 10,
    CookieAck = 11,
    ShutdownComplete = 14,

    /// <summary>DATA with larger stream identifiers (RFC 8260 §2.1).</summary>
    IData = 64,
}
