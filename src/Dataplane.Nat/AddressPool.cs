using System.Runtime.InteropServices;
using Dataplane.Packet;

namespace Dataplane.Nat;

/// <summary>Consecutive addresses of a pool; 8 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct AddressRange
{
    /// <summary>First address, host order.</summary>
    public uint First;

    /// <summary>How many, at least 1.</summary>
    public uint Count;
}

/// <summary>Addresses and ports that source translation draws from; 12 bytes.</summary>
/// <remarks>The ranges stand in the plan, from <see cref="FirstRange"/>.</remarks>
[StructLayout(LayoutKind.Sequential)]
public struct AddressPool
{
    public ushort FirstRange;
    public ushort RangeCount;
    public ushort PortLow;
    public ushort PortHigh;

    /// <summary>Addresses in all ranges.</summary>
    public uint AddressCount;

    /// <summary>The n-th address of the pool.</summary>
    public readonly unsafe Ipv4Address AddressAt(AddressRange* ranges, uint position)
    {
        AddressRange* range = ranges + FirstRange;
        while (position >= range->Count)
        {
            position -= range->Count;
            range++;
        }

        return Ipv4Address.FromHost(range->First + position);
    }
}

/// <summary>Ports that are never given out because they are forwarded or served; 16 bytes.</summary>
/// <remarks>Without this an inside host could be given the port of a published service and answer in its place
/// (CVE-2021-3773).</remarks>
[StructLayout(LayoutKind.Sequential)]
public struct ReservedPorts
{
    /// <summary>First and last address, host order.</summary>
    public uint AddressLow;
    public uint AddressHigh;
    public ushort PortLow;
    public ushort PortHigh;

    /// <summary>0: every protocol.</summary>
    public byte Protocol;
}
