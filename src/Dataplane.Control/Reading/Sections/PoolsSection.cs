using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using Dataplane.Control.Configuration;
using Dataplane.Control.Diagnostics;

namespace Dataplane.Control.Reading.Sections;

/// <summary>Reads <c>Pools</c>, after <c>Ports</c>.</summary>
internal static class PoolsSection
{
    private const int PoolsMax = 1024;
    private const int RangesMax = 1024;
    private const int AddressesMax = 1 << 20;

    internal static void Read(SectionReader root, ReadContext context)
    {
        SectionReader section = root.Section("Pools");
        foreach (ConfigurationNode node in section.Children)
        {
            if (context.Pools.Count == PoolsMax)
            {
                section.ReportKey(DiagnosticCode.LimitExceeded, node, $"more than {PoolsMax} pools");
                return;
            }

            Names.Check(section, node);
            SectionReader reader = new(node, context.Bag);
            ImmutableArray<Ipv4Range> addresses = ReadAddresses(reader, context);
            PortRange ports = reader.Value(
                "Ports", PoolConfiguration.DefaultPorts, DiagnosticCode.PortRangeInvalid, ValueSyntax.TryPortRange);
            CheckMapping(reader);
            reader.Unsupported("BlockSize", "Filtering", "Paired", "PortsPerSubscriber", "Deterministic");
            reader.Finish();
            context.Pools.Add(new PoolConfiguration(node.Name, addresses, ports));
        }
    }

    private static ImmutableArray<Ipv4Range> ReadAddresses(SectionReader reader, ReadContext context)
    {
        IReadOnlyList<(ConfigurationNode Node, string Text)> items = reader.List("Addresses");
        if (items.Count == 0 && reader.Exists)
        {
            reader.Missing("Addresses", "a pool needs addresses", "such as \"203.0.113.0/28\"");
        }

        ImmutableArray<Ipv4Range>.Builder ranges = ImmutableArray.CreateBuilder<Ipv4Range>();
        foreach ((ConfigurationNode node, string text) in items)
        {
            Ipv4Range range = reader.Parse<Ipv4Range>(node, text, default, DiagnosticCode.AddressRangeInvalid, ValueSyntax.TryAddressRange);
            if (range == default)
            {
                continue;
            }

            long total = ranges.Sum(other => other.Count) + range.Count;
            if (Unusable(range) is { } problem)
            {
                reader.Report(DiagnosticCode.AddressRangeInvalid, node, problem);
            }
            else if (ranges.Any(range.Overlaps))
            {
                reader.Report(DiagnosticCode.AddressConflict, node, $"{range} overlaps another range of the pool");
            }
            else if (ranges.Count == RangesMax || total > AddressesMax)
            {
                reader.Report(DiagnosticCode.LimitExceeded, node, $"a pool holds at most {RangesMax} ranges and {AddressesMax} addresses");
            }
            else
            {
                WarnOfOverlap(reader, node, range, context);
                ranges.Add(range);
            }
        }

        return ranges.ToImmutable();
    }

    /// <summary>Why a range cannot be sources on the internet or inside, or null.</summary>
    internal static string? Unusable(Ipv4Range range)
    {
        uint first = range.First.Host >> 24;
        uint last = range.Last.Host >> 24;
        return first == 0 || last >= 224 || (first <= 127 && last >= 127)
            ? $"{range} holds addresses that are not unicast"
            : null;
    }

    private static void WarnOfOverlap(SectionReader reader, ConfigurationNode node, Ipv4Range range, ReadContext context)
    {
        foreach (PortConfiguration port in context.Ports)
        {
            foreach (Ipv4Prefix prefix in port.Addresses.Where(prefix => prefix.Range.Overlaps(range)))
            {
                reader.Report(DiagnosticCode.PoolOverlapsPort, node,
                    $"{range} overlaps {prefix} of port {port.Name}: the router answers ARP for the pool's addresses there, "
                    + "and hosts that really have them cannot be reached");
            }
        }
    }

    private static void CheckMapping(SectionReader reader)
    {
        if (reader.Text("Mapping", out ConfigurationNode? node) is { } text
            && !string.Equals(text, "EndpointDependent", System.StringComparison.OrdinalIgnoreCase))
        {
            bool known = string.Equals(text, "EndpointIndependent", System.StringComparison.OrdinalIgnoreCase);
            reader.Report(
                known ? DiagnosticCode.KeyUnsupported : DiagnosticCode.ChoiceInvalid,
                node!,
                known ? "not supported yet in this version" : "must be EndpointDependent",
                "use EndpointDependent, or remove the key");
        }
    }
}
