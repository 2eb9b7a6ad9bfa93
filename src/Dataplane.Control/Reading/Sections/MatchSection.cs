using System;
using System.Linq;
using Dataplane.Control.Configuration;
using Dataplane.Control.Diagnostics;
using Dataplane.Packet;

namespace Dataplane.Control.Reading.Sections;

/// <summary>Reads a rule's <c>Match</c>.</summary>
internal static class MatchSection
{
    /// <param name="rule">The rule.</param>
    /// <param name="context">For port names.</param>
    /// <param name="routed">True if the list is consulted after routing: only there an egress port is known.</param>
    internal static RuleMatch Read(SectionReader rule, ReadContext context, bool routed)
    {
        SectionReader reader = rule.Section("Match");
        RuleMatch match = new()
        {
            InPort = ReadPort(reader, "In", context),
            OutPort = ReadPort(reader, "Out", context),
            Protocol = reader.Value("Protocol", RuleMatch.Any, DiagnosticCode.ProtocolInvalid, ValueSyntax.TryProtocol),
            Source = reader.Value("Source", Ipv4Range.All, DiagnosticCode.AddressRangeInvalid, ValueSyntax.TryAddressRange),
            Destination = reader.Value("Destination", Ipv4Range.All, DiagnosticCode.AddressRangeInvalid, ValueSyntax.TryAddressRange),
            SourcePort = reader.Value("SourcePort", PortRange.All, DiagnosticCode.PortRangeInvalid, ValueSyntax.TryPortRange),
            DestinationPort = reader.Value("DestinationPort", PortRange.All, DiagnosticCode.PortRangeInvalid, ValueSyntax.TryPortRange),
        };
        if (!routed && reader.Take("Out") is { } outNode)
        {
            reader.Report(DiagnosticCode.MatchNotPossible, outNode,
                "this list is consulted before routing: the egress port is not known yet",
                "match In or Destination, or move the rule to Filter or Source");
        }

        CheckPorts(reader, match, "SourcePort");
        CheckPorts(reader, match, "DestinationPort");
        reader.Unsupported("TableAbove", "Mark", "Label", "Zone", "State", "Icmp", "Tcp", "Vlan");
        reader.Finish();
        return match;
    }

    private static int ReadPort(SectionReader reader, string key, ReadContext context) =>
        reader.Text(key, out ConfigurationNode? node) is { } name ? context.PortIndex(reader, node!, name) : RuleMatch.Any;

    /// <summary>ICMP has no ports, and without a protocol a port would silently exclude it.</summary>
    private static void CheckPorts(SectionReader reader, RuleMatch match, string key)
    {
        if (reader.Take(key) is { } node
            && match.Protocol is not (IpProtocol.Tcp or IpProtocol.Udp)
            && !(match.Protocol == RuleMatch.Any && reader.Take("Protocol") is not null))
        {
            reader.Report(DiagnosticCode.MatchNotPossible, node, "ports exist in TCP and UDP only", "add \"Protocol\": \"tcp\" or \"udp\"");
        }
    }
}
