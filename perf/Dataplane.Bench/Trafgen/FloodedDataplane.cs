using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Nodes;
using Dataplane.Control.Client;
using Dataplane.Lab;

namespace Dataplane.Bench.Trafgen;

/// <summary>This router: the process, with the lab's configuration and the attacker's link added to it.</summary>
internal sealed class FloodedDataplane : FloodedRouter
{
    private readonly ControlClient _client;

    /// <exception cref="LabException">The router did not start.</exception>
    public FloodedDataplane(Lab.Lab lab, FloodSettings settings)
    {
        LabOptions options = lab.Options with
        {
            Cores = settings.WorkerCpu.ToString(CultureInfo.InvariantCulture),
            Configure = root => Configure(root, settings.EntriesMax),
        };
        DataplaneRouter router = new(lab.Topology, options, lab.Folder);
        lab.Start(router);
        _client = ControlClient.Connect(router.SocketPath);
    }

    /// <summary>What it lacks here.</summary>
    public static string? Missing()
    {
        try
        {
            _ = RepositoryPaths.RouterAssembly;
            return null;
        }
        catch (LabException e)
        {
            return e.Message;
        }
    }

    /// <inheritdoc/>
    public override TableState ReadTable()
    {
        Dictionary<string, long> status = Rows("status").Single();
        return new TableState(status["connections"], status["inserted"]);
    }

    /// <inheritdoc/>
    public override RouterReading Read()
    {
        Dictionary<string, long> status = Rows("status").Single();
        Dictionary<string, long> drops = [];
        foreach (JsonElement row in _client.Show("drops"))
        {
            drops[row.GetProperty("reason").GetString()!] = row.GetProperty("packets").GetInt64();
        }

        long taken = 0;
        foreach (JsonElement row in _client.Show("ports"))
        {
            taken += row.GetProperty("port").GetString() == "dmz" ? row.GetProperty("rxPackets").GetInt64() : 0;
        }

        return new RouterReading(
            taken, new TableState(status["connections"], status["inserted"]), status["deleted"] - status["expired"], drops);
    }

    protected override void Dispose(bool disposing) => _client.Dispose();

    private static void Configure(JsonObject root, int entriesMax)
    {
        root["Conntrack"] = new JsonObject { ["MaxEntries"] = entriesMax };
        root["Pools"] = new JsonObject { ["flood"] = new JsonObject { ["Addresses"] = Pool, ["Ports"] = "1024-65535" } };
        root["Routes"]![Sources] = new JsonObject { ["Via"] = LabAddresses.Server };
        root["Filter"]!["15"] = new JsonObject { ["Match"] = new JsonObject { ["In"] = "dmz" }, ["Do"] = "accept" };
        root["Source"]!["80"] = new JsonObject
        {
            ["Match"] = new JsonObject { ["In"] = "dmz", ["Out"] = "wan" },
            ["To"] = "pool:flood",
        };
    }

    /// <summary>The numbers of each row of a topic.</summary>
    private IEnumerable<Dictionary<string, long>> Rows(string what)
    {
        foreach (JsonElement row in _client.Show(what))
        {
            yield return row.EnumerateObject()
                .Where(field => field.Value.ValueKind == JsonValueKind.Number && field.Value.TryGetInt64(out _))
                .ToDictionary(field => field.Name, field => field.Value.GetInt64());
        }
    }
}
