using System.Runtime.InteropServices;
using Dataplane.Packet;

namespace Dataplane.Datapath;

/// <summary>What a route leads to.</summary>
public enum NextHopKind : byte
{
    /// <summary>No route: the sender is told.</summary>
    None = 0,

    /// <summary>The destination itself, on the port's link.</summary>
    Connected = 1,

    /// <summary>A router on the port's link.</summary>
    Gateway = 2,

    /// <summary>The router itself.</summary>
    Local = 3,

    /// <summary>Silence: pool addresses nobody holds at the moment, subnet broadcasts.</summary>
    Blackhole = 4,
}

/// <summary>One next hop of the plan, of either family; 24 bytes, immutable.</summary>
[StructLayout(LayoutKind.Sequential, Size = 24)]
public struct NextHop
{
    /// <summary>With <see cref="NextHopKind.Gateway"/>; an IPv4 gateway as a mapped address.</summary>
    public Ipv6Address Gateway;

    public NextHopKind Kind;
    public byte Port;
}

/// <summary>A route of the plan; 12 bytes, immutable.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct Route
{
    /// <summary>Host order, host bits clear.</summary>
    public uint Prefix;

    /// <summary>0 to 32.</summary>
    public byte PrefixLength;

    /// <summary>Index into the plan's next hops.</summary>
    public ushort NextHop;
}

/// <summary>An IPv6 route of the plan; 24 bytes, immutable.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct Route6
{
    /// <summary>Host bits clear.</summary>
    public Ipv6Address Prefix;

    /// <summary>0 to 128.</summary>
    public byte PrefixLength;

    /// <summary>Index into the plan's next hops, which both families share.</summary>
    public ushort NextHop;
}
