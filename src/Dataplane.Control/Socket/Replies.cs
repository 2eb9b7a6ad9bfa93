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

    internal static ReadOnlySpan<byte> NotSupported =>
        "{\"ok\":false,\"code\":\"not_supported\",\"error\":\"this router has nothing that can be set while it runs\"}\n"u8;

    internal static ReadOnlySpan<byte> Stopping =>
        "\n{\"ok\":false,\"code\":\"stopping\",\"error\":\"the router is stopping\"}\n"u8;

    internal static ReadOnlySpan<byte> For(RequestError error) => error switch
    {
        RequestError.NotJson =>
            "{\"ok\":false,\"code\":\"bad_request\",\"error\":\"a request is one JSON object in UTF-8 on one line\"}\n"u8,
        RequestError.VerbMissing =>
            "{\"ok\":false,\"code\":\"bad_request\",\"error\":\"the request has no verb; there is: show set\"}\n"u8,
        RequestError.VerbUnknown =>
            "{\"ok\":false,\"code\":\"unknown_verb\",\"error\":\"no such verb; there is: show set\"}\n"u8,
        RequestError.TopicMissing =>
            "{\"ok\":false,\"code\":\"bad_request\",\"error\":\"show what? the request has no field named what\"}\n"u8,
        RequestError.TopicUnknown =>
            "{\"ok\":false,\"code\":\"not_found\",\"error\":\"there is: "u8
            + "status version ports workers drops routes neighbours conntrack limits table timeouts\"}\n"u8,
        RequestError.FieldUnknown =>
            "{\"ok\":false,\"code\":\"bad_request\",\"error\":\"the request has a field other than verb and what\"}\n"u8,
        RequestError.FieldTwice =>
            "{\"ok\":false,\"code\":\"bad_request\",\"error\":\"the request has a field twice\"}\n"u8,
        RequestError.SettingMissing =>
            "{\"ok\":false,\"code\":\"bad_request\",\"error\":\"set what? the request has no field named what\"}\n"u8,
        RequestError.SettingUnknown =>
            "{\"ok\":false,\"code\":\"not_found\",\"error\":\"there is: limit table timeout\"}\n"u8,
        RequestError.SettingFieldUnknown =>
            "{\"ok\":false,\"code\":\"bad_request\",\"error\":\"a limit has the fields zone and max, a table has buckets, "u8
            + "a timeout has policy, state and seconds\"}\n"u8,
        RequestError.MaxMissing =>
            "{\"ok\":false,\"code\":\"bad_request\",\"error\":\"the request has no field named max\"}\n"u8,
        RequestError.MaxInvalid =>
            "{\"ok\":false,\"code\":\"value_invalid\",\"error\":\"max is a whole number from 1 to 2147483647"u8
            + ", or null for no limit of a zone\"}\n"u8,
        RequestError.BucketsMissing =>
            "{\"ok\":false,\"code\":\"bad_request\",\"error\":\"the request has no field named buckets\"}\n"u8,
        RequestError.BucketsInvalid =>
            "{\"ok\":false,\"code\":\"value_invalid\",\"error\":\"buckets is a whole number from 1 to 1073741824\"}\n"u8,
        RequestError.ZoneInvalid =>
            "{\"ok\":false,\"code\":\"value_invalid\",\"error\":\"zone is a name; leave it out for the whole table\"}\n"u8,
        RequestError.ZoneUnknown =>
            "{\"ok\":false,\"code\":\"zone_unknown\",\"error\":\"no such zone is configured\"}\n"u8,
        RequestError.StateMissing =>
            "{\"ok\":false,\"code\":\"bad_request\",\"error\":\"the request has no field named state\"}\n"u8,
        RequestError.StateUnknown =>
            "{\"ok\":false,\"code\":\"state_unknown\",\"error\":\"no such state; show timeouts lists them\"}\n"u8,
        RequestError.SecondsMissing =>
            "{\"ok\":false,\"code\":\"bad_request\",\"error\":\"the request has no field named seconds\"}\n"u8,
        RequestError.SecondsInvalid =>
            "{\"ok\":false,\"code\":\"value_invalid\",\"error\":\"seconds is a whole number from 1 to 31536000\"}\n"u8,
        RequestError.PolicyInvalid =>
            "{\"ok\":false,\"code\":\"value_invalid\",\"error\":\"policy is a name; leave it out for the default one\"}\n"u8,
        RequestError.PolicyUnknown =>
            "{\"ok\":false,\"code\":\"policy_unknown\",\"error\":\"no such timeout policy is configured\"}\n"u8,
        _ => throw new ArgumentOutOfRangeException(nameof(error)),
    };
}
