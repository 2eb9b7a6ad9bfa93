using System;
using System.Globalization;
using System.Linq;
using Dataplane.Control.Configuration;
using Dataplane.Packet;

namespace Dataplane.Control.Reading;

/// <summary>Reads a value's text. False gives the reason, to follow <c>path = "text":</c>, and perhaps a remedy.</summary>
internal delegate bool ValueParser<T>(string text, out T value, out string error, out string? remedy);

/// <summary>The written forms of single values. No exceptions: every failure is a sentence.</summary>
internal static partial class ValueSyntax
{
    internal const int NameLengthMax = 31;

    /// <summary>The longest timeout: 365 days.</summary>
    internal const uint DurationSecondsMax = 365 * 86400;

    /// <summary>Hours, minutes and seconds as in <c>2h4m</c>, <c>90s</c> or <c>300</c> (seconds); whole seconds only.</summary>
    internal static bool TryDuration(string text, out uint seconds, out string error, out string? remedy)
    {
        seconds = 0;
        error = "not a duration";
        remedy = "write hours, minutes and seconds, such as 30s, 5m or 2h4m";
        ulong total = 0;
        ulong lastUnit = ulong.MaxValue;
        ReadOnlySpan<char> rest = text.AsSpan().Trim();
        if (rest.EndsWith("ms", StringComparison.OrdinalIgnoreCase))
        {
            error = "timeouts are whole seconds";
            return false;
        }

        while (!rest.IsEmpty)
        {
            int digits = rest.IndexOfAnyExceptInRange('0', '9');
            digits = digits < 0 ? rest.Length : digits;
            ulong unit = UnitSeconds(rest[digits..]);
            if (digits is 0 or > 9 || unit == 0 || unit >= lastUnit)
            {
                return false;
            }

            total += ulong.Parse(rest[..digits], NumberStyles.None, CultureInfo.InvariantCulture) * unit;
            lastUnit = unit;
            rest = rest[Math.Min(rest.Length, digits + 1)..];
        }

        if (lastUnit == ulong.MaxValue)
        {
            return false;
        }

        error = "must be between 1 second and 365 days";
        remedy = null;
        seconds = (uint)Math.Min(total, uint.MaxValue);
        return total is >= 1 and <= DurationSecondsMax;
    }

    /// <summary>Bytes with a binary unit: <c>512MiB</c>, <c>4GiB</c>.</summary>
    internal static bool TrySize(string text, out long bytes, out string error, out string? remedy)
    {
        bytes = 0;
        error = "not a size";
        remedy = "write a whole number and KiB, MiB or GiB, such as 512MiB";
        string trimmed = text.Trim();
        (string Suffix, int Shift)[] units = [("KiB", 10), ("MiB", 20), ("GiB", 30)];
        foreach ((string suffix, int shift) in units)
        {
            ReadOnlySpan<char> number = trimmed.AsSpan(0, Math.Max(0, trimmed.Length - suffix.Length)).TrimEnd();
            if (trimmed.EndsWith(suffix, StringComparison.OrdinalIgnoreCase)
                && uint.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out uint count))
            {
                bytes = (long)count << shift;
                error = "must be between 1MiB and 1024GiB";
                remedy = null;
                return bytes is >= 1L << 20 and <= 1L << 40;
            }
        }

        return false;
    }

    /// <summary>A dotted quad.</summary>
    internal static bool TryAddress(string text, out Ipv4Address address, out string error, out string? remedy)
    {
        error = "not an IPv4 address";
        remedy = "write four numbers without leading zeros, such as 192.0.2.1";
        return Ipv4Address.TryParse(text, out address);
    }

    /// <summary>An address and its prefix length; bits beyond it are kept.</summary>
    internal static bool TryInterface(string text, out Ipv4Prefix prefix, out string error, out string? remedy)
    {
        prefix = default;
        error = "not an address with a prefix length";
        remedy = "write it as 192.0.2.1/24 or 2001:db8::1/64";
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0 || !Ipv4Address.TryParse(text.AsSpan(0, slash), out Ipv4Address address))
        {
            return false;
        }

        if (!int.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int length) || length > 32)
        {
            error = "the prefix length must be from 0 to 32";
            remedy = null;
            return false;
        }

        prefix = new Ipv4Prefix(address, length);
        return true;
    }

    /// <summary>A prefix without host bits.</summary>
    internal static bool TryPrefix(string text, out Ipv4Prefix prefix, out string error, out string? remedy)
    {
        if (!TryInterface(text, out prefix, out error, out remedy))
        {
            remedy = "write it as 192.0.2.0/24 or 2001:db8::/32";
            return false;
        }

        error = "has bits set beyond its length";
        remedy = $"the prefix is {prefix with { Address = prefix.Network }}";
        return prefix.IsNetwork;
    }

    /// <summary>An address, a prefix without host bits, or <c>FIRST-LAST</c>.</summary>
    internal static bool TryAddressRange(string text, out Ipv4Range range, out string error, out string? remedy)
    {
        range = default;
        if (text.Contains('/', StringComparison.Ordinal) && !LooksLikeIpv6(text))
        {
            bool good = TryPrefix(text, out Ipv4Prefix prefix, out error, out remedy);
            range = good ? prefix.Range : default;
            return good;
        }

        error = LooksLikeIpv6(text)
            ? "only IPv4 is translated in this version"
            : "not an address, a prefix or a range of addresses";
        remedy = "write 192.0.2.1, 192.0.2.0/24 or 192.0.2.1-192.0.2.9";
        int dash = text.IndexOf('-', StringComparison.Ordinal);
        string firstText = (dash < 0 ? text : text[..dash]).Trim();
        string lastText = (dash < 0 ? text : text[(dash + 1)..]).Trim();
        if (!Ipv4Address.TryParse(firstText, out Ipv4Address first) || !Ipv4Address.TryParse(lastText, out Ipv4Address last))
        {
            return false;
        }

        range = new Ipv4Range(first, last);
        error = "the range runs backwards";
        remedy = $"write {last}-{first}";
        return first.Host <= last.Host;
    }

    /// <summary>One l4 port or <c>FIRST-LAST</c>; port 0 is none.</summary>
    internal static bool TryPortRange(string text, out PortRange range, out string error, out string? remedy)
    {
        range = default;
        error = "not a port or a range of ports from 1 to 65535";
        remedy = "write 443 or 8000-8010";
        int dash = text.IndexOf('-', StringComparison.Ordinal);
        ReadOnlySpan<char> firstText = (dash < 0 ? text : text.AsSpan(0, dash)).Trim();
        ReadOnlySpan<char> lastText = (dash < 0 ? text : text.AsSpan(dash + 1)).Trim();
        if (!ushort.TryParse(firstText, NumberStyles.None, CultureInfo.InvariantCulture, out ushort first)
            || !ushort.TryParse(lastText, NumberStyles.None, CultureInfo.InvariantCulture, out ushort last)
            || first == 0)
        {
            return false;
        }

        range = new PortRange(first, last);
        error = "the range runs backwards";
        remedy = $"write {last}-{first}";
        return first <= last;
    }

    /// <summary>A protocol's name, or its number from 1 to 255.</summary>
    internal static bool TryProtocol(string text, out int protocol, out string error, out string? remedy)
    {
        (string Name, byte Number)[] known =
        [
            ("tcp", IpProtocol.Tcp), ("udp", IpProtocol.Udp), ("icmp", IpProtocol.Icmp), ("icmpv6", IpProtocol.Icmpv6),
            ("sctp", IpProtocol.Sctp), ("dccp", IpProtocol.Dccp), ("udplite", IpProtocol.UdpLite), ("gre", IpProtocol.Gre),
            ("esp", IpProtocol.Esp), ("ah", IpProtocol.Authentication),
        ];
        string word = text.Trim();
        int index = Array.FindIndex(known, item => string.Equals(item.Name, word, StringComparison.OrdinalIgnoreCase));
        protocol = index >= 0 ? known[index].Number
            : byte.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out byte number) && number > 0 ? number
            : RuleMatch.Any;
        error = "not a protocol";
        remedy = Spelling.DidYouMean(word, known.Select(item => item.Name))
            ?? "use tcp, udp, icmp, icmpv6, another's name, or a number from 1 to 255";
        return protocol != RuleMatch.Any;
    }

    /// <summary>A unicast MAC address.</summary>
    internal static bool TryMac(string text, out MacAddress mac, out string error, out string? remedy)
    {
        remedy = "write six pairs of hexadecimal digits, such as 02:00:00:00:00:01";
        error = "not a MAC address";
        if (!MacAddress.TryParse(text, out mac))
        {
            return false;
        }

        error = "a group address or all zeros cannot be a port's own";
        return !mac.IsGroup && mac.Raw48 != 0;
    }

    /// <summary>Letters, digits, '-', '_' and '.', a letter or digit first; 1 to 31 of them.</summary>
    internal static bool IsName(string text) =>
        text.Length is > 0 and <= NameLengthMax
        && char.IsAsciiLetterOrDigit(text[0])
        && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');

    private static ulong UnitSeconds(ReadOnlySpan<char> text) => text.IsEmpty ? 1UL : char.ToLowerInvariant(text[0]) switch
    {
        'd' => 86400,
        'h' => 3600,
        'm' => 60,
        's' => 1,
        _ => 0,
    };

    /// <summary>True if the text can only be meant as an IPv6 address or prefix.</summary>
    internal static bool LooksLikeIpv6(string text) => text.Count(c => c == ':') >= 2;
}
