using System.Linq;
using Dataplane.Control.Configuration;
using Dataplane.Control.Diagnostics;

namespace Dataplane.Control.Reading.Sections;

/// <summary>Reads <c>Zones</c>: names for the ids that keep equal tuples apart, and how many connections each may hold.</summary>
internal static class ZonesSection
{
    internal static void Read(SectionReader root, ReadContext context)
    {
        SectionReader section = root.Section("Zones");
        foreach (ConfigurationNode node in section.Children)
        {
            if (context.Zones.Count == ZoneConfiguration.ZonesMax)
            {
                section.ReportKey(DiagnosticCode.LimitExceeded, node, $"more than {ZoneConfiguration.ZonesMax} zones");
                return;
            }

            Names.Check(section, node);
            SectionReader reader = new(node, context.Bag);
            int id = reader.Integer("Id", 0, 1, ushort.MaxValue);
            ConfigurationNode? idNode = node.Find("Id");
            if (reader.Exists && idNode is null)
            {
                reader.Missing("Id", "a zone needs an id", "a number from 1 to 65535");
            }

            if (id != 0 && context.Zones.Find(zone => zone.Id == id) is { } other)
            {
                reader.Report(DiagnosticCode.ZoneConflict, idNode!, $"zone {other.Name} has this id already");
            }

            int maxEntries = reader.Integer("MaxEntries", 0, 1, ZoneConfiguration.MaxEntriesMax);
            reader.Unsupported("Limit", "NewPerSecond");
            reader.Finish();
            context.Zones.Add(new ZoneConfiguration(node.Name, (ushort)id, maxEntries == 0 ? null : maxEntries));
        }
    }
}
