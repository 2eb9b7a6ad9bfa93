using System.Globalization;
using Dataplane.Packet;

namespace Dataplane.Control.Configuration;

/// <summary>An address with the length of its prefix; the bits beyond the length are kept.</summary>
/// <param name="Address">A host of the subnet, or its network address.</param>
/// <param name="Length">Bits, 0 to 32.</param>
public readonly record struct Ipv4Prefix(Ipv4Address Address, int Length)
{
    /// <summary>The mask as a number, most significant byte first.</summary>
    public uint MaskHost => Length == 0 ? 0 : uint.MaxValue << (32 - Length);

    /// <summary>The address with the bits beyond the length cleared.</summary>
    public Ipv4Address Network => Ipv4Address.FromHost(Address.Host & MaskHost);

    /// <summary>The first and the last address of the prefix, network and broadcast included.</summary>
    public Ipv4Range Range => new(Network, Ipv4Address.FromHost(Address.Host | ~MaskHost));

    /// <summary>True if no bit beyond the length is set.</summary>
    public bool IsNetwork => Network == Address;

    public bool Contains(Ipv4Address address) => (address.Host & MaskHost) == (Address.Host & MaskHost);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Address}/{Length}");
}
