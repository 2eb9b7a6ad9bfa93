using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Globalization;

namespace Dataplane.Control.Diagnostics;

/// <summary>The printed form and the explanation of each <see cref="DiagnosticCode"/>.</summary>
public static class DiagnosticCodes
{
    private const int FirstWarning = 2000;

    private static readonly ImmutableSortedDictionary<DiagnosticCode, string> s_explanations =
        new Dictionary<DiagnosticCode, string>
        {
            [DiagnosticCode.FileMissing] = "there is no such file",
            [DiagnosticCode.FileUnreadable] = "the file cannot be read: a directory, not permitted, or an I/O error",
            [DiagnosticCode.FileTooLarge] = "the file is larger than a configuration can be (16 MiB)",
            [DiagnosticCode.FileEmpty] = "the file holds no configuration",
            [DiagnosticCode.EncodingInvalid] = "the file is not UTF-8",
            [DiagnosticCode.SyntaxError] = "not JSON; comments and trailing commas are allowed",
            [DiagnosticCode.KeyDuplicate] = "a key is written twice in one section; keys do not differ by case alone",
            [DiagnosticCode.KeyUnknown] = "no such key in this section",
            [DiagnosticCode.KeyUnsupported] = "the key or value is reserved for a feature that this version lacks",
            [DiagnosticCode.KeyMissing] = "a key that has no default is absent",
            [DiagnosticCode.TypeWrong] = "a section where a value belongs, or a value where a section belongs",
            [DiagnosticCode.OverrideMalformed] = "an override on the command line is not KEY=VALUE",
            [DiagnosticCode.NumberInvalid] = "not a whole number, or outside its bounds",
            [DiagnosticCode.BooleanInvalid] = "neither true nor false",
            [DiagnosticCode.ChoiceInvalid] = "not one of the words that are allowed here",
            [DiagnosticCode.DurationInvalid] = "not a duration such as 30s, 5m or 2h4m, or outside its bounds",
            [DiagnosticCode.SizeInvalid] = "not a size such as 512MiB, or outside its bounds",
            [DiagnosticCode.AddressInvalid] = "not an address that can be used here",
            [DiagnosticCode.PrefixInvalid] = "not a prefix such as 10.0.0.0/8 or 2001:db8::/32, or with bits set beyond its length",
            [DiagnosticCode.AddressRangeInvalid] = "not an address, a prefix or a range FIRST-LAST",
            [DiagnosticCode.PortRangeInvalid] = "not an l4 port or a range FIRST-LAST",
            [DiagnosticCode.CoresInvalid] = "not a list of processors such as 1-3,6",
            [DiagnosticCode.NameInvalid] = "a name may have 1 to 31 letters, digits, '-', '_' and '.', a letter or digit first",
            [DiagnosticCode.MacInvalid] = "not a unicast MAC address such as 02:00:00:00:00:01",
            [DiagnosticCode.DeviceInvalid] = "not a device that ports can be made of",
            [DiagnosticCode.TargetInvalid] = "not a translation target of this list",
            [DiagnosticCode.RuleNumberInvalid] = "rules are keyed by a number from 1 to 1000000 without leading zeros",
            [DiagnosticCode.PathInvalid] = "not an absolute path, or not one that its use allows",
            [DiagnosticCode.ProtocolInvalid] = "not the name or the number of an IP protocol",
            [DiagnosticCode.MarkInvalid] = "not a mark such as 7 or 0x10/0xff, or with bits set outside its mask",
            [DiagnosticCode.LabelInvalid] = "not a bit from 0 to 127 or 32 hexadecimal digits",
            [DiagnosticCode.PortUnknown] = "no port of this name under Ports",
            [DiagnosticCode.PoolUnknown] = "no pool of this name under Pools",
            [DiagnosticCode.ZoneUnknown] = "no zone of this name under Zones",
            [DiagnosticCode.GatewayUnreachable] = "the gateway is in no port's subnet, or not in that of the port named",
            [DiagnosticCode.PortWithoutAddress] = "an address is needed on a port that has none of its kind",
            [DiagnosticCode.TimeoutPolicyUnknown] = "no timeout policy of this name under Conntrack.TimeoutPolicies",
            [DiagnosticCode.AddressConflict] = "two ports have the same address or overlapping subnets",
            [DiagnosticCode.DeviceConflict] = "two ports name the same device",
            [DiagnosticCode.RuleNumberConflict] = "two rules of one list have the same number",
            [DiagnosticCode.MatchNotPossible] = "the match can never be decided at this point of the packet's way",
            [DiagnosticCode.ZoneConflict] = "two zones have the same id",
            [DiagnosticCode.RangeSizeConflict] = "the matched and the translated port range differ in size",
            [DiagnosticCode.RouteConflict] = "the route repeats a prefix that a port is connected to",
            [DiagnosticCode.LimitExceeded] = "more items than the router has room for",
            [DiagnosticCode.CapacityBelowLimit] = "the table's limit is above the connections that memory is taken for",
            [DiagnosticCode.FamilyConflict] = "IPv4 and IPv6 in one rule or route, or IPv6 where there is none",
            [DiagnosticCode.MtuBelowIpv6] = "a port with IPv6 carries packets of at least 1280 bytes",
            [DiagnosticCode.FilterMissing] = "without a Filter section everything that can be routed is forwarded",
            [DiagnosticCode.TimeoutBelowFloor] = "shorter than the RFC asks of a NAT: live connections may be cut",
            [DiagnosticCode.PoolOverlapsPort] = "a pool holds addresses of a port's subnet: hosts there expect ARP answers",
            [DiagnosticCode.RuleShadowed] = "an earlier rule takes everything that this one matches",
            [DiagnosticCode.ForwardingUntranslated] = "no source rule: inside addresses leave the router as they are",
            [DiagnosticCode.CoresIdle] = "more workers than receive queues: some have nothing to poll",
            [DiagnosticCode.ZoneLimitIdle] = "a zone's limit is above the table's, which holds for all zones together",
        }.ToImmutableSortedDictionary();

    /// <summary>Every code with its one-line explanation, ascending: the documentation's table.</summary>
    public static IReadOnlyDictionary<DiagnosticCode, string> Explanations => s_explanations;

    /// <summary>True for a code that refuses the configuration, false for a warning.</summary>
    public static bool IsError(DiagnosticCode code) => (int)code < FirstWarning;

    /// <summary>The printed form: <c>E1001</c>, <c>W2001</c>.</summary>
    public static string Format(DiagnosticCode code) =>
        string.Create(CultureInfo.InvariantCulture, $"{(IsError(code) ? 'E' : 'W')}{(int)code:D4}");

    /// <summary>What the code means in general.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a member of the enum.</exception>
    public static string Explain(DiagnosticCode code) => s_explanations.TryGetValue(code, out string? text)
        ? text
        : throw new ArgumentOutOfRangeException(nameof(code), code, "not a diagnostic code");
}
