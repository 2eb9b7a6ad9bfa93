using System.Globalization;
using System.Linq;

namespace Dataplane.Packet.Tests;

/// <summary>One byte of a frame overwritten.</summary>
internal sealed record Mutation(int Position, byte Value);

/// <summary>A sample frame with bytes overwritten, a length, and the NIC's opinion: what a property fails with is readable.</summary>
internal sealed record MutatedFrame(string Sample, Mutation[] Mutations, int CutBytes, MbufFlags Flags, bool VerifiesL4)
{
    public byte[] Build()
    {
        byte[] frame = [.. SampleFrames.All[Sample]];
        foreach (Mutation mutation in Mutations)
        {
            frame[mutation.Position % frame.Length] = mutation.Value;
        }

        return frame[..(frame.Length - CutBytes % (frame.Length + 1))];
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Sample}, [{string.Join(", ", Mutations.Select(one => $"{one.Position % SampleFrames.All[Sample].Length}={one.Value:x2}"))}], "
        + $"cut by {CutBytes}, {Flags}, {(VerifiesL4 ? "verify" : "trust")}");
}
