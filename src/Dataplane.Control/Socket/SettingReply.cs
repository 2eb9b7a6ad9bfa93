using System;
using System.Buffers.Text;
using System.Text.Json;
using Dataplane.Control.Configuration;

namespace Dataplane.Control.Socket;

/// <summary>The answer to a request that changes a setting, composed without allocating.</summary>
internal static class SettingReply
{
    /// <summary>More than the longest reason with the longest number.</summary>
    private const int ErrorBytesMax = 160;

    /// <summary>
    /// Writes the fields of <c>{"ok":true,"what":"limit","zone":null,"before":N,"after":N}</c>, the zone only for a limit and
    /// null for the whole table's, and a timeout's policy and state; or of
    /// <c>{"ok":false,"code":"…","error":"…","bound":N}</c>, the bound only if it is known.
    /// </summary>
    internal static void Write(Utf8JsonWriter json, in ControlRequest request, in SettingOutcome outcome)
    {
        json.WriteBoolean("ok"u8, outcome.Kind == SettingResult.Done);
        if (outcome.Kind != SettingResult.Done)
        {
            WriteRefusal(json, request.Kind, outcome);
            return;
        }

        json.WriteString("what"u8, request.Kind switch
        {
            RequestKind.SetBuckets => "table"u8,
            RequestKind.SetTimeout => "timeout"u8,
            _ => "limit"u8,
        });
        switch (request.Kind)
        {
            case RequestKind.SetEntriesMax:
                json.WriteNull("zone"u8);
                break;
            case RequestKind.SetZoneMax:
                json.WriteString("zone"u8, request.Name);
                break;
            case RequestKind.SetTimeout:
                WritePolicy(json, request.Name);
                json.WriteString("state"u8, TimeoutStates.Name(TimeoutStates.All.IndexOf(request.State)));
                break;
            default:
                break;
        }

        WriteNumber(json, "before"u8, outcome.Before);
        WriteNumber(json, "after"u8, outcome.After);
    }

    /// <summary>The word of a result on the wire.</summary>
    internal static ReadOnlySpan<byte> Code(SettingResult result) => result switch
    {
        SettingResult.ZoneUnknown => "zone_unknown"u8,
        SettingResult.PolicyUnknown => "policy_unknown"u8,
        SettingResult.AboveCapacity => "above_capacity"u8,
        SettingResult.AbovePlaces => "above_places"u8,
        SettingResult.ResizeRunning => "resize_running"u8,
        SettingResult.OutOfMemory => "out_of_memory"u8,
        SettingResult.ValueInvalid => "value_invalid"u8,
        SettingResult.NotNow => "not_now"u8,
        _ => throw new ArgumentOutOfRangeException(nameof(result)),
    };

    private static ReadOnlySpan<byte> Reason(RequestKind kind, SettingResult result) => result switch
    {
        SettingResult.ZoneUnknown => "no such zone is configured"u8,
        SettingResult.PolicyUnknown => "no such timeout policy is configured"u8,
        SettingResult.AboveCapacity => "more entries than memory was taken for at start, by Conntrack.Capacity"u8,
        SettingResult.AbovePlaces when kind == RequestKind.SetBuckets => "too few buckets for the table's limit"u8,
        SettingResult.AbovePlaces => "more entries than the buckets have places for: resize the table first"u8,
        SettingResult.ResizeRunning => "a resize is running already"u8,
        SettingResult.OutOfMemory => "no memory for so many buckets"u8,
        SettingResult.ValueInvalid => "the value is out of bounds"u8,
        SettingResult.NotNow => "the table cannot be changed at this moment"u8,
        _ => throw new ArgumentOutOfRangeException(nameof(result)),
    };

    private static void WriteRefusal(Utf8JsonWriter json, RequestKind kind, in SettingOutcome outcome)
    {
        json.WriteString("code"u8, Code(outcome.Kind));
        ReadOnlySpan<byte> reason = Reason(kind, outcome.Kind);
        if (outcome.Bound is not { } bound)
        {
            json.WriteString("error"u8, reason);
            return;
        }

        Span<byte> error = stackalloc byte[ErrorBytesMax];
        reason.CopyTo(error);
        int length = reason.Length;
        "; nearest: "u8.CopyTo(error[length..]);
        length += "; nearest: "u8.Length;
        _ = Utf8Formatter.TryFormat(bound, error[length..], out int digits);
        json.WriteString("error"u8, error[..(length + digits)]);
        json.WriteNumber("bound"u8, bound);
    }

    private static void WritePolicy(Utf8JsonWriter json, ReadOnlySpan<byte> name)
    {
        if (name.IsEmpty)
        {
            json.WriteNull("policy"u8);
        }
        else
        {
            json.WriteString("policy"u8, name);
        }
    }

    private static void WriteNumber(Utf8JsonWriter json, ReadOnlySpan<byte> name, long? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(name, number);
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
