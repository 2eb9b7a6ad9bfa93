using System.Runtime.InteropServices;
using Dataplane.Packet;

namespace Dataplane.Nat;

/// <summary>The answer of the filter.</summary>
public enum FilterVerdict : byte
{
    Accept = 0,
    Drop = 1,

    /// <summary>Drop, and tell the sender: ICMP communication administratively prohibited (RFC 1812 §5.2.7.1).</summary>
    Reject = 2,
}

/// <summary>How a <see cref="SourceRule"/> translates.</summary>
public enum SourceAction : byte
{
    /// <summary>Leave the source as it is, and look no further.</summary>
    Exempt = 0,

    /// <summary>To an address and port of a pool.</summary>
    Pool = 1,

    /// <summary>To the first address of the egress port, any port from 1024.</summary>
    Masquerade = 2,
}

/// <summary>Before any translation; all matches apply; 104 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct TrackRule
{
    public RuleMatch Match;
    public TrackEffect Do;
}

/// <summary>Destination translation, before routing; the first match decides; 88 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DestinationRule
{
    public RuleMatch Match;

    /// <summary>The new destination.</summary>
    public Ipv4Address To;

    /// <summary>The first new port, or 0 to keep the port.</summary>
    public ushort ToPort;

    /// <summary>The packet's port minus this is added to <see cref="ToPort"/>: a range maps to a range.</summary>
    public ushort MatchedPort;

    /// <summary>How many ports the target range has; 1 sends everything to <see cref="ToPort"/>.</summary>
    public ushort ToPortCount;
}

/// <summary>After routing; the first match decides; 80 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FilterRule
{
    public RuleMatch Match;
    public FilterVerdict Verdict;
}

/// <summary>Source translation, after the filter; the first match decides; 80 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SourceRule
{
    public RuleMatch Match;
    public SourceAction Action;

    /// <summary>Index of an <see cref="AddressPool"/>, with <see cref="SourceAction.Pool"/>.</summary>
    public ushort Pool;
}
