using System;
using System.Collections.Immutable;
using Dataplane.Control.Configuration;
using Dataplane.Control.Diagnostics;

namespace Dataplane.Control.Reading.Sections;

/// <summary>Reads <c>Source</c>, after <c>Pools</c>.</summary>
internal static class SourceSection
{
    private const string PoolPrefix = "pool:";

    private static readonly SourceTarget s_exempt = new(SourceTargetKind.Exempt, -1, default, null);
    private static readonly SourceTarget s_masquerade = new(SourceTargetKind.Masquerade, -1, default, null);

    internal static ImmutableArray<SourceRule> Read(SectionReader root, ReadContext context) =>
        RuleSections.Read(root.Section("Source"), context, firstMatchDecides: true, (rule, node, number, comment) =>
        {
            RuleMatch match = MatchSection.Read(rule, context, routed: true, translates: true);
            rule.Unsupported("Mapping", "Persistent");
            return new SourceRule(number, match, comment, ReadTarget(rule, match, context));
        });

    private static SourceTarget ReadTarget(SectionReader rule, RuleMatch match, ReadContext context)
    {
        if (rule.Text("To", out ConfigurationNode? node) is not { } text)
        {
            if (rule.Exists && node is null)
            {
                rule.Missing("To", "the rule has no new source", "pool:NAME, ADDRESS[-ADDRESS][:PORT-PORT], masquerade or exempt");
            }

            return s_exempt;
        }

        if (text.StartsWith(PoolPrefix, StringComparison.OrdinalIgnoreCase))
        {
            int pool = context.PoolIndex(rule, node!, text[PoolPrefix.Length..]);
            return new SourceTarget(SourceTargetKind.Pool, pool, default, null);
        }

        switch (text.ToLowerInvariant())
        {
            case "exempt":
                return s_exempt;
            case "masquerade":
                CheckMasquerade(rule, node!, match, context);
                return s_masquerade;
            default:
                return ReadAddresses(rule, node!, text);
        }
    }

    private static SourceTarget ReadAddresses(SectionReader rule, ConfigurationNode node, string text)
    {
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        string addresses = colon < 0 ? text : text[..colon];
        if (!ValueSyntax.TryAddressRange(addresses.Trim(), out Ipv4Range range, out string error, out string? remedy))
        {
            bool word = addresses.Length == 0 || char.IsAsciiLetter(addresses[0]);
            rule.Report(DiagnosticCode.TargetInvalid, node,
                word ? "must be pool:NAME, ADDRESS[-ADDRESS][:PORT-PORT], masquerade or exempt" : error,
                word ? Spelling.DidYouMean(text, ["masquerade", "exempt"]) : remedy);
            return s_exempt;
        }

        const int addressesMax = 1 << 20;
        if (PoolsSection.Unusable(range) is { } problem)
        {
            rule.Report(DiagnosticCode.TargetInvalid, node, problem);
        }
        else if (range.Count > addressesMax)
        {
            rule.Report(DiagnosticCode.LimitExceeded, node, $"more than {addressesMax} addresses");
        }

        PortRange none = default;
        PortRange ports = colon < 0
            ? none
            : rule.Parse(node, text[(colon + 1)..], none, DiagnosticCode.PortRangeInvalid, ValueSyntax.TryPortRange);
        return new SourceTarget(SourceTargetKind.Addresses, -1, range, ports == none ? null : ports);
    }

    private static void CheckMasquerade(SectionReader rule, ConfigurationNode node, RuleMatch match, ReadContext context)
    {
        if (match.OutPort >= 0 && context.Ports[match.OutPort].Addresses.IsEmpty)
        {
            rule.Report(DiagnosticCode.PortWithoutAddress, node, $"port {context.Ports[match.OutPort].Name} has no address to take",
                "give the port an address, or use a pool");
        }
    }
}
