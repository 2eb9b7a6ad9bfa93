using Dataplane.Nat;
using Dataplane.Packet;

namespace Dataplane.TestKit;

/// <summary>Where a route leads.</summary>
public enum ReferenceRouteKind
{
    /// <summary>Nowhere: the sender is told.</summary>
    None,

    /// <summary>Nowhere, in silence.</summary>
    Blackhole,
    Local,
    Forward,
}

/// <summary>A route's answer: the port to leave by and the neighbour to hand the packet to.</summary>
public readonly record struct ReferenceRoute(ReferenceRouteKind Kind, int Port = -1, Ipv4Address Neighbour = default);

/// <summary>What a source may be translated to.</summary>
public sealed record ReferencePool(Ipv4Address First, uint Count, ushort PortLow, ushort PortHigh)
{
    /// <summary>Pairs of address and port.</summary>
    public long Places => Count * (PortHigh - PortLow + 1L);

    public bool Contains(Ipv4Address address, ushort port) =>
        address.Host >= First.Host && address.Host - First.Host < Count && port >= PortLow && port <= PortHigh;
}

/// <summary>A port of the reference's router.</summary>
public sealed record ReferencePort(MacAddress Mac, Ipv4Address Address, int MtuBytes);

/// <summary>A policy in plain code: what the rules of a configuration mean.</summary>
public abstract class ReferencePolicy
{
    public abstract ReferencePort Port(int port);

    public abstract ReferenceRoute Route(Ipv4Address destination);

    /// <summary>Whether a packet passes without an entry and untranslated.</summary>
    public abstract bool IsUntracked(in Ipv4Tuple tuple, int inPort);

    /// <summary>The tuple behind destination translation.</summary>
    public abstract Ipv4Tuple Destination(in Ipv4Tuple tuple, int inPort);

    public abstract FilterVerdict Filter(in Ipv4Tuple tuple, int inPort, int outPort);

    /// <summary>What the source becomes, or null to leave it.</summary>
    public abstract ReferencePool? Source(in Ipv4Tuple tuple, int inPort, int outPort);
}
