using System.Runtime.InteropServices;
using Dataplane.Packet;

namespace Dataplane.Datapath;

/// <summary>A port as the datapath knows it; 32 bytes, immutable.</summary>
[StructLayout(LayoutKind.Sequential, Size = 32)]
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
