using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Threading;

namespace Dataplane.Bench.Compare;

/// <summary>A client of the telemetry socket (version 2) that every DPDK process opens: counters of its ports.</summary>
/// <remarks>
/// Sequenced packets over a Unix socket: a greeting that names the process, then one JSON object for each request
/// "/command,parameters", keyed by the command. A process that does not answer within two seconds counts as failed.
/// </remarks>
internal sealed class TelemetrySocket : IDisposable
{
    private const int ReplyBytesMax = 64 << 10; // the greeting's max_output_len is 16 KiB
    private const int TimeoutMs = 2000;

    private readonly Socket _socket;
    private readonly byte[] _reply = new byte[ReplyBytesMax];

    private TelemetrySocket(Socket socket)
    {
        _socket = socket;
        using JsonDocument greeting = Receive();
        ProcessId = Understand(greeting, root => root.GetProperty("pid").GetInt32());
    }

    /// <summary>The process that answers.</summary>
    public int ProcessId { get; }

    /// <summary>Where a process started with <c>--file-prefix</c> listens.</summary>
    public static string PathOf(string prefix) => $"/var/run/dpdk/{prefix}/dpdk_telemetry.v2";

    /// <summary>Waits for the socket and connects.</summary>
    /// <param name="path">The socket.</param>
    /// <param name="patience">How long it may take to appear.</param>
    /// <param name="check">Called while waiting; throws when the process has ended.</param>
    /// <exception cref="PeerException">It does not appear, or does not speak as expected.</exception>
    public static TelemetrySocket Connect(string path, TimeSpan patience, Action check)
    {
        long began = Stopwatch.GetTimestamp();
        while (true)
        {
            check();
            Socket socket = new(AddressFamily.Unix, SocketType.Seqpacket, ProtocolType.Unspecified)
            {
                ReceiveTimeout = TimeoutMs,
                SendTimeout = TimeoutMs,
            };
            try
            {
                socket.Connect(new UnixDomainSocketEndPoint(path));
                return new TelemetrySocket(socket);
            }
            catch (SocketException error)
            {
                socket.Dispose();
                if (Stopwatch.GetElapsedTime(began) > patience)
                {
                    throw new PeerException($"{path} does not answer: {error.Message}");
                }

                Thread.Sleep(5);
            }
            catch (PeerException error)
            {
                socket.Dispose();
                throw new PeerException($"{path} does not greet as telemetry does: {error.Message}");
            }
        }
    }

    /// <summary>The ids of the ports that exist now.</summary>
    /// <exception cref="PeerException">No answer, or none that this command has.</exception>
    public IReadOnlyList<int> Ports()
    {
        using JsonDocument reply = Ask("/ethdev/list");
        return Understand<IReadOnlyList<int>>(reply, root => root.GetProperty("/ethdev/list") is { ValueKind: JsonValueKind.Array } list
            ? [.. list.EnumerateArray().Select(port => port.GetInt32())]
            : []);
    }

    /// <summary>DPDK's name of a port's device; null when there is no such port.</summary>
    /// <exception cref="PeerException">No answer, or none that this command has.</exception>
    public string? NameOf(int port)
    {
        using JsonDocument reply = Ask($"/ethdev/info,{port}");
        return Understand(reply, root => root.GetProperty("/ethdev/info") is { ValueKind: JsonValueKind.Object } info
            ? info.GetProperty("name").GetString()
            : null);
    }

    /// <summary>The extended statistics of a port by name; empty when there is no such port.</summary>
    /// <exception cref="PeerException">No answer, or none that this command has.</exception>
    public IReadOnlyDictionary<string, long> Statistics(int port)
    {
        using JsonDocument reply = Ask($"/ethdev/xstats,{port}");
        return Understand<IReadOnlyDictionary<string, long>>(reply, root =>
            root.GetProperty("/ethdev/xstats") is { ValueKind: JsonValueKind.Object } values
                ? values.EnumerateObject().ToDictionary(value => value.Name, value => (long)value.Value.GetUInt64())
                : new Dictionary<string, long>());
    }

    /// <summary>Gives an order to a port of the generator, such as "/generator/rate" and "net_generator0,paused".</summary>
    /// <exception cref="PeerException">It was refused, or the process knows no such order.</exception>
    public void Order(string command, string parameters)
    {
        using JsonDocument reply = Ask($"{command},{parameters}");
        string? refusal = Understand(reply, root => root.GetProperty(command) switch
        {
            { ValueKind: JsonValueKind.Object } answer => answer.TryGetProperty("error", out JsonElement error) ? error.GetString() : null,
            _ => "unknown",
        });
        if (refusal is not null)
        {
            throw new PeerException($"{command},{parameters}: {refusal}");
        }
    }

    public void Dispose() => _socket.Dispose();

    private JsonDocument Ask(string request)
    {
        try
        {
            _ = _socket.Send(Encoding.ASCII.GetBytes(request));
            return Receive();
        }
        catch (SocketException error)
        {
            throw new PeerException($"{request}: {error.Message}");
        }
    }

    private JsonDocument Receive()
    {
        int count = _socket.Receive(_reply);
        if (count == 0)
        {
            throw new PeerException("the process closed its telemetry socket");
        }

        if (count == _reply.Length)
        {
            throw new PeerException($"telemetry answered {ReplyBytesMax} bytes or more"); // the rest is gone with the packet
        }

        try
        {
            return JsonDocument.Parse(_reply.AsMemory(0, count));
        }
        catch (JsonException error)
        {
            throw new PeerException($"telemetry answered what is not JSON: {error.Message}");
        }
    }

    /// <summary>Reads an answer; one of another shape is the process's fault.</summary>
    private static T Understand<T>(JsonDocument reply, Func<JsonElement, T> read)
    {
        try
        {
            return read(reply.RootElement);
        }
        catch (Exception error) when (error is KeyNotFoundException or InvalidOperationException or FormatException or ArgumentException)
        {
            throw new PeerException($"telemetry answered something else than was asked for: {error.Message}");
        }
    }
}
