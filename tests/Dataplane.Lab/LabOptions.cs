using System;
using System.Text.Json.Nodes;

namespace Dataplane.Lab;

/// <summary>What varies between labs.</summary>
public sealed record LabOptions
{
    /// <summary>Device of all three ports.</summary>
    public DeviceKind Device { get; init; } = DeviceKind.AfXdp;

    /// <summary>Queues of every veth end and of every port of the router.</summary>
    public int Queues { get; init; } = 1;

    /// <summary>CPUs of the workers, one each, as in the configuration ("0", "0-1").</summary>
    public string Cores { get; init; } = "0";

    /// <summary>False runs the router on ordinary pages (<c>--no-huge</c>).</summary>
    public bool Hugepages { get; init; } = true;

    /// <summary>Changes the router's configuration after everything else has been put in; null leaves it as it is.</summary>
    public Action<JsonObject>? Configure { get; init; }
}
