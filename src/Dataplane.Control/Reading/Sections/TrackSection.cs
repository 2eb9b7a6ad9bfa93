using System.Collections.Immutable;
using System.Globalization;
using Dataplane.Control.Configuration;
using Dataplane.Control.Diagnostics;

namespace Dataplane.Control.Reading.Sections;

/// <summary>Reads <c>Track</c>.</summary>
internal static class TrackSection
{
    internal static ImmutableArray<TrackRule> Read(SectionReader root, ReadContext context) =>
        RuleSections.Read(root.Section("Track"), context, firstMatchDecides: false, (rule, node, number, comment) =>
        {
            RuleMatch match = MatchSection.Read(rule, context, routed: false);
            if (rule.Exists && rule.Take("Do") is null)
            {
                rule.Missing("Do", "the rule does nothing", "add \"Do\": { \"NoTrack\": true } or a Mark");
            }

            SectionReader actions = rule.Section("Do");
            bool noTrack = actions.Boolean("NoTrack", false);
            uint? mark = actions.Text("Mark", out ConfigurationNode? markNode) is { } text ? ReadMark(actions, markNode!, text) : null;
            actions.Unsupported("Helper", "Timeouts", "Zone", "Label", "Limit", "TcpLiberal", "SynProxy");
            actions.Finish();
            return new TrackRule(number, match, comment, noTrack, mark);
        });

    private static uint? ReadMark(SectionReader reader, ConfigurationNode node, string text)
    {
        bool hexadecimal = text.StartsWith("0x", System.StringComparison.OrdinalIgnoreCase);
        bool good = hexadecimal
            ? uint.TryParse(text[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint mark)
            : uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out mark);
        if (!good)
        {
            reader.Report(DiagnosticCode.NumberInvalid, node, "a mark is a number of 32 bits", "such as 7 or 0x100");
        }

        return good ? mark : null;
    }
}
