using Dataplane.Control.Configuration;
using Dataplane.Control.Diagnostics;
using Dataplane.Nat;
using Dataplane.Packet;
using RuleMatch = Dataplane.Control.Configuration.RuleMatch;

namespace Dataplane.Control.Reading.Sections;

/// <summary>Reads a rule's <c>Match</c>.</summary>
internal static class MatchSection
{
    /// <param name="rule">The rule.</param>
    /// <param name="context">For port names.</param>
    /// <param name="routed">True if the list is consulted after routing: only there an egress port is known.</param>
    /// <param name="translates">True for a list that only new connections of IPv4 are looked up in.</param>
    internal static RuleMatch Read(SectionReader rule, ReadContext context, bool routed, bool translates)
    {
        SectionReader reader = rule.Section("Match");
        AddressMatch source = ReadAddresses(reader, "Source");
        AddressMatch destination = ReadAddresses(reader, "Destination");
        RuleMatch match = new()
        {
            InPort = ReadPort(reader, "In", context),
            OutPort = ReadPort(reader, "Out", context),
            Protocol = reader.Value("Protocol", RuleMatch.Any, DiagnosticCode.ProtocolInvalid, ValueSyntax.TryProtocol),
            Source = source.Ipv4,
            Destination = destination.Ipv4,
            Source6 = source.Ipv6,
            Destination6 = destination.Ipv6,
            SourcePort = reader.Value("SourcePort", PortRange.All, DiagnosticCode.PortRangeInvalid, ValueSyntax.TryPortRange),
            DestinationPort = reader.Value("DestinationPort", PortRange.All, DiagnosticCode.PortRangeInvalid, ValueSyntax.TryPortRange),
            Mark = reader.Value("Mark", MarkBits.Any, DiagnosticCode.MarkInvalid, ValueSyntax.TryMark),
            Label = reader.Value<ConnectionLabel>("Label", default, DiagnosticCode.LabelInvalid, ValueSyntax.TryLabel),
            States = reader.Value<byte>("State", 0, DiagnosticCode.ChoiceInvalid, ValueSyntax.TryStates),
        };
        if (!routed && reader.Take("Out") is { } outNode)
        {
            reader.Report(DiagnosticCode.MatchNotPossible, outNode,
                "this list is consulted before routing: the egress port is not known yet",
                "match In or Destination, or move the rule to Filter or Source");
        }

        if ((translates || !routed) && match.States != 0 && (match.States & 1 << (int)PacketState.New) == 0)
        {
            reader.Report(DiagnosticCode.MatchNotPossible, reader.Take("State")!,
                translates ? "translation is decided for new connections only" : "tracking rules see new connections only",
                "remove the key");
        }

        CheckPorts(reader, match, "SourcePort");
        CheckPorts(reader, match, "DestinationPort");
        reader.Unsupported("TableAbove", "Zone", "Icmp", "Tcp", "Vlan");
        reader.Finish();
        return match with { Families = ReadFamilies(reader, match, source, destination, translates) };
    }

    private static AddressMatch ReadAddresses(SectionReader reader, string key) =>
        reader.Value(key, AddressMatch.Any, DiagnosticCode.AddressRangeInvalid, ValueSyntax.TryAddressMatch);

    /// <summary>The families that all of a match's parts leave, or those of the list after reporting that none is left.</summary>
    private static AddressFamilies ReadFamilies(
        SectionReader reader, RuleMatch match, AddressMatch source, AddressMatch destination, bool translates)
    {
        AddressFamilies list = translates ? AddressFamilies.Ipv4 : AddressFamilies.Both;
        AddressFamilies left = list;
        foreach ((string key, AddressFamilies families) in new[]
        {
            ("Source", source.Families), ("Destination", destination.Families), ("Protocol", FamiliesOf(match.Protocol)),
        })
        {
            if ((left & families) == 0)
            {
                reader.Report(DiagnosticCode.FamilyConflict, reader.Take(key)!,
                    translates && families == AddressFamilies.Ipv6
                        ? "only IPv4 is translated in this version: no packet of IPv6 comes to this list"
                        : "the rule names IPv4 and IPv6: no packet is both",
                    translates ? null : "make it two rules");
                return list;
            }

            left &= families;
        }

        return left;
    }

    /// <summary>ICMP belongs to one family and ICMPv6 to the other; every other protocol to both.</summary>
    private static AddressFamilies FamiliesOf(int protocol) => protocol switch
    {
        IpProtocol.Icmp => AddressFamilies.Ipv4,
        IpProtocol.Icmpv6 => AddressFamilies.Ipv6,
        _ => AddressFamilies.Both,
    };

    private static int ReadPort(SectionReader reader, string key, ReadContext context) =>
        reader.Text(key, out ConfigurationNode? node) is { } name ? context.PortIndex(reader, node!, name) : RuleMatch.Any;

    /// <summary>Not every protocol has ports, and without one a port would silently exclude those.</summary>
    private static void CheckPorts(SectionReader reader, RuleMatch match, string key)
    {
        if (reader.Take(key) is { } node
            && !(match.Protocol >= 0 && Nat.RuleMatch.HasPorts((byte)match.Protocol))
            && !(match.Protocol == RuleMatch.Any && reader.Take("Protocol") is not null))
        {
            reader.Report(DiagnosticCode.MatchNotPossible, node, "ports exist in TCP, UDP, UDP-Lite, SCTP and DCCP only",
                "add \"Protocol\": \"tcp\" or \"udp\"");
        }
    }
}
