using System.Globalization;
using Dataplane.Packet;

namespace Dataplane.Control.Configuration;

/// <summary>An IPv6 address with the length of its prefix; the bits beyond the length are kept. The default is ::/0.</summary>
/// <param name="Address">A host of the subnet, or its subnet-router anycast address.</param>
/// <param name="Length">Bits, 0 to 128.</param>
public readonly record struct Ipv6Prefix(Ipv6Address Address, int Length)
{
    /// <summary>The address with the bits beyond the length cleared.</summary>
    public Ipv6Address Network => Address.Prefix(Length);

    /// <summary>True if no bit beyond the length is set.</summary>
    public bool IsNetwork => Network == Address;

    public bool Contains(Ipv6Address address) => address.SharesPrefix(Address, Length);

    public bool Contains(Ipv6Prefix other) => other.Length >= Length && Contains(other.Address);

    public bool Overlaps(Ipv6Prefix other) => Contains(other) || other.Contains(this);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Address}/{Length}");
}
