using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json;
using Dataplane.Bench.Compare;
using Dataplane.Control.Client;

namespace Dataplane.Bench.Latency;

/// <summary>Asks this router, over its control socket, what it has allocated and how often it has collected.</summary>
internal sealed class ManagedMemory : IDisposable
{
    private readonly ControlClient _client;

    private ManagedMemory(ControlClient client) => _client = client;

    /// <summary>Connects to the control socket that a running router's configuration file names.</summary>
    /// <param name="processId">The router: <c>dotnet dataplane.dll run -c FILE</c>.</param>
    /// <exception cref="PeerException">The process is no router, or its socket does not answer.</exception>
    public static ManagedMemory Of(int processId)
    {
        try
        {
            string[] arguments = Encoding.UTF8.GetString(File.ReadAllBytes($"/proc/{processId}/cmdline")).Split('\0');
            int option = Array.IndexOf(arguments, "-c");
            if (option < 0 || option + 1 >= arguments.Length)
            {
                throw new PeerException($"process {processId} was not started with a configuration file");
            }

            using JsonDocument configuration = JsonDocument.Parse(File.ReadAllText(arguments[option + 1]));
            string? path = configuration.RootElement.GetProperty("Control").GetProperty("Socket").GetString();
            return new ManagedMemory(ControlClient.Connect(path ?? throw new PeerException("the configuration's control socket is null")));
        }
        catch (Exception error) when (error is IOException or JsonException or KeyNotFoundException or ControlClientException)
        {
            throw new PeerException($"the router's control socket: {error.Message}");
        }
    }

    /// <summary>The sums now, since the router began.</summary>
    /// <exception cref="PeerException">It does not tell.</exception>
    public ManagedUse Read()
    {
        try
        {
            long workers = _client.Show("workers").Sum(row => row.GetProperty("allocatedBytes").GetInt64());
            JsonElement[] rows = [.. _client.Show("status").Select(row => row.Clone())]; // to the end, where the next answer begins
            JsonElement status = rows.Single();
            return new ManagedUse(status.GetProperty("collections").GetInt64(), status.GetProperty("allocatedBytes").GetInt64(), workers);
        }
        catch (Exception error) when (error is ControlClientException or KeyNotFoundException or InvalidOperationException)
        {
            throw new PeerException($"the router's control socket: {error.Message}");
        }
    }

    public void Dispose() => _client.Dispose();
}
