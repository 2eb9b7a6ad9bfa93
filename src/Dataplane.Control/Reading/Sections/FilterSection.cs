using System.Collections.Immutable;
using System.Linq;
using Dataplane.Control.Configuration;
using Dataplane.Control.Diagnostics;
using PacketState = Dataplane.Nat.PacketState;

namespace Dataplane.Control.Reading.Sections;

/// <summary>Reads <c>Filter</c>: numbered rules and <c>Default</c>.</summary>
internal static class FilterSection
{
    private static readonly (string Word, FilterAction Value)[] s_actions =
        [("accept", FilterAction.Accept), ("drop", FilterAction.Drop), ("reject", FilterAction.Reject)];

    /// <summary>The rules and the default; with a section, what no rule names is dropped unless it says otherwise.</summary>
    internal static (ImmutableArray<FilterRule> Rules, FilterAction Default) Read(SectionReader root, ReadContext context)
    {
        bool written = root.Take("Filter") is not null;
        SectionReader section = root.Section("Filter");
        FilterAction otherwise = section.Choice("Default", written ? FilterAction.Drop : FilterAction.Accept, s_actions);
        ImmutableArray<FilterRule> rules = RuleSections.Read(section, context, firstMatchDecides: true, (rule, node, number, comment) =>
        {
            RuleMatch match = MatchSection.Read(rule, context, routed: true, translates: false);
            if (rule.Exists && rule.Take("Do") is null)
            {
                rule.Missing("Do", "the rule decides nothing", "add \"Do\": \"accept\", \"drop\" or \"reject\"");
            }

            rule.Unsupported("Log", "Limit");
            FilterAction action = rule.Choice("Do", FilterAction.Drop, s_actions);
            if (action != FilterAction.Accept && (match.States & 1 << (int)PacketState.Established) != 0)
            {
                SectionReader condition = rule.Section("Match");
                condition.Report(DiagnosticCode.MatchNotPossible, condition.Take("State")!,
                    "packets of a connection pass by its entry, without the rules: they cannot be refused here",
                    "refuse the connection's first packet: State new");
            }

            return new FilterRule(number, match, comment, action);
        });
        return (rules, otherwise);
    }
}
