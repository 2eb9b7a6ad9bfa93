using System;
using System.Collections.Immutable;
using Dataplane.Control.Configuration;
using Dataplane.Control.Diagnostics;
using Dataplane.Packet;

namespace Dataplane.Control.Reading.Sections;

/// <summary>Reads <c>Destination</c>.</summary>
internal static class DestinationSection
{
    internal static ImmutableArray<DestinationRule> Read(SectionReader root, ReadContext context) =>
        RuleSections.Read(root.Section("Destination"), context, firstMatchDecides: true, (rule, node, number, comment) =>
        {
            RuleMatch match = MatchSection.Read(rule, context, routed: false, translates: true);
            (Ipv4Address address, PortRange? ports) = ReadTarget(rule, match);
            CheckReachable(rule, node, match, context);
            rule.Unsupported("Balance", "Hairpin");
            return new DestinationRule(number, match, comment, address, ports);
        });

    private static (Ipv4Address Address, PortRange? Ports) ReadTarget(SectionReader rule, RuleMatch match)
    {
        if (rule.Text("To", out ConfigurationNode? node) is not { } text)
        {
            if (rule.Exists && node is null)
            {
                rule.Missing("To", "the rule has no new destination", "such as \"To\": \"10.0.9.10:8443\"");
            }

            return default;
        }

        int colon = text.IndexOf(':', StringComparison.Ordinal);
        string addressText = colon < 0 ? text : text[..colon];
        if (!Ipv4Address.TryParse(addressText.AsSpan().Trim(), out Ipv4Address address) || address.Host >> 24 is 0 or 127 or >= 224)
        {
            rule.Report(DiagnosticCode.TargetInvalid, node!, "must be a unicast ADDRESS, ADDRESS:PORT or ADDRESS:PORT-PORT");
            return default;
        }

        if (colon < 0)
        {
            return (address, null);
        }

        PortRange none = default;
        PortRange ports = rule.Parse(node!, text[(colon + 1)..], none, DiagnosticCode.PortRangeInvalid, ValueSyntax.TryPortRange);
        if (ports == none)
        {
            return (address, null);
        }

        if (match.Protocol < 0 || !Nat.RuleMatch.HasPorts((byte)match.Protocol))
        {
            rule.Report(DiagnosticCode.MatchNotPossible, node!,
                "only TCP, UDP, UDP-Lite, SCTP and DCCP have ports", "add \"Protocol\" to the match");
        }

        if (ports.Count > 1 && ports.Count != match.DestinationPort.Count)
        {
            rule.Report(DiagnosticCode.RangeSizeConflict, node!,
                $"{ports.Count} new ports for {match.DestinationPort.Count} matched ones: the n-th port becomes the n-th",
                "give both ranges the same size, or one new port for all");
        }

        return (address, ports);
    }

    private static void CheckReachable(SectionReader rule, ConfigurationNode node, RuleMatch match, ReadContext context)
    {
        if (match.InPort >= 0 && match.Destination == Ipv4Range.All && context.Ports[match.InPort].Addresses.IsEmpty)
        {
            ConfigurationNode at = node.Find("Match")?.Find("In") ?? node;
            rule.Report(DiagnosticCode.PortWithoutAddress, at, "the port has no address that could be sent to",
                "give the port an address, or match a Destination that is routed here");
        }
    }
}
