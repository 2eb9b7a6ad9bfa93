using System;
using System.Globalization;
using Dataplane.Control.Configuration;
using Dataplane.Packet;

namespace Dataplane.Control.Reading;

/// <content>IPv6 addresses and prefixes, and where both families can stand.</content>
internal static partial class ValueSyntax
{
    /// <summary>An IPv6 address in any of the forms of RFC 4291 §2.2, without a zone.</summary>
    internal static bool TryAddress6(string text, out Ipv6Address address, out string error, out string? remedy)
    {
        error = text.Contains('%', StringComparison.Ordinal) ? "an address has no zone here" : "not an IPv6 address";
        remedy = text.Contains('%', StringComparison.Ordinal) ? "name the port with the key Port" : "write it as 2001:db8::1";
        address = default;
        return !text.Contains('[', StringComparison.Ordinal) && Ipv6Address.TryParse(text, out address);
    }

    /// <summary>An IPv6 address and its prefix length; bits beyond it are kept.</summary>
    internal static bool TryInterface6(string text, out Ipv6Prefix prefix, out string error, out string? remedy)
    {
        prefix = default;
        error = "not an address with a prefix length";
        remedy = "write it as 2001:db8::1/64";
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0 || !TryAddress6(text[..slash], out Ipv6Address address, out _, out _))
        {
            return false;
        }

        if (!int.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int length) || length > 128)
        {
            error = "the prefix length must be from 0 to 128";
            remedy = null;
            return false;
        }

        prefix = new Ipv6Prefix(address, length);
        return true;
    }

    /// <summary>An IPv6 prefix without host bits.</summary>
    internal static bool TryPrefix6(string text, out Ipv6Prefix prefix, out string error, out string? remedy)
    {
        if (!TryInterface6(text, out prefix, out error, out remedy))
        {
            remedy = remedy is null ? null : "write it as 2001:db8::/32";
            return false;
        }

        error = "has bits set beyond its length";
        remedy = $"the prefix is {prefix with { Address = prefix.Network }}";
        return prefix.IsNetwork;
    }

    /// <summary>What a match may name: an IPv4 address, prefix or range, or an IPv6 address or prefix.</summary>
    internal static bool TryAddressMatch(string text, out AddressMatch match, out string error, out string? remedy)
    {
        match = AddressMatch.Any;
        if (!LooksLikeIpv6(text))
        {
            bool good = TryAddressRange(text, out Ipv4Range range, out error, out remedy);
            match = good ? AddressMatch.Of(range) : match;
            return good;
        }

        bool isPrefix = text.Contains('/', StringComparison.Ordinal);
        if (TryPrefix6(isPrefix ? text : text + "/128", out Ipv6Prefix prefix, out error, out remedy))
        {
            match = AddressMatch.Of(prefix);
            return true;
        }

        if (!isPrefix)
        {
            bool isRange = text.Contains('-', StringComparison.Ordinal);
            error = isRange ? "IPv6 addresses are matched by prefixes, not by ranges" : "not an IPv6 address";
            remedy = "write 2001:db8::1 or 2001:db8::/32";
        }

        return false;
    }
}
