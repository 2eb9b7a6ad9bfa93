using System;
using System.Collections.Generic;
using System.IO;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using NetSocket = System.Net.Sockets.Socket;

namespace Dataplane.Control.Client;

/// <summary>Asks a running router over its control socket. Runs in short-lived processes and allocates freely.</summary>
public sealed class ControlClient : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(15);

    private readonly string _path;
    private readonly NetSocket _socket;
    private readonly StreamReader _reader;

    private ControlClient(string path, NetSocket socket)
    {
        _path = path;
        _socket = socket;
        _reader = new StreamReader(new NetworkStream(socket), new UTF8Encoding(false));
    }

    /// <exception cref="ControlClientException">Nobody listens, or the socket is not open to this user.</exception>
    public static ControlClient Connect(string path)
    {
        NetSocket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
        {
            ReceiveTimeout = (int)s_patience.TotalMilliseconds,
            SendTimeout = (int)s_patience.TotalMilliseconds,
        };
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return new ControlClient(path, socket);
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.AccessDenied)
        {
            socket.Dispose();
            throw new ControlClientException(ControlFailure.NotPermitted,
                $"no permission for {path}: it is open to root and its group", exception);
        }
        catch (Exception exception) when (exception is SocketException or ArgumentException)
        {
            socket.Dispose();
            throw new ControlClientException(ControlFailure.Unreachable,
                $"no router answers on {path}: {exception.Message.ReplaceLineEndings(" ")}", exception);
        }
    }

    /// <summary>Asks for rows and hands them on as they arrive, so that a dump of any length needs no memory.</summary>
    /// <param name="what">The topic's word, such as <c>conntrack</c>.</param>
    /// <returns>JSON objects, each valid until the next is asked for.</returns>
    /// <exception cref="ControlClientException">The router refused, or broke off before its end line.</exception>
    public IEnumerable<JsonElement> Show(string what)
    {
        Send(new Dictionary<string, object?> { ["verb"] = "show", ["what"] = what });
        using (JsonDocument head = ReadLine())
        {
            ThrowIfRefused(head.RootElement);
        }

        while (true)
        {
            using JsonDocument line = ReadLine();
            JsonElement row = line.RootElement;
            ThrowIfRefused(row);
            if (row.TryGetProperty("end", out _))
            {
                yield break;
            }

            yield return row;
        }
    }

    /// <summary>Changes how many connections the whole table holds.</summary>
    /// <exception cref="ControlClientException">The router refused.</exception>
    public SettingChange SetEntriesMax(long entriesMax) =>
        Set(new Dictionary<string, object?> { ["what"] = "limit", ["max"] = entriesMax });

    /// <summary>Changes how many connections one zone holds; null for no limit but the table's.</summary>
    /// <exception cref="ControlClientException">The router refused; <see cref="ControlFailure.NotFound"/> if it has no such
    /// zone.</exception>
    public SettingChange SetZoneMax(string zone, long? entriesMax) =>
        Set(new Dictionary<string, object?> { ["what"] = "limit", ["zone"] = zone, ["max"] = entriesMax });

    /// <summary>Begins to move the connections into another number of buckets; the router rounds it up.</summary>
    /// <exception cref="ControlClientException">The router refused.</exception>
    public SettingChange SetBuckets(long buckets) =>
        Set(new Dictionary<string, object?> { ["what"] = "table", ["buckets"] = buckets });

    /// <summary>Changes how long connections in a state live; standing deadlines move with their next packet.</summary>
    /// <param name="policy">A policy's name; null for the default one.</param>
    /// <param name="state">The state's name, as the configuration's keys.</param>
    /// <param name="seconds">From now on.</param>
    /// <exception cref="ControlClientException">The router refused; <see cref="ControlFailure.NotFound"/> if it has no such policy
    /// or state.</exception>
    public SettingChange SetTimeout(string? policy, string state, long seconds)
    {
        Dictionary<string, object?> request = new() { ["what"] = "timeout", ["state"] = state, ["seconds"] = seconds };
        if (policy is not null)
        {
            request["policy"] = policy;
        }

        return Set(request);
    }

    public void Dispose()
    {
        _reader.Dispose();
        _socket.Dispose();
    }

    private SettingChange Set(Dictionary<string, object?> request)
    {
        request["verb"] = "set";
        Send(request);
        using JsonDocument line = ReadLine();
        JsonElement reply = line.RootElement;
        ThrowIfRefused(reply);
        return TryNumber(reply, "before", out long? before) && TryNumber(reply, "after", out long? after)
            ? new SettingChange(before, after, reply.GetRawText())
            : throw Broken("it sent a reply without the old and the new value", null);
    }

    private static bool TryNumber(JsonElement reply, string name, out long? value)
    {
        value = null;
        if (reply.ValueKind != JsonValueKind.Object || !reply.TryGetProperty(name, out JsonElement field))
        {
            return false;
        }

        if (field.ValueKind == JsonValueKind.Number && field.TryGetInt64(out long number))
        {
            value = number;
        }

        return value is not null || field.ValueKind == JsonValueKind.Null;
    }

    private void Send(Dictionary<string, object?> fields)
    {
        byte[] request = JsonSerializer.SerializeToUtf8Bytes(fields);
        try
        {
            _socket.Send(request);
            _socket.Send("\n"u8);
        }
        catch (SocketException exception) when (exception.SocketErrorCode is SocketError.Shutdown or SocketError.ConnectionReset)
        {
            // The server may have refused at once and closed; its reason is still there to be read.
        }
        catch (SocketException exception)
        {
            throw Broken(exception.Message, exception);
        }
    }

    private JsonDocument ReadLine()
    {
        try
        {
            // A cut-off reason starts on a line of its own, after the rest of a row that may be empty.
            string? line = _reader.ReadLine();
            while (line is { Length: 0 })
            {
                line = _reader.ReadLine();
            }

            return line is null ? throw Broken("it closed the connection", null) : JsonDocument.Parse(line);
        }
        catch (IOException exception)
        {
            throw Broken(exception.InnerException?.Message ?? exception.Message, exception);
        }
        catch (JsonException exception)
        {
            throw Broken("it sent something that is not JSON", exception);
        }
    }

    private static void ThrowIfRefused(JsonElement line)
    {
        if (line.ValueKind == JsonValueKind.Object && line.TryGetProperty("ok", out JsonElement ok) && ok.ValueKind == JsonValueKind.False)
        {
            string code = line.TryGetProperty("code", out JsonElement word) ? word.ToString() : "";
            string error = line.TryGetProperty("error", out JsonElement text) ? text.ToString() : "it gave no reason";
            throw new ControlClientException(Failure(code), $"the router refused: {error}");
        }
    }

    private static ControlFailure Failure(string code) => code switch
    {
        "not_found" or "zone_unknown" or "policy_unknown" or "state_unknown" => ControlFailure.NotFound,
        "value_invalid" or "above_capacity" or "above_places" => ControlFailure.Rejected,
        _ => ControlFailure.Refused,
    };

    private ControlClientException Broken(string reason, Exception? cause) =>
        new(ControlFailure.Refused, $"the router on {_path} broke off: {reason.ReplaceLineEndings(" ")}", cause);
}
