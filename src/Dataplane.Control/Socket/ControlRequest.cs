using System;
using System.Text.Json;

namespace Dataplane.Control.Socket;

/// <summary>Why a request was not served; <see cref="Replies.For"/> has the words.</summary>
internal enum RequestError
{
    None,
    NotJson,
    VerbMissing,
    VerbUnknown,
    TopicMissing,
    TopicUnknown,
    FieldUnknown,
    FieldTwice,
    SettingMissing,
    SettingUnknown,
    SettingFieldUnknown,
    MaxMissing,
    MaxInvalid,
    BucketsMissing,
    BucketsInvalid,
    ZoneInvalid,
    ZoneUnknown,
}

/// <summary>What a request asks for.</summary>
internal enum RequestKind
{
    Show,
    SetEntriesMax,
    SetZoneMax,
    SetBuckets,
}

/// <summary>One request line, read without allocating.</summary>
/// <remarks>
/// <c>{"verb":"show","what":"conntrack"}</c>, <c>{"verb":"set","what":"limit","max":N}</c>,
/// <c>{"verb":"set","what":"limit","zone":"NAME","max":N}</c> with null for no limit, or
/// <c>{"verb":"set","what":"table","buckets":N}</c>; the fields in any order, each once.
/// </remarks>
internal readonly ref struct ControlRequest
{
    /// <summary>Room for a zone's name before its escapes are resolved: at most six bytes for each of it.</summary>
    internal const int ScratchBytes = 6 * ControlLimits.ZoneNameBytesMax;

    private ControlRequest(RequestError error) => Error = error;

    private ControlRequest(RequestKind kind, ShowTopic topic, ReadOnlySpan<byte> zone, long? value)
    {
        Kind = kind;
        Topic = topic;
        Zone = zone;
        Value = value;
    }

    /// <summary>If there is one, nothing else means anything.</summary>
    internal RequestError Error { get; }

    internal RequestKind Kind { get; }

    /// <summary>Of a show request.</summary>
    internal ShowTopic Topic { get; }

    /// <summary>The name in a request for a zone, UTF-8; lies in the scratch that the request was read with.</summary>
    internal ReadOnlySpan<byte> Zone { get; }

    /// <summary>The wanted value of a setting, within the bounds of <see cref="ControlLimits"/>; null for no limit.</summary>
    internal long? Value { get; }

    /// <param name="line">Without its newline.</param>
    /// <param name="scratch">At least <see cref="ScratchBytes"/>; keeps the zone's name.</param>
    internal static ControlRequest Parse(ReadOnlySpan<byte> line, Span<byte> scratch)
    {
        RequestReader reader = new(line, scratch);
        try
        {
            return reader.Read();
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // Rare and the client's fault: the one place where a request may cost an allocation. The second is what the reader
            // throws for a text that is no UTF-8, or that escapes half of a surrogate pair.
            return Failed(RequestError.NotJson);
        }
    }

    internal static ControlRequest Failed(RequestError error) => new(error);

    internal static ControlRequest Show(ShowTopic topic) => new(RequestKind.Show, topic, default, null);

    internal static ControlRequest SetEntriesMax(long max) => new(RequestKind.SetEntriesMax, default, default, max);

    internal static ControlRequest SetZoneMax(ReadOnlySpan<byte> zone, long? max) => new(RequestKind.SetZoneMax, default, zone, max);

    internal static ControlRequest SetBuckets(long buckets) => new(RequestKind.SetBuckets, default, default, buckets);
}
