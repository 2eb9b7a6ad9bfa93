using System;
using System.Collections.Generic;
using System.Numerics;
using System.Runtime.InteropServices;
using Dataplane.Conntrack;
using Dataplane.Nat;
using Dataplane.Packet;

namespace Dataplane.Datapath;

/// <summary>Collects a configuration's compiled parts and lays them out as a <see cref="Plan"/>.</summary>
/// <remarks>Runs at start, in the process that owns the configuration; allocates freely.</remarks>
public sealed unsafe class PlanBuilder
{
    /// <summary>Ports at most: rule conditions are 64-bit masks.</summary>
    public const int PortsMax = 64;

    private readonly List<NextHop> _nextHops = [default];
    private TimeoutTable _timeouts;

    public PlanBuilder() => _timeouts.SetDefaults();

    public List<RouterPort> Ports { get; } = [];

    public List<PortAddress> Addresses { get; } = [];

    public List<Route> Routes { get; } = [];

    public List<TrackRule> TrackRules { get; } = [];

    public List<DestinationRule> DestinationRules { get; } = [];

    public List<FilterRule> FilterRules { get; } = [];

    public List<SourceRule> SourceRules { get; } = [];

    public List<AddressPool> Pools { get; } = [];

    public List<AddressRange> Ranges { get; } = [];

    public List<ReservedPorts> Reserved { get; } = [];

    public List<PortAddress6> Addresses6 { get; } = [];

    public List<Route6> Routes6 { get; } = [];

    public List<TrackRule6> Track6Rules { get; } = [];

    public List<FilterRule6> Filter6Rules { get; } = [];

    public FilterVerdict FilterDefault { get; set; } = FilterVerdict.Accept;

    /// <summary>How strictly TCP is judged; strictly until changed.</summary>
    public TcpPolicy Tcp { get; set; } = TcpPolicy.Strict;

    public bool VerifyChecksums { get; set; } = true;

    public bool Accounting { get; set; } = true;

    public ushort IcmpErrorsPerSecond { get; set; } = 10;

    public ushort Generation { get; set; } = 1;

    /// <summary>Policy 0's timeouts; RFC-conformant until changed.</summary>
    public ref TimeoutTable Timeouts => ref _timeouts;

    /// <summary>Adds a port with its addresses and their connected, local and broadcast routes.</summary>
    /// <returns>The port's index in rules' masks.</returns>
    public byte AddPort(RouterPort port, IReadOnlyList<(Ipv4Address Address, byte PrefixLength)> addresses)
    {
        ArgumentNullException.ThrowIfNull(addresses);
        if (Ports.Count == PortsMax)
        {
            throw new InvalidOperationException($"more than {PortsMax} ports");
        }

        byte index = (byte)Ports.Count;
        port.Address = addresses.Count > 0 ? addresses[0].Address : default;
        Ports.Add(port);
        foreach ((Ipv4Address address, byte prefixLength) in addresses)
        {
            Addresses.Add(new PortAddress { Address = address, PrefixLength = prefixLength, Port = index });
            AddRoute(address.Host, 32, new NextHop { Kind = NextHopKind.Local, Port = index });
            if (prefixLength == 32)
            {
                continue;
            }

            uint mask = prefixLength == 0 ? 0 : uint.MaxValue << (32 - prefixLength);
            AddRoute(address.Host & mask, prefixLength, new NextHop { Kind = NextHopKind.Connected, Port = index });
            if (prefixLength < 31)
            {
                // The subnet's all-zeros and all-ones addresses are broadcasts, which a router does not forward (RFC 2644).
                AddRoute(address.Host & mask, 32, new NextHop { Kind = NextHopKind.Blackhole });
                AddRoute(address.Host | ~mask, 32, new NextHop { Kind = NextHopKind.Blackhole });
            }
        }

        return index;
    }

    /// <summary>Adds a route; of two with one prefix the first stays.</summary>
    public void AddRoute(uint prefix, byte prefixLength, NextHop nextHop)
    {
        uint mask = prefixLength == 0 ? 0 : uint.MaxValue << (32 - prefixLength);
        if (Routes.Exists(route => route.Prefix == (prefix & mask) && route.PrefixLength == prefixLength))
        {
            return;
        }

        Routes.Add(new Route { Prefix = prefix & mask, PrefixLength = prefixLength, NextHop = NextHopIndex(nextHop) });
    }

    /// <summary>Adds an IPv6 address of a port with its connected and local routes.</summary>
    /// <remarks>The first global address of a port becomes its <see cref="RouterPort.Address6"/>, the first link-local one its
    /// <see cref="RouterPort.LinkLocal"/>. Link-local subnets get no route: their packets are not routed (RFC 4291 §2.5.6).</remarks>
    public void AddAddress6(byte port, Ipv6Address address, byte prefixLength)
    {
        RouterPort changed = Ports[port];
        if (address.IsLinkLocal && changed.LinkLocal.IsUnspecified)
        {
            changed.LinkLocal = address;
        }
        else if (!address.IsLinkLocal && changed.Address6.IsUnspecified)
        {
            changed.Address6 = address;
        }

        Ports[port] = changed;
        Addresses6.Add(new PortAddress6 { Address = address, PrefixLength = prefixLength, Port = port });
        if (address.IsLinkLocal)
        {
            return;
        }

        AddRoute6(address, 128, new NextHop { Kind = NextHopKind.Local, Port = port });
        AddRoute6(address, prefixLength, new NextHop { Kind = NextHopKind.Connected, Port = port });
        if (prefixLength < 127)
        {
            // The subnet-router anycast address is the router's (RFC 4291 §2.6.1).
            AddRoute6(address.Prefix(prefixLength), 128, new NextHop { Kind = NextHopKind.Local, Port = port });
        }
    }

    /// <summary>Adds an IPv6 route; of two with one prefix the first stays.</summary>
    public void AddRoute6(Ipv6Address prefix, byte prefixLength, NextHop nextHop)
    {
        prefix = prefix.Prefix(prefixLength);
        if (!Routes6.Exists(route => route.Prefix == prefix && route.PrefixLength == prefixLength))
        {
            Routes6.Add(new Route6 { Prefix = prefix, PrefixLength = prefixLength, NextHop = NextHopIndex(nextHop) });
        }
    }

    private ushort NextHopIndex(NextHop nextHop)
    {
        int index = _nextHops.FindIndex(known =>
            known.Kind == nextHop.Kind && known.Port == nextHop.Port && known.Gateway == nextHop.Gateway);
        if (index < 0)
        {
            index = _nextHops.Count;
            _nextHops.Add(nextHop);
        }

        return (ushort)index;
    }

    /// <summary>Adds a pool; addresses that are not a port's own are swallowed when no connection claims them.</summary>
    /// <remarks>Without the blackhole a packet to an idle pool address would follow the default route back out, and
    /// round in circles.</remarks>
    /// <returns>The pool's index.</returns>
    public ushort AddPool(IReadOnlyList<AddressRange> ranges, ushort portLow, ushort portHigh)
    {
        ArgumentNullException.ThrowIfNull(ranges);
        ArgumentOutOfRangeException.ThrowIfZero(ranges.Count, nameof(ranges));
        uint count = 0;
        int first = Ranges.Count;
        if (first + ranges.Count > ushort.MaxValue)
        {
            throw new InvalidOperationException($"more than {ushort.MaxValue} address ranges in all pools");
        }

        foreach (AddressRange range in ranges)
        {
            Ranges.Add(range);
            count += range.Count;
            AddBlackholes(range);
        }

        Pools.Add(new AddressPool
        {
            FirstRange = (ushort)first,
            RangeCount = (ushort)ranges.Count,
            PortLow = portLow,
            PortHigh = portHigh,
            AddressCount = count,
        });
        return (ushort)(Pools.Count - 1);
    }

    /// <summary>Lays everything out in one zeroed native block; free it with <see cref="Free"/>.</summary>
    public Plan* Build()
    {
        int size = sizeof(Plan);
        PlanSection ports = Reserve<RouterPort>(ref size, Ports.Count);
        PlanSection addresses = Reserve<PortAddress>(ref size, Addresses.Count);
        PlanSection routes = Reserve<Route>(ref size, Routes.Count);
        PlanSection nextHops = Reserve<NextHop>(ref size, _nextHops.Count);
        PlanSection track = Reserve<TrackRule>(ref size, TrackRules.Count);
        PlanSection destination = Reserve<DestinationRule>(ref size, DestinationRules.Count);
        PlanSection filter = Reserve<FilterRule>(ref size, FilterRules.Count);
        PlanSection source = Reserve<SourceRule>(ref size, SourceRules.Count);
        PlanSection pools = Reserve<AddressPool>(ref size, Pools.Count);
        PlanSection ranges = Reserve<AddressRange>(ref size, Ranges.Count);
        PlanSection reserved = Reserve<ReservedPorts>(ref size, Reserved.Count);
        PlanSection addresses6 = Reserve<PortAddress6>(ref size, Addresses6.Count);
        PlanSection routes6 = Reserve<Route6>(ref size, Routes6.Count);
        PlanSection track6 = Reserve<TrackRule6>(ref size, Track6Rules.Count);
        PlanSection filter6 = Reserve<FilterRule6>(ref size, Filter6Rules.Count);
        Plan* plan = (Plan*)NativeMemory.AlignedAlloc((nuint)size, 64);
        NativeMemory.Clear(plan, (nuint)size);
        plan->SizeBytes = size;
        plan->Generation = Generation;
        plan->FilterDefault = FilterDefault;
        plan->Tcp = Tcp;
        plan->FiltersInvalid = HasFilter(PacketState.Invalid);
        plan->FiltersRelated = HasFilter(PacketState.Related);
        plan->VerifyChecksums = VerifyChecksums;
        plan->Accounting = Accounting;
        plan->IcmpErrorsPerSecond = IcmpErrorsPerSecond;
        plan->Timeouts = _timeouts;
        plan->PortSection = Copy(plan, ports, Ports);
        plan->AddressSection = Copy(plan, addresses, Addresses);
        plan->RouteSection = Copy(plan, routes, Routes);
        plan->NextHopSection = Copy(plan, nextHops, _nextHops);
        plan->TrackSection = Copy(plan, track, TrackRules);
        plan->DestinationSection = Copy(plan, destination, DestinationRules);
        plan->FilterSection = Copy(plan, filter, FilterRules);
        plan->SourceSection = Copy(plan, source, SourceRules);
        plan->PoolSection = Copy(plan, pools, Pools);
        plan->RangeSection = Copy(plan, ranges, Ranges);
        plan->ReservedSection = Copy(plan, reserved, Reserved);
        plan->Address6Section = Copy(plan, addresses6, Addresses6);
        plan->Route6Section = Copy(plan, routes6, Routes6);
        plan->Track6Section = Copy(plan, track6, Track6Rules);
        plan->Filter6Section = Copy(plan, filter6, Filter6Rules);
        return plan;
    }

    /// <summary>Frees a plan that no worker reads any more.</summary>
    public static void Free(Plan* plan) => NativeMemory.AlignedFree(plan);

    private bool HasFilter(PacketState state) =>
        FilterRules.Exists(rule => (rule.Match.States >> (int)state & 1) != 0)
        || Filter6Rules.Exists(rule => (rule.Match.Common.States >> (int)state & 1) != 0);

    private void AddBlackholes(AddressRange range)
    {
        uint next = range.First;
        uint left = range.Count;
        while (left > 0)
        {
            // The largest aligned power of two that fits: a range becomes few prefixes.
            int aligned = next == 0 ? 31 : BitOperations.TrailingZeroCount(next);
            int bits = Math.Min(aligned, BitOperations.Log2(left));
            AddRoute(next, (byte)(32 - bits), new NextHop { Kind = NextHopKind.Blackhole });
            next += 1u << bits;
            left -= 1u << bits;
        }
    }

    private static PlanSection Reserve<T>(ref int size, int count)
        where T : unmanaged
    {
        PlanSection section = new() { Offset = size, Count = count };
        size += sizeof(T) * count + 63 & ~63;
        return section;
    }

    private static PlanSection Copy<T>(Plan* plan, PlanSection section, List<T> items)
        where T : unmanaged
    {
        CollectionsMarshal.AsSpan(items).CopyTo(new Span<T>((byte*)plan + section.Offset, section.Count));
        return section;
    }
}
