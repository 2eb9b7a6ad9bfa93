using System;
using Dataplane.Conntrack;
using Dataplane.Control.Configuration;
using Dataplane.Control.Diagnostics;

namespace Dataplane.Control.Reading.Sections;

/// <summary>Reads <c>Conntrack</c>.</summary>
internal static class ConntrackSection
{
    internal const int MaxEntriesDefault = 1_000_000;

    internal static ConntrackConfiguration Read(SectionReader root, ReadContext context)
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
            new TcpPolicy(
                IsLoose: reader.Boolean("TcpLoose", false),
                IsLiberal: reader.Boolean("TcpLiberal", false),
                RetransmissionsMax: (byte)reader.Integer(
                    "TcpMaxRetransmissions", TcpPolicy.Strict.RetransmissionsMax, 1, TcpWindows.RetransmissionsMax)),
            reader.Boolean("Checksum", true),
            reader.Boolean("Accounting", true),
            TimeoutsSection.Read(reader, context))
        {
            TimeoutPolicies = [.. context.TimeoutPolicies],
        };
        reader.Unsupported("Helpers", "SoftTimeouts", "Events", "File");
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
}
