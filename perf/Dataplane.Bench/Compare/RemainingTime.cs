using System;
using System.Collections.Generic;
using System.Linq;

namespace Dataplane.Bench.Compare;

/// <summary>How long the rest of a comparison takes, from how long its runs have taken so far.</summary>
/// <remarks>
/// A run of the same peer and traffic takes as long again. What has not run yet is expected by its flows, in proportion to how far
/// such expectations were off until now.
/// </remarks>
internal sealed class RemainingTime
{
    private const double StartSeconds = 5; // a program, its ports, its end
    private const double OpenedPerSecond = 400_000;

    private readonly Dictionary<(Peer, Traffic), double> _taken = [];
    private readonly List<(Peer Peer, Traffic Traffic)> _left = [];
    private double _expectedSoFar;
    private double _takenSoFar;

    /// <summary>A run that is to come.</summary>
    public void Add(Peer peer, Traffic traffic) => _left.Add((peer, traffic));

    /// <summary>A run has ended, or will not take place.</summary>
    /// <param name="peer">Its program.</param>
    /// <param name="traffic">Its traffic.</param>
    /// <param name="taken">How long it took; zero when there was nothing to run.</param>
    public void Done(Peer peer, Traffic traffic, TimeSpan taken)
    {
        _left.Remove((peer, traffic));
        _taken[(peer, traffic)] = taken.TotalSeconds;
        if (taken > TimeSpan.Zero)
        {
            _expectedSoFar += Expected(traffic);
            _takenSoFar += taken.TotalSeconds;
        }
    }

    /// <summary>What is left, in all.</summary>
    public TimeSpan Left
    {
        get
        {
            double scale = _expectedSoFar > 0 ? _takenSoFar / _expectedSoFar : 1;
            return TimeSpan.FromSeconds(
                _left.Sum(run => _taken.TryGetValue(run, out double taken) ? taken : scale * Expected(run.Traffic)));
        }
    }

    private static double Expected(Traffic traffic) => StartSeconds + traffic.Entries / OpenedPerSecond;
}
