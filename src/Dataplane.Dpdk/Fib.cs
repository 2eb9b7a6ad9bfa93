using System;
using Dataplane.Packet;

namespace Dataplane.Dpdk;

/// <summary>IPv4 routes by longest prefix: DPDK's DIR-24-8, one memory access a lookup, two behind a prefix longer than
/// /24.</summary>
/// <remarks>The first table is 2^24 next hops of 4 bytes, 64 MiB of EAL memory whatever the number of routes.</remarks>
public sealed unsafe class Fib : IDisposable
{
    /// <summary>Next hops are below this: one of 32 bits marks the second table.</summary>
    public const uint NextHopMax = int.MaxValue;

    /// <summary>EAL memory of the first table.</summary>
    public const long FirstTableBytes = 4L << 24;

    private void* _fib;

    private Fib(void* fib) => _fib = fib;

    /// <summary>struct rte_fib*, for <see cref="Burst.FibLookup"/>.</summary>
    public void* Handle => _fib;

    /// <summary>Makes an empty table.</summary>
    /// <param name="name">Unique in the process, up to 25 characters.</param>
    /// <param name="routesMax">Prefixes it can hold.</param>
    /// <param name="groupsMax">/24 networks that may contain longer prefixes; 1 KiB each.</param>
    /// <param name="defaultNextHop">What a lookup gives where no route matches.</param>
    /// <param name="node">NUMA node, -1 for any.</param>
    /// <exception cref="DpdkException">No memory, the name is taken, or a number is out of range.</exception>
    public static Fib Create(string name, int routesMax, int groupsMax, uint defaultNextHop, int node = -1)
    {
        if (routesMax < 1 || groupsMax < 0 || defaultNextHop > NextHopMax)
        {
            throw new DpdkException($"FIB {name}: {routesMax} routes, {groupsMax} groups, next hop {defaultNextHop}: out of range");
        }

        int error;
        ulong position = EalLog.Position;
        void* fib = Native.dp_fib_create(name, (uint)routesMax, (uint)groupsMax, defaultNextHop, node, &error);
        string? remedy = error == -Errno.NoMemory ? "raise the packet memory: a FIB takes 64 MiB" : null;
        return fib is not null ? new Fib(fib) : throw DpdkException.From(error, $"FIB {name}", position, remedy);
    }

    /// <summary>Adds a route, or changes the next hop of an existing one. Bits behind the prefix are ignored.</summary>
    /// <exception cref="DpdkException">The table is full, or an argument is out of range.</exception>
    public void Add(Ipv4Address network, int prefixLength, uint nextHop)
    {
        ulong position = EalLog.Position;
        int result = Native.dp_fib_add(Live(), network.Host, (uint)prefixLength, nextHop);
        DpdkException.ThrowIfFailed(result, $"route {network}/{prefixLength}", position);
    }

    /// <summary>Removes a route; false when there is none.</summary>
    /// <exception cref="DpdkException">The prefix length is not 0 to 32.</exception>
    public bool Remove(Ipv4Address network, int prefixLength)
    {
        ulong position = EalLog.Position;
        int result = Native.dp_fib_delete(Live(), network.Host, (uint)prefixLength);
        if (result == -Errno.NoEntry)
        {
            return false;
        }

        DpdkException.ThrowIfFailed(result, $"route {network}/{prefixLength}", position);
        return true;
    }

    /// <summary>Next hop for one address; the datapath looks up bursts by <see cref="Burst.FibLookup"/>.</summary>
    public uint Lookup(Ipv4Address address)
    {
        uint host = address.Host;
        ulong nextHop;
        DpdkException.ThrowIfFailed(Burst.FibLookup(Live(), &host, &nextHop, 1), $"lookup of {address}", ulong.MaxValue);
        return (uint)nextHop;
    }

    public void Dispose()
    {
        Native.dp_fib_free(_fib);
        _fib = null;
    }

    private void* Live()
    {
        ObjectDisposedException.ThrowIf(_fib is null, this);
        return _fib;
    }
}
