using System.Runtime.InteropServices;
using Dataplane.Packet;

namespace Dataplane.Datapath;

/// <summary>A port as the datapath knows it; 64 bytes, immutable.</summary>
[StructLayout(LayoutKind.Sequential, Size = 64)]
public struct RouterPort
{
    /// <summary>The six bytes of the port's MAC address, first byte lowest.</summary>
    public ulong Mac48;

    /// <summary>The first configured address, or 0.0.0.0: source of what the router says itself.</summary>
    public Ipv4Address Address;

    /// <summary>Bytes of IP packet.</summary>
    public ushort MtuBytes;

    /// <summary>Zone of all packets received here.</summary>
    public ushort Zone;

    /// <summary>The environment's number of the port.</summary>
    public ushort DevicePort;

    /// <summary>Answers router solicitations with the port's IPv6 prefixes.</summary>
    public bool AdvertisesPrefixes;

    /// <summary>The first configured global IPv6 address, or ::.</summary>
    public Ipv6Address Address6;

    /// <summary>The link-local address; :: when the port has no IPv6.</summary>
    public Ipv6Address LinkLocal;

    public readonly MacAddress Mac => MacAddress.FromRaw48(Mac48);
}

/// <summary>An address of the router; 12 bytes, immutable.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PortAddress
{
    public Ipv4Address Address;
    public byte PrefixLength;
    public byte Port;

    /// <summary>Whether an address is on the subnet of this one.</summary>
    public readonly bool IsOnLink(Ipv4Address other) =>
        PrefixLength == 0 || (Address.Host ^ other.Host) >> (32 - PrefixLength) == 0;
}

/// <summary>An IPv6 address of the router, link-local ones included; 24 bytes, immutable.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PortAddress6
{
    public Ipv6Address Address;
    public byte PrefixLength;
    public byte Port;

    /// <summary>Whether an address is on the subnet of this one.</summary>
    public readonly bool IsOnLink(Ipv6Address other) => Address.SharesPrefix(other, PrefixLength);
}
