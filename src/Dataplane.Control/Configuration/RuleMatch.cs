using System;
using Dataplane.Nat;

namespace Dataplane.Control.Configuration;

/// <summary>What a rule asks of a connection's first packet; every part must hold.</summary>
public sealed record RuleMatch
{
    /// <summary>Stands for "any" in the port and protocol fields.</summary>
    public const int Any = -1;

    /// <summary>A rule without a match: every packet.</summary>
    public static RuleMatch Everything { get; } = new();

    /// <summary>The families whose lists the rule goes to; at least one.</summary>
    public AddressFamilies Families { get; init; } = AddressFamilies.Both;

    /// <summary>Index of the ingress port, or <see cref="Any"/>.</summary>
    public int InPort { get; init; } = Any;

    /// <summary>Index of the egress port, or <see cref="Any"/>.</summary>
    public int OutPort { get; init; } = Any;

    /// <summary>IP protocol number, or <see cref="Any"/>.</summary>
    public int Protocol { get; init; } = Any;

    public Ipv4Range Source { get; init; } = Ipv4Range.All;

    public Ipv4Range Destination { get; init; } = Ipv4Range.All;

    /// <summary>Of the rule's IPv6 form; ::/0 for any.</summary>
    public Ipv6Prefix Source6 { get; init; }

    /// <summary>Of the rule's IPv6 form; ::/0 for any.</summary>
    public Ipv6Prefix Destination6 { get; init; }

    public PortRange SourcePort { get; init; } = PortRange.All;

    public PortRange DestinationPort { get; init; } = PortRange.All;

    /// <summary>What the mark must be in the bits of the mask.</summary>
    public MarkBits Mark { get; init; } = MarkBits.Any;

    /// <summary>Bits of the label that must be set.</summary>
    public ConnectionLabel Label { get; init; }

    /// <summary>Bit n for <see cref="PacketState"/> n; 0 for any.</summary>
    public byte States { get; init; }

    /// <summary>True if every packet that <paramref name="other"/> matches is matched by this one.</summary>
    public bool Covers(RuleMatch other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return (other.Families & ~Families) == 0
            && (InPort == Any || InPort == other.InPort)
            && (OutPort == Any || OutPort == other.OutPort)
            && (Protocol == Any || Protocol == other.Protocol)
            && CoversAddresses(other)
            && SourcePort.Contains(other.SourcePort)
            && DestinationPort.Contains(other.DestinationPort)
            && (Mark.Mask & ~other.Mark.Mask) == 0
            && (other.Mark.Value & Mark.Mask) == Mark.Value
            && other.Label.Contains(Label)
            && (States == 0 || (other.States != 0 && (other.States & ~States) == 0));
    }

    /// <summary>Only families that the other has count: its ranges of one that it is not for mean nothing.</summary>
    private bool CoversAddresses(RuleMatch other) =>
        ((other.Families & AddressFamilies.Ipv4) == 0
            || (Source.Contains(other.Source) && Destination.Contains(other.Destination)))
        && ((other.Families & AddressFamilies.Ipv6) == 0
            || (Source6.Contains(other.Source6) && Destination6.Contains(other.Destination6)));
}
