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
            && !string.Equals(text, "drop", System.StringComparison.OrdinalIgnoreCase))
        {
            reader.Report(DiagnosticCode.ChoiceInvalid, invalid!,
                "must be drop: an invalid packet forwarded untranslated would carry an inside address out");
        }

        ConntrackConfiguration conntrack = new(
            reader.Integer("MaxEntries", MaxEntriesDefault, 1024, 100_000_000),
            reader.Boolean("TcpLoose", false),
            reader.Boolean("Checksum", true),
            reader.Boolean("Accounting", true),
            ReadTimeouts(reader.Section("Timeouts")));
        reader.Unsupported("TcpLiberal", "TimeoutPolicies", "Helpers", "SoftTimeouts", "Events", "File", "Buckets");
        reader.Finish();
        return conntrack;
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
