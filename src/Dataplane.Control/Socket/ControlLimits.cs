using Dataplane.Control.Configuration;
using Dataplane.Control.Reading;

namespace Dataplane.Control.Socket;

/// <summary>The control socket's bounds. All memory for them is taken when the server is made.</summary>
public static class ControlLimits
{
    /// <summary>Connections served at a time; one more is told so and closed.</summary>
    public const int ClientsMax = 32;

    /// <summary>A request line, with its newline.</summary>
    public const int RequestBytesMax = 64 << 10;

    /// <summary>What waits to be sent to one client.</summary>
    public const int ReplyBytesMax = 64 << 10;

    /// <summary>One row. Escaping makes up to six bytes of one, which the writer asks room for beforehand.</summary>
    public const int RowBytesMax = 16 << 10;

    /// <summary>A client that sends no request, or takes no byte of a reply, for so long is cut off; milliseconds.</summary>
    public const int IdleMs = 10_000;

    /// <summary>The highest limit of the table or of a zone that a request may name.</summary>
    public const long EntriesMax = ZoneConfiguration.MaxEntriesMax;

    /// <summary>The largest number of buckets that a request may name, which is also the configuration's.</summary>
    public const int BucketsMax = ConntrackConfiguration.BucketsMax;

    /// <summary>The longest timeout that a request may name, which is also the configuration's: a year.</summary>
    public const uint TimeoutSecondsMax = ValueSyntax.DurationSecondsMax;

    /// <summary>The longest name that a timeout policy can have; they are plain ASCII.</summary>
    public const int PolicyNameBytesMax = ValueSyntax.NameLengthMax;

    /// <summary>The longest name that a zone can have; they are plain ASCII.</summary>
    public const int ZoneNameBytesMax = ValueSyntax.NameLengthMax;

    /// <summary>Permission bits of the socket file: its owner and group.</summary>
    public const uint SocketMode = 0b110_110_000;
}
