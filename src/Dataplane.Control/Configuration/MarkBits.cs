using System.Globalization;

namespace Dataplane.Control.Configuration;

/// <summary>Some bits of a connection's mark: to be set so, or to be found so.</summary>
/// <param name="Value">No bit is set outside the mask.</param>
/// <param name="Mask">The bits that are meant.</param>
public readonly record struct MarkBits(uint Value, uint Mask)
{
    /// <summary>Every mark: what an absent match means.</summary>
    public static MarkBits Any => default;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"0x{Value:x}/0x{Mask:x}");
}
