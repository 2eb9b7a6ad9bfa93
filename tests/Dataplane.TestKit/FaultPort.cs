using System;
using System.Collections.Generic;

namespace Dataplane.TestKit;

/// <summary>How often a link does what to a frame, in per cent.</summary>
public sealed record FaultRates(int Drop, int Duplicate, int Reorder, int Corrupt, int Truncate);

/// <summary>A bad cable: frames that go in come out changed, twice, late or not at all; repeatable by its seed.</summary>
public sealed class FaultPort(FaultRates rates, Random random)
{
    private readonly List<byte[]> _late = [];

    /// <summary>Sends a frame over the link.</summary>
    /// <returns>What arrives now, late frames of earlier calls included.</returns>
    public IReadOnlyList<byte[]> Pass(byte[] frame)
    {
        ArgumentNullException.ThrowIfNull(frame);
        List<byte[]> arrived = [];
        if (Happens(rates.Drop))
        {
            return arrived;
        }

        byte[] passed = Happens(rates.Truncate) ? frame[..random.Next(frame.Length)] : [.. frame];
        if (passed.Length > 0 && Happens(rates.Corrupt))
        {
            passed[random.Next(passed.Length)] ^= (byte)(1 << random.Next(8));
        }

        if (Happens(rates.Reorder))
        {
            _late.Add(passed);
            return arrived;
        }

        arrived.Add(passed);
        if (Happens(rates.Duplicate))
        {
            arrived.Add([.. passed]);
        }

        if (_late.Count > 0 && Happens(50))
        {
            arrived.AddRange(_late);
            _late.Clear();
        }

        return arrived;
    }

    private bool Happens(int percent) => random.Next(100) < percent;
}
