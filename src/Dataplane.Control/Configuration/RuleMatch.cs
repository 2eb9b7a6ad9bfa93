namespace Dataplane.Control.Configuration;

/// <summary>What a rule asks of a connection's first packet; every part must hold.</summary>
public sealed record RuleMatch
{
    /// <summary>Stands for "any" in the port and protocol fields.</summary>
    public const int Any = -1;

    /// <summary>A rule without a match: every packet.</summary>
    public static RuleMatch Everything { get; } = new();

    /// <summary>Index of the ingress port, or <see cref="Any"/>.</summary>
    public int InPort { get; init; } = Any;

    /// <summary>Index of the egress port, or <see cref="Any"/>.</summary>
    public int OutPort { get; init; } = Any;

    /// <summary>IP protocol number, or <see cref="Any"/>.</summary>
    public int Protocol { get; init; } = Any;

    public Ipv4Range Source { get; init; } = Ipv4Range.All;

    public Ipv4Range Destination { get; init; } = Ipv4Range.All;

    public PortRange SourcePort { get; init; } = PortRange.All;

    public PortRange DestinationPort { get; init; } = PortRange.All;

    /// <summary>True if every packet that <paramref name="other"/> matches is matched by this one.</summary>
    public bool Covers(RuleMatch other)
    {
        System.ArgumentNullException.ThrowIfNull(other);
        return (InPort == Any || InPort == other.InPort)
            && (OutPort == Any || OutPort == other.OutPort)
            && (Protocol == Any || Protocol == other.Protocol)
            && Source.Contains(other.Source)
            && Destination.Contains(other.Destination)
            && SourcePort.Contains(other.SourcePort)
            && DestinationPort.Contains(other.DestinationPort);
    }
}
