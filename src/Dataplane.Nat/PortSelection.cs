using Dataplane.Packet;

namespace Dataplane.Nat;

/// <summary>Where a connection's new source address and port come from.</summary>
public unsafe struct PortSelection
{
    /// <summary>The pool, or null for a single address.</summary>
    public AddressPool* Pool;
    public AddressRange* Ranges;

    /// <summary>The address with masquerade.</summary>
    public Ipv4Address Address;

    public ushort PortLow;
    public ushort PortHigh;

    public ReservedPorts* Reserved;
    public int ReservedCount;

    /// <summary>Addresses to choose from, at least 1.</summary>
    public readonly uint AddressCount => Pool == null ? 1 : Pool->AddressCount;

    /// <summary>Ports of each address, at least 1.</summary>
    public readonly uint PortCount => (uint)(PortHigh - PortLow + 1);

    /// <summary>The pool's address at a position, around its end; or the only one.</summary>
    public readonly Ipv4Address AddressAt(uint position) => Pool == null ? Address : Pool->AddressAt(Ranges, position % Pool->AddressCount);

    /// <summary>Whether the whole of the protocol is forwarded from this address; a range of ports does not concern it.</summary>
    public readonly bool IsPublished(Ipv4Address address, byte protocol)
    {
        for (int index = 0; index < ReservedCount; index++)
        {
            ReservedPorts* reserved = Reserved + index;
            if (reserved->PortLow == 0 && reserved->PortHigh == ushort.MaxValue && IsReservedFor(reserved, address, protocol))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The port itself if it may be given out, else the first one behind the reserved range it is in (0 behind
    /// 65,535).</summary>
    public readonly ushort BehindReserved(Ipv4Address address, byte protocol, ushort port)
    {
        for (int index = 0; index < ReservedCount; index++)
        {
            ReservedPorts* reserved = Reserved + index;
            if (port >= reserved->PortLow && port <= reserved->PortHigh && IsReservedFor(reserved, address, protocol))
            {
                return (ushort)(reserved->PortHigh + 1);
            }
        }

        return port;
    }

    private static bool IsReservedFor(ReservedPorts* reserved, Ipv4Address address, byte protocol) =>
        address.Host - reserved->AddressLow <= reserved->AddressHigh - reserved->AddressLow
            && (reserved->Protocol == 0 || reserved->Protocol == protocol);
}
