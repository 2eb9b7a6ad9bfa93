using System.Runtime.InteropServices;
using System.Threading;
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

/// <summary>One next hop of the plan, of either family; 24 bytes, immutable but for the neighbour that workers note.</summary>
[StructLayout(LayoutKind.Sequential, Size = 24)]
public unsafe struct NextHop
{
    /// <summary>With <see cref="NextHopKind.Gateway"/>; an IPv4 gateway as a mapped address.</summary>
    public Ipv6Address Gateway;

    public NextHopKind Kind;
    public byte Port;

    // 0 in a new plan, whatever it was compiled from: an index from elsewhere would be believed.
    private uint _neighbour;

    /// <summary>What an entry keeps of its way (<see cref="Conntrack.EntryHead.NextHopOriginal"/>); 0 while that is to be found.</summary>
    /// <remarks>Only a gateway is one neighbour, whatever the destination.</remarks>
    public uint Cached(Plan* plan)
    {
        uint index = Volatile.Read(ref _neighbour);
        return index == 0 ? 0 : (uint)plan->Generation << 16 | index;
    }

    /// <summary>Notes which neighbour the gateway is, once it has been usable: from then on its index keeps its address.</summary>
    public void Note(uint neighbour)
    {
        // Every worker that comes here has found the same.
        if (Kind == NextHopKind.Gateway && Volatile.Read(ref _neighbour) == 0)
        {
            Volatile.Write(ref _neighbour, neighbour);
        }
    }
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
