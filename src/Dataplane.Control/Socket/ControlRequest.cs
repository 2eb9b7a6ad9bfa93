using System;
using System.Text.Json;
using Dataplane.Conntrack;

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
    StateMissing,
    StateUnknown,
    SecondsMissing,
    SecondsInvalid,
    PolicyInvalid,
    PolicyUnknown,
}

/// <summary>What a request asks for.</summary>
internal enum RequestKind
{
    Show,
    SetEntriesMax,
    SetZoneMax,
    SetBuckets,
    SetTimeout,
}

/// <summary>One request line, read without allocating.</summary>
/// <remarks>
/// <c>{"verb":"show","what":"conntrack"}</c>, <c>{"verb":"set","what":"limit","max":N}</c>,
/// <c>{"verb":"set","what":"limit","zone":"NAME","max":N}</c> with null for no limit,
/// <c>{"verb":"set","what":"table","buckets":N}</c>, or <c>{"verb":"set","what":"timeout","state":"NAME","seconds":N}</c>, perhaps with
/// <c>"policy":"NAME"</c>; the fields in any order, each once.
/// </remarks>
internal readonly ref struct ControlRequest
{
    /// <summary>Room for one name before its escapes are resolved: at most six bytes for each of it.</summary>
    internal const int NameScratchBytes = 6 * ControlLimits.ZoneNameBytesMax;

    /// <summary>Room for a zone's and a timeout policy's name.</summary>
    internal const int ScratchBytes = 2 * NameScratchBytes;

    private ControlRequest(RequestError error) => Error = error;

    private ControlRequest(RequestKind kind, ReadOnlySpan<byte> name, long? value)
    {
        Kind = kind;
        Name = name;
        Value = value;
    }

    /// <summary>If there is one, nothing else means anything.</summary>
    internal RequestError Error { get; }

    internal RequestKind Kind { get; }

    /// <summary>Of a show request.</summary>
    internal ShowTopic Topic { get; private init; }

    /// <summary>The zone's or the timeout policy's name, UTF-8; lies in the scratch that the request was read with. Without a
    /// policy it is empty: the default one.</summary>
    internal ReadOnlySpan<byte> Name { get; }

    /// <summary>Of a timeout.</summary>
    internal ConnectionState State { get; private init; }

    /// <summary>The wanted value of a setting, within the bounds of <see cref="ControlLimits"/>; null for no limit.</summary>
    internal long? Value { get; }

    /// <param name="line">Without its newline.</param>
    /// <param name="scratch">At least <see cref="ScratchBytes"/>; keeps the names.</param>
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

    internal static ControlRequest Show(ShowTopic topic) => new(RequestKind.Show, default, null) { Topic = topic };

    internal static ControlRequest SetEntriesMax(long max) => new(RequestKind.SetEntriesMax, default, max);

    internal static ControlRequest SetZoneMax(ReadOnlySpan<byte> zone, long? max) => new(RequestKind.SetZoneMax, zone, max);

    internal static ControlRequest SetBuckets(long buckets) => new(RequestKind.SetBuckets, default, buckets);

    internal static ControlRequest SetTimeout(ReadOnlySpan<byte> policy, ConnectionState state, long seconds) =>
        new(RequestKind.SetTimeout, policy, seconds) { State = state };
}
