using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using Dataplane.Control.Client;
using Dataplane.Lab;

namespace Dataplane.Bench.Trafgen;

/// <summary>All floods against all routers, the routers taking turns.</summary>
internal sealed class Floods(FloodSettings settings, Interruption interruption, TextWriter progress)
{
    private readonly long _began = Stopwatch.GetTimestamp();

    /// <summary>One outcome for each flood, repeat and router, floods first; of a router that cannot run one for each flood.</summary>
    public IReadOnlyList<FloodOutcome> Run()
    {
        List<FloodOutcome> outcomes = [];
        foreach (Flood flood in settings.Floods)
        {
            HashSet<FloodedPeer> left = [.. settings.Peers];
            for (int repeat = 1; repeat <= settings.Repeats; repeat++)
            {
                foreach (FloodedPeer peer in Order(settings.Peers, repeat).Where(left.Contains))
                {
                    FloodOutcome outcome = RunOnce(peer, flood) with { Repeat = repeat };
                    outcomes.Add(outcome);
                    Say(outcome);
                    if (outcome.IsSkipped)
                    {
                        left.Remove(peer);
                    }
                }
            }
        }

        return outcomes;
    }

    /// <summary>Another router is the first one in each repeat, so that none is always the one on the machine that has just been used.
    /// </summary>
    /// <param name="peers">All.</param>
    /// <param name="repeat">From 1.</param>
    internal static IEnumerable<FloodedPeer> Order(IReadOnlyList<FloodedPeer> peers, int repeat)
    {
        int first = (repeat - 1) % peers.Count;
        return peers.Skip(first).Concat(peers.Take(first));
    }

    private void Say(FloodOutcome outcome)
    {
        string text = outcome.Problem is { } problem
            ? $"{(outcome.IsSkipped ? "skipped" : "FAILED")}: {problem}"
            : string.Create(
                CultureInfo.InvariantCulture, $"{outcome.Measured!.Sent:N0} segments in {outcome.Measured.Seconds:F1} s");
        string round = settings.Repeats == 1
            ? string.Empty
            : string.Create(CultureInfo.InvariantCulture, $"{outcome.Repeat}/{settings.Repeats}  ");
        progress.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{Stopwatch.GetElapsedTime(_began).TotalSeconds,6:F0} s  {round}{outcome.Flood.Name,-7} {outcome.Peer.Name,-10} {text}"));
        progress.Flush();
    }

    private FloodOutcome RunOnce(FloodedPeer peer, Flood flood)
    {
        if (peer.Missing(settings) is { } missing)
        {
            return new FloodOutcome(peer, flood, null, missing, IsSkipped: true);
        }

        try
        {
            return new FloodOutcome(peer, flood, FloodRun.Measure(peer, flood, settings), null, IsSkipped: false);
        }
        catch (Exception e) when (e is LabException or ControlClientException)
        {
            interruption.LetExit();
            return new FloodOutcome(peer, flood, null, e.Message, IsSkipped: false);
        }
    }
}
