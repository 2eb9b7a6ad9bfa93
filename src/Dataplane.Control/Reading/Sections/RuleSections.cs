using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Globalization;
using System.Linq;
using Dataplane.Control.Configuration;
using Dataplane.Control.Diagnostics;

namespace Dataplane.Control.Reading.Sections;

/// <summary>Reads the parts that the four rule lists share: numbers, order, comments, shadowing.</summary>
internal static class RuleSections
{
    private const int NumberMax = 1_000_000;
    private const int RulesMax = 10_000;
    private const int CommentMax = 256;

    /// <param name="section">The list.</param>
    /// <param name="context">Names of ports, pools and zones.</param>
    /// <param name="firstMatchDecides">True if a rule can be shadowed.</param>
    /// <param name="read">Reads one rule from its section, its node, number and comment.</param>
    internal static ImmutableArray<T> Read<T>(
        SectionReader section, ReadContext context, bool firstMatchDecides, Func<SectionReader, ConfigurationNode, int, string, T> read)
        where T : Rule
    {
        SortedDictionary<int, (ConfigurationNode Node, T Rule)> rules = [];
        foreach (ConfigurationNode node in section.Children.Where(node => !IsDefault(node)))
        {
            if (rules.Count == RulesMax)
            {
                section.ReportKey(DiagnosticCode.LimitExceeded, node, $"more than {RulesMax} rules in a list");
                break;
            }

            int number = ReadNumber(section, node);
            if (number == 0 && node.Kind != NodeKind.Section)
            {
                // Neither a rule's key nor a rule: most likely "Default" misspelt, and reported as that.
                continue;
            }

            SectionReader reader = new(node, context.Bag);
            T rule = read(reader, node, number, ReadComment(reader));
            reader.Finish();
            if (rule.Number != 0 && !rules.TryAdd(rule.Number, (node, rule)))
            {
                section.ReportKey(DiagnosticCode.RuleNumberConflict, node, $"the same number as {rules[rule.Number].Node.Path}");
            }
        }

        if (firstMatchDecides)
        {
            WarnOfShadows(section, [.. rules.Values]);
        }

        return [.. rules.Values.Select(item => item.Rule)];
    }

    internal static bool IsDefault(ConfigurationNode node) => string.Equals(node.Name, "Default", StringComparison.OrdinalIgnoreCase);

    private static int ReadNumber(SectionReader section, ConfigurationNode node)
    {
        bool good = int.TryParse(node.Name, NumberStyles.None, CultureInfo.InvariantCulture, out int number);
        if (good && number is >= 1 and <= NumberMax)
        {
            // "010" and "10" are two keys and one number: the second of them is reported as a repetition.
            return number;
        }

        string[] words = section.Children.Any(IsDefault) ? [] : ["Default"];
        section.ReportKey(DiagnosticCode.RuleNumberInvalid, node, DiagnosticCodes.Explain(DiagnosticCode.RuleNumberInvalid),
            Spelling.DidYouMean(node.Name, words));
        return 0;
    }

    private static string ReadComment(SectionReader reader)
    {
        if (reader.Text("Comment", out ConfigurationNode? node) is not { } text)
        {
            return "";
        }

        if (text.Length > CommentMax || text.Any(char.IsControl))
        {
            reader.Report(DiagnosticCode.NameInvalid, node!, $"a comment has at most {CommentMax} characters and no control characters");
        }

        return text;
    }

    private static void WarnOfShadows<T>(SectionReader section, List<(ConfigurationNode Node, T Rule)> rules)
        where T : Rule
    {
        // Quadratic: beyond this many rules a start must not wait for a hint.
        const int checkedMax = 2_000;
        for (int later = 1; later < Math.Min(rules.Count, checkedMax); later++)
        {
            int earlier = rules.FindIndex(0, later, candidate => candidate.Rule.Match.Covers(rules[later].Rule.Match));
            if (earlier >= 0)
            {
                section.ReportKey(DiagnosticCode.RuleShadowed, rules[later].Node,
                    $"never reached: rule {rules[earlier].Rule.Number} matches all that this one does");
            }
        }
    }
}
