using Dataplane.TestKit;

namespace Dataplane.Oracle.Tests.Recording;

/// <summary>A path between two hosts and how their stacks are set.</summary>
/// <param name="Before">Faults between the sender and the middle, for each direction.</param>
/// <param name="Behind">Faults between the middle and the receiver.</param>
/// <param name="DelayMs">From the middle to the receiver.</param>
/// <param name="HasWindowScaling">RFC 7323.</param>
/// <param name="HasSack">RFC 2018.</param>
/// <param name="HasTimestamps">RFC 7323.</param>
public sealed record PathSettings(
    FaultRates Before, FaultRates Behind, int DelayMs, bool HasWindowScaling = true, bool HasSack = true, bool HasTimestamps = true)
{
    public static FaultRates Perfect { get; } = new(Drop: 0, Duplicate: 0, Reorder: 0, Corrupt: 0, Truncate: 0);

    public override string ToString() =>
        $"before {Before.Drop}/{Before.Duplicate}/{Before.Reorder} behind {Behind.Drop}/{Behind.Duplicate}/{Behind.Reorder}"
        + $" delay {DelayMs} scaling {HasWindowScaling} sack {HasSack} timestamps {HasTimestamps}";
}
