using System.Linq;
using Dataplane.Control.Configuration;
using Dataplane.Control.Diagnostics;

namespace Dataplane.Control.Reading.Sections;

/// <summary>Reads <c>Zones</c>: names for the ids that keep equal tuples apart.</summary>
internal static class ZonesSection
{
    internal static void Read(SectionReader root, ReadContext context)
    {
        SectionReader section = root.Section("Zones");
        foreach (ConfigurationNode node in section.Children)
        {
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

            reader.Unsupported("MaxEntries", "Limit", "NewPerSecond");
            reader.Finish();
            context.Zones.Add(new ZoneConfiguration(node.Name, (ushort)id));
        }
    }
}
