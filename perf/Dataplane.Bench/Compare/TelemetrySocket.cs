using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
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
        ProcessId = greeting.RootElement.GetProperty("pid").GetInt32();
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
            catch (Exception error) when (error is PeerException or KeyNotFoundException or InvalidOperationException)
            {
                socket.Dispose();
                throw new PeerException($"{path} does not greet as telemetry does: {error.Message}");
            }
        }
    }

    /// <summary>The ids of the ports that exist now.</summary>
    public IReadOnlyList<int> Ports()
    {
        using JsonDocument reply = Ask("/ethdev/list");
        List<int> ports = [];
        if (reply.RootElement.GetProperty("/ethdev/list") is { ValueKind: JsonValueKind.Array } list)
        {
            foreach (JsonElement port in list.EnumerateArray())
            {
                ports.Add(port.GetInt32());
            }
        }

        return ports;
    }

    /// <summary>DPDK's name of a port's device; null when there is no such port.</summary>
    public string? NameOf(int port)
    {
        using JsonDocument reply = Ask($"/ethdev/info,{port}");
        return reply.RootElement.GetProperty("/ethdev/info") is { ValueKind: JsonValueKind.Object } info
            ? info.GetProperty("name").GetString()
            : null;
    }

    /// <summary>The extended statistics of a port by name; empty when there is no such port.</summary>
    public IReadOnlyDictionary<string, long> Statistics(int port)
    {
        using JsonDocument reply = Ask($"/ethdev/xstats,{port}");
        Dictionary<string, long> statistics = [];
        if (reply.RootElement.GetProperty("/ethdev/xstats") is { ValueKind: JsonValueKind.Object } values)
        {
            foreach (JsonProperty value in values.EnumerateObject())
            {
                statistics[value.Name] = (long)value.Value.GetUInt64();
            }
        }

        return statistics;
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

        try
        {
            return JsonDocument.Parse(_reply.AsMemory(0, count));
        }
        catch (JsonException error)
        {
            throw new PeerException($"telemetry answered what is not JSON: {error.Message}");
        }
    }
}
