using System.Collections.Immutable;
using Dataplane.Control.Configuration;
using Dataplane.Control.Diagnostics;
using Dataplane.Nat;
using TrackRule = Dataplane.Control.Configuration.TrackRule;
using RuleMatch = Dataplane.Control.Configuration.RuleMatch;

namespace Dataplane.Control.Reading.Sections;

/// <summary>Reads <c>Track</c>.</summary>
internal static class TrackSection
{
    internal static ImmutableArray<TrackRule> Read(SectionReader root, ReadContext context) =>
        RuleSections.Read(root.Section("Track"), context, firstMatchDecides: false, (rule, _, number, comment) =>
        {
            RuleMatch match = MatchSection.Read(rule, context, routed: false, translates: false);
            if (rule.Exists && rule.Take("Do") is null)
            {
                rule.Missing("Do", "the rule does nothing", "add \"Do\": { \"NoTrack\": true }, a Mark, a Label or Timeouts");
            }

            SectionReader actions = rule.Section("Do");
            TrackRule read = new(number, match, comment, actions.Boolean("NoTrack", false), ReadMark(actions))
            {
                Label = actions.Value<ConnectionLabel>("Label", default, DiagnosticCode.LabelInvalid, ValueSyntax.TryLabel),
                TimeoutPolicy = actions.Text("Timeouts", out ConfigurationNode? node) is { } name
                    ? context.TimeoutPolicy(actions, node!, name)
                    : null,
            };
            actions.Refuse("Zone",
                "a packet's zone is needed to look its connection up, before any rule: it is the port's, Ports.NAME.Zone");
            actions.Unsupported("Helper", "Limit", "TcpLiberal", "SynProxy");
            actions.Finish();
            return read;
        });

    private static MarkBits? ReadMark(SectionReader actions)
    {
        MarkBits mark = actions.Value("Mark", MarkBits.Any, DiagnosticCode.MarkInvalid, ValueSyntax.TryMark);
        return mark == MarkBits.Any ? null : mark;
    }
}
