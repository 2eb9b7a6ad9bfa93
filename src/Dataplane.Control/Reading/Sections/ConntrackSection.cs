using System;
using System.Collections.Immutable;
using System.Linq;
using Dataplane.Conntrack;
using Dataplane.Control.Configuration;
using Dataplane.Control.Diagnostics;

namespace Dataplane.Control.Reading.Sections;

/// <summary>Reads <c>Conntrack</c>.</summary>
internal static class ConntrackSection
{
    internal const int MaxEntriesDefault = 1_000_000;

    internal static ConntrackConfiguration Read(SectionReader root)
    {
        SectionReader reader = root.Section("Conntrack");
        if (reader.Text("Invalid", out ConfigurationNode? invalid) is { } text
            && !string.Equals(text, "drop", StringComparison.OrdinalIgnoreCase))
        {
            reader.Report(DiagnosticCode.ChoiceInvalid, invalid!,
                "must be drop: an invalid packet forwarded untranslated would carry an inside address out");
        }

        (int maxEntries, int capacity) = ReadSize(reader);
        ConntrackConfiguration conntrack = new(
            maxEntries,
            capacity,
            reader.Integer("Buckets", 0, 1, ConntrackConfiguration.BucketsMax),
            reader.Boolean("TcpLoose", false),
            reader.Boolean("Checksum", true),
            reader.Boolean("Accounting", true),
            ReadTimeouts(reader.Section("Timeouts")));
        reader.Unsupported("TcpLiberal", "TimeoutPolicies", "Helpers", "SoftTimeouts", "Events", "File");
        reader.Finish();
        return conntrack;
    }

    /// <summary>The limit at start, and the highest that it can be raised to.</summary>
    private static (int MaxEntries, int Capacity) ReadSize(SectionReader reader)
    {
        const int min = ConntrackConfiguration.MaxEntriesMin;
        const int max = ConntrackConfiguration.MaxEntriesMax;
        int given = reader.Integer("MaxEntries", 0, min, max);
        bool isWrong = given == 0 && reader.Take("MaxEntries") is not null;

        // One mistake is one complaint: everything that is compared with a wrong limit is below it.
        int entries = isWrong ? int.MaxValue : given == 0 ? MaxEntriesDefault : given;
        int capacity = reader.Integer("Capacity", 0, min, max);
        if (capacity != 0 && capacity < entries && !isWrong)
        {
            string which = given == 0 ? ", its default" : "";
            reader.Report(DiagnosticCode.CapacityBelowLimit, reader.Take("Capacity")!,
                $"must be at least MaxEntries = {entries}{which}: the table cannot hold more than there is memory for",
                $"nearest: {entries}");
        }

        return (entries, Math.Max(entries, capacity));
    }

    private static ImmutableSortedDictionary<ConnectionState, uint> ReadTimeouts(SectionReader reader)
    {
        ImmutableSortedDictionary<ConnectionState, uint>.Builder seconds = ImmutableSortedDictionary.CreateBuilder<ConnectionState, uint>();
        foreach (TimeoutKey key in TimeoutKey.All)
        {
            uint value = reader.Value(key.Name, key.DefaultSeconds, DiagnosticCode.DurationInvalid, ValueSyntax.TryDuration);
            if (value < key.FloorSeconds)
            {
                reader.Report(DiagnosticCode.TimeoutBelowFloor, reader.Take(key.Name)!,
                    $"{key.Source} asks for at least {key.FloorSeconds}s: live connections may be cut");
            }

            foreach (ConnectionState state in key.States)
            {
                seconds[state] = value;
            }
        }

        // Every packet of this version belongs to a protocol above, so a timeout for others would do nothing.
        reader.Unsupported("Generic", "Sctp", "Gre", "Icmpv6", "TcpMaxRetrans", "TcpUnacknowledged");
        reader.Finish();
        return seconds.ToImmutable();
    }
}
