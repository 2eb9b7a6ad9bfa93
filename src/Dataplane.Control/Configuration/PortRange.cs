using System.Globalization;

namespace Dataplane.Control.Configuration;

/// <summary>Consecutive l4 ports, both ends included.</summary>
public readonly record struct PortRange(ushort First, ushort Last)
{
    /// <summary>Every port: what an absent match means.</summary>
    public static PortRange All => new(0, ushort.MaxValue);

    /// <summary>How many ports, 1 to 65536.</summary>
    public int Count => Last - First + 1;

    public bool Contains(PortRange other) => other.First >= First && other.Last <= Last;

    public bool Overlaps(PortRange other) => First <= other.Last && other.First <= Last;

    public override string ToString() => First == Last
        ? First.ToString(CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{First}-{Last}");
}
