using System;
using System.Collections.Generic;
using Dataplane.Packet;

namespace Dataplane.Dpdk;

/// <summary>An IPv6 route for <see cref="Fib6.Build"/>.</summary>
/// <param name="Prefix">Bits behind the length are ignored.</param>
/// <param name="PrefixLength">0 to 128.</param>
/// <param name="NextHop">Up to <see cref="Fib.NextHopMax"/>.</param>
public readonly record struct Fib6Route(Ipv6Address Prefix, int PrefixLength, uint NextHop);

/// <summary>IPv6 routes by longest prefix: DPDK's trie, one memory access for the first 24 bits and one for each 8 more that a
/// longer prefix needs.</summary>
/// <remarks>
/// The first table is 2^24 next hops of 4 bytes, 64 MiB of EAL memory whatever the number of routes; each group of 256 next
/// hops behind it takes 1 KiB. Made with all its routes and not changed after: other routes are another table.
/// </remarks>
public sealed unsafe class Fib6 : IDisposable
{
    /// <summary>EAL memory of the first table.</summary>
    public const long FirstTableBytes = 4L << 24;

    /// <summary>EAL memory of one group.</summary>
    public const long GroupBytes = 4 << 8;

    private void* _fib;

    private Fib6(void* fib) => _fib = fib;

    /// <summary>struct rte_fib6*, for <see cref="Burst.Fib6Lookup"/>.</summary>
    public void* Handle => _fib;

    /// <summary>Makes a table of all the routes; of two with one prefix the later stays.</summary>
    /// <param name="name">Unique in the process, up to 25 characters.</param>
    /// <param name="routes">In any order.</param>
    /// <param name="defaultNextHop">What a lookup gives where no route matches.</param>
    /// <param name="node">NUMA node, -1 for any.</param>
    /// <exception cref="DpdkException">No memory, the name is taken, or a number is out of range.</exception>
    public static Fib6 Build(string name, IReadOnlyList<Fib6Route> routes, uint defaultNextHop, int node = -1)
    {
        ArgumentNullException.ThrowIfNull(routes);

        // ::/0 is what a lookup gives where nothing else matches: the library's own slot for that costs no table entry, and
        // adding the prefix would rewrite all 2^24 of them.
        uint otherwise = defaultNextHop;
        foreach (Fib6Route route in routes)
        {
            if (route.PrefixLength is < 0 or > 128 || route.NextHop > Fib.NextHopMax)
            {
                throw new DpdkException($"FIB {name}: route {route.Prefix}/{route.PrefixLength} to {route.NextHop}: out of range");
            }

            otherwise = route.PrefixLength == 0 ? route.NextHop : otherwise;
        }

        Fib6 fib = Create(name, Math.Max(routes.Count, 1), GroupsFor(routes), otherwise, node);
        try
        {
            foreach (Fib6Route route in routes)
            {
                fib.Add(route);
            }

            return fib;
        }
        catch (DpdkException)
        {
            fib.Dispose();
            throw;
        }
    }

    /// <summary>EAL memory that a table of these routes takes, in bytes, without the library's list of routes.</summary>
    public static long BytesFor(IReadOnlyList<Fib6Route> routes)
    {
        ArgumentNullException.ThrowIfNull(routes);
        return FirstTableBytes + GroupsFor(routes) * GroupBytes;
    }

    /// <summary>Next hop for one address; the datapath asks by <see cref="Burst.Fib6Lookup"/>.</summary>
    /// <exception cref="DpdkException">The library refused.</exception>
    public uint Lookup(Ipv6Address address)
    {
        ulong nextHop;
        DpdkException.ThrowIfFailed(Burst.Fib6Lookup(Live(), &address, &nextHop, 1), $"lookup of {address}", ulong.MaxValue);
        return (uint)nextHop;
    }

    public void Dispose()
    {
        Native.dp_fib6_free(_fib);
        _fib = null;
    }

    /// <summary>Groups that the library reserves at most: one for each begun step of 8 bits behind a prefix's 24th.</summary>
    /// <remarks>Prefixes share groups in the tables but not in its reckoning, and it wants one more than it uses.</remarks>
    private static uint GroupsFor(IReadOnlyList<Fib6Route> routes)
    {
        uint groups = 1;
        foreach (Fib6Route route in routes)
        {
            groups += (uint)Math.Max(0, route.PrefixLength - 24 + 7 >> 3);
        }

        return groups;
    }

    private static Fib6 Create(string name, int routesMax, uint groupsMax, uint defaultNextHop, int node)
    {
        int error;
        ulong position = EalLog.Position;
        void* fib = Native.dp_fib6_create(name, (uint)routesMax, groupsMax, defaultNextHop, node, &error);
        string? remedy = error == -Errno.NoMemory
            ? $"raise the packet memory: these IPv6 routes take {FirstTableBytes + groupsMax * GroupBytes >> 20} MiB"
            : null;
        return fib is not null ? new Fib6(fib) : throw DpdkException.From(error, $"FIB {name}", position, remedy);
    }

    private void Add(Fib6Route route)
    {
        if (route.PrefixLength == 0)
        {
            return;
        }

        ulong position = EalLog.Position;
        Ipv6Address prefix = route.Prefix;
        int result = Native.dp_fib6_add(_fib, &prefix, (uint)route.PrefixLength, route.NextHop);
        DpdkException.ThrowIfFailed(result, $"route {prefix}/{route.PrefixLength}", position);
    }

    private void* Live()
    {
        ObjectDisposedException.ThrowIf(_fib is null, this);
        return _fib;
    }
}
