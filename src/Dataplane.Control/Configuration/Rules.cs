using Dataplane.Nat;
using Dataplane.Packet;

namespace Dataplane.Control.Configuration;

/// <summary>What all rules have.</summary>
/// <param name="Number">Its place in the list, 1 to 1000000.</param>
/// <param name="Match">Which connections it is for.</param>
/// <param name="Comment">The operator's words, repeated in listings; may be empty.</param>
public abstract record Rule(int Number, RuleMatch Match, string Comment);

/// <summary>Settings for a connection before it is looked up or made.</summary>
/// <param name="Number">Its place in the list, 1 to 1000000.</param>
/// <param name="Match">Which connections it is for.</param>
/// <param name="Comment">The operator's words, repeated in listings; may be empty.</param>
/// <param name="NoTrack">Forward without tracking and without translation.</param>
/// <param name="Mark">Bits of the connection's mark to set, or null to leave it.</param>
public sealed record TrackRule(int Number, RuleMatch Match, string Comment, bool NoTrack, MarkBits? Mark)
    : Rule(Number, Match, Comment)
{
    /// <summary>Bits to add to the connection's label; may be none.</summary>
    public ConnectionLabel Label { get; init; }

    /// <summary>The timeout policy: 0 for the default, else its place among the configured ones, from 1; null to leave it.</summary>
    public byte? TimeoutPolicy { get; init; }
}

/// <summary>Destination translation.</summary>
/// <param name="Number">Its place in the list, 1 to 1000000.</param>
/// <param name="Match">Which connections it is for.</param>
/// <param name="Comment">The operator's words, repeated in listings; may be empty.</param>
/// <param name="Address">The new destination.</param>
/// <param name="Ports">
/// The new destination port, or null to keep it. A range is as large as the matched one: the n-th port becomes the n-th.
/// </param>
public sealed record DestinationRule(int Number, RuleMatch Match, string Comment, Ipv4Address Address, PortRange? Ports)
    : Rule(Number, Match, Comment);

public enum FilterAction
{
    Accept,

    /// <summary>Silently.</summary>
    Drop,

    /// <summary>With a TCP reset or an ICMP error to the sender.</summary>
    Reject,
}

public sealed record FilterRule(int Number, RuleMatch Match, string Comment, FilterAction Action)
    : Rule(Number, Match, Comment);

public enum SourceTargetKind
{
    /// <summary>Addresses and ports of a named pool.</summary>
    Pool,

    /// <summary>Addresses, and perhaps ports, written in the rule.</summary>
    Addresses,

    /// <summary>The first address of the egress port.</summary>
    Masquerade,

    /// <summary>No source translation.</summary>
    Exempt,
}

/// <param name="Kind">Which of the other fields mean something.</param>
/// <param name="PoolIndex">For a pool: its index in the configuration; else -1.</param>
/// <param name="Addresses">For addresses: which.</param>
/// <param name="Ports">For addresses: the ports that may be given out; null for the router's default range.</param>
public sealed record SourceTarget(SourceTargetKind Kind, int PoolIndex, Ipv4Range Addresses, PortRange? Ports);

/// <summary>Source translation.</summary>
public sealed record SourceRule(int Number, RuleMatch Match, string Comment, SourceTarget Target)
    : Rule(Number, Match, Comment);
