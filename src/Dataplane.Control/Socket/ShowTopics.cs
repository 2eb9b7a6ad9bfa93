using System;

namespace Dataplane.Control.Socket;

/// <summary>The words of <see cref="ShowTopic"/> on the wire.</summary>
internal static class ShowTopics
{
    /// <summary>The highest member of the enum, which starts at zero and has no gaps.</summary>
    internal const ShowTopic Last = ShowTopic.Timeouts;

    internal static ReadOnlySpan<byte> Name(ShowTopic topic) => topic switch
    {
        ShowTopic.Status => "status"u8,
        ShowTopic.Version => "version"u8,
        ShowTopic.Ports => "ports"u8,
        ShowTopic.Workers => "workers"u8,
        ShowTopic.Drops => "drops"u8,
        ShowTopic.Routes => "routes"u8,
        ShowTopic.Neighbours => "neighbours"u8,
        ShowTopic.Conntrack => "conntrack"u8,
        ShowTopic.Limits => "limits"u8,
        ShowTopic.Table => "table"u8,
        ShowTopic.Timeouts => "timeouts"u8,
        _ => throw new ArgumentOutOfRangeException(nameof(topic)),
    };
}
