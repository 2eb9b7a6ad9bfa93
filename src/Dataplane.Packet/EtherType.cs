namespace Dataplane.Packet;

/// <summary>EtherType values that the router gives a meaning to (IEEE 802 Numbers, IANA).</summary>
public static class EtherType
{
    public const ushort Ipv4 = 0x0800;
    public const ushort Arp = 0x0806;

    /// <summary>The customer tag of IEEE 802.1Q.</summary>
    public const ushort Vlan = 0x8100;

    public const ushort Ipv6 = 0x86DD;

    /// <summary>The service tag of IEEE 802.1ad, outermost in a double-tagged frame.</summary>
    public const ushort ServiceVlan = 0x88A8;

    /// <summary>Whether a <see cref="VlanTag"/> follows.</summary>
    public static bool IsTag(ushort etherType) => etherType is Vlan or ServiceVlan;
}
