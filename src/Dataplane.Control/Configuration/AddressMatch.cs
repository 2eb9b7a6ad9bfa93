using Dataplane.Packet;

namespace Dataplane.Control.Configuration;

/// <summary>The address families that something is for.</summary>
[System.Flags]
public enum AddressFamilies
{
    None = 0,
    Ipv4 = 1,
    Ipv6 = 2,
    Both = Ipv4 | Ipv6,
}

/// <summary>The addresses that one key of a match names: a range of IPv4, a prefix of IPv6, or any of both.</summary>
/// <param name="Families">Those that can match at all.</param>
/// <param name="Ipv4">Which of IPv4.</param>
/// <param name="Ipv6">Which of IPv6.</param>
public readonly record struct AddressMatch(AddressFamilies Families, Ipv4Range Ipv4, Ipv6Prefix Ipv6)
{
    /// <summary>What an absent key means.</summary>
    public static AddressMatch Any => new(AddressFamilies.Both, Ipv4Range.All, default);

    public static AddressMatch Of(Ipv4Range range) => new(AddressFamilies.Ipv4, range, default);

    public static AddressMatch Of(Ipv6Prefix prefix) => new(AddressFamilies.Ipv6, Ipv4Range.All, prefix);
}
