using System;

namespace Dataplane.Control.Socket;

/// <summary>Replies that are the same every time, newline included.</summary>
internal static class Replies
{
    internal static ReadOnlySpan<byte> TooManyClients =>
        "{\"ok\":false,\"code\":\"busy\",\"error\":\"32 clients are connected already, which is all there is room for\"}\n"u8;

    internal static ReadOnlySpan<byte> LineTooLong =>
        "{\"ok\":false,\"code\":\"line_too_long\",\"error\":\"a request line has at most 65536 bytes\"}\n"u8;

    internal static ReadOnlySpan<byte> Idle =>
        "{\"ok\":false,\"code\":\"idle\",\"error\":\"no request for 10 seconds\"}\n"u8;

    /// <summary>Starts with a newline: it may cut a row in two.</summary>
    internal static ReadOnlySpan<byte> TooSlow =>
        "\n{\"ok\":false,\"code\":\"slow_reader\",\"error\":\"nothing was read for 10 seconds; the dump is incomplete\"}\n"u8;

    internal static ReadOnlySpan<byte> RowFailed =>
        "{\"ok\":false,\"code\":\"internal\",\"error\":\"a row could not be written; the dump is incomplete\"}\n"u8;

    internal static ReadOnlySpan<byte> Stopping =>
        "\n{\"ok\":false,\"code\":\"stopping\",\"error\":\"the router is stopping\"}\n"u8;

    internal static ReadOnlySpan<byte> For(RequestError error) => error switch
    {
        RequestError.NotJson =>
            "{\"ok\":false,\"code\":\"bad_request\",\"error\":\"a request is one JSON object on one line\"}\n"u8,
        RequestError.VerbMissing =>
            "{\"ok\":false,\"code\":\"bad_request\",\"error\":\"the request has no verb; there is: show\"}\n"u8,
        RequestError.VerbUnknown =>
            "{\"ok\":false,\"code\":\"unknown_verb\",\"error\":\"no such verb; there is: show\"}\n"u8,
        RequestError.TopicMissing =>
            "{\"ok\":false,\"code\":\"bad_request\",\"error\":\"show what? the request has no field named what\"}\n"u8,
        RequestError.TopicUnknown =>
            "{\"ok\":false,\"code\":\"not_found\",\"error\":\"there is: "u8
            + "status version ports workers drops routes neighbours conntrack\"}\n"u8,
        RequestError.FieldUnknown =>
            "{\"ok\":false,\"code\":\"bad_request\",\"error\":\"the request has a field other than verb and what\"}\n"u8,
        _ => throw new ArgumentOutOfRangeException(nameof(error)),
    };
}
