using System.Collections.Immutable;
using System.Linq;
using Dataplane.Control.Configuration;
using Dataplane.Control.Diagnostics;

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
            return new FilterRule(number, match, comment, rule.Choice("Do", FilterAction.Drop, s_actions));
        });
        return (rules, otherwise);
    }
}
