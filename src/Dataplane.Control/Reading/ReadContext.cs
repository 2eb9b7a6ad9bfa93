using System;
using System.Collections.Generic;
using System.Linq;
using Dataplane.Control.Configuration;
using Dataplane.Control.Diagnostics;

namespace Dataplane.Control.Reading;

/// <summary>What sections that are read later need of those read before.</summary>
internal sealed class ReadContext
{
    internal required DiagnosticBag Bag { get; init; }

    /// <summary>Checks a device's text and returns what is wrong with it, or null; the caller knows the drivers.</summary>
    internal required Func<string, string?> DeviceCheck { get; init; }

    internal List<PortConfiguration> Ports { get; } = [];

    internal List<PoolConfiguration> Pools { get; } = [];

    internal List<ZoneConfiguration> Zones { get; } = [];

    internal List<TimeoutPolicyConfiguration> TimeoutPolicies { get; } = [];

    /// <summary>The index of a port by its name; -1 after reporting that there is none.</summary>
    internal int PortIndex(SectionReader reader, ConfigurationNode node, string name) =>
        Index(reader, node, name, DiagnosticCode.PortUnknown, "port", [.. Ports.Select(port => port.Name)]);

    internal int PoolIndex(SectionReader reader, ConfigurationNode node, string name) =>
        Index(reader, node, name, DiagnosticCode.PoolUnknown, "pool", [.. Pools.Select(pool => pool.Name)]);

    internal int ZoneIndex(SectionReader reader, ConfigurationNode node, string name) =>
        Index(reader, node, name, DiagnosticCode.ZoneUnknown, "zone", [.. Zones.Select(zone => zone.Name)]);

    /// <summary>0 for the default policy, else from 1; 0 after reporting that there is none.</summary>
    internal byte TimeoutPolicy(SectionReader reader, ConfigurationNode node, string name) =>
        string.Equals(name, TimeoutPolicyConfiguration.DefaultName, StringComparison.OrdinalIgnoreCase)
            ? (byte)0
            : (byte)(1 + Index(reader, node, name, DiagnosticCode.TimeoutPolicyUnknown, "timeout policy",
                [.. TimeoutPolicies.Select(policy => policy.Name)]));

    private static int Index(
        SectionReader reader, ConfigurationNode node, string name, DiagnosticCode code, string noun, string[] names)
    {
        int index = Array.FindIndex(names, known => string.Equals(known, name, StringComparison.OrdinalIgnoreCase));
        if (index < 0)
        {
            string remedy = Spelling.DidYouMean(name, names)
                ?? (names.Length == 0 ? $"there is no {noun}" : $"there are: {string.Join(", ", names.Take(16))}");
            reader.Report(code, node, $"no such {noun}", remedy);
        }

        return index;
    }
}
