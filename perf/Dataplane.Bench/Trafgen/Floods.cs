using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using Dataplane.Control.Client;
using Dataplane.Lab;

namespace Dataplane.Bench.Trafgen;

/// <summary>All floods against all routers, the routers taking turns.</summary>
internal sealed class Floods(FloodSettings settings, Interruption interruption, TextWriter progress)
{
    private readonly long _began = Stopwatch.GetTimestamp();

    /// <summary>One outcome for each flood and router, floods first.</summary>
    public IReadOnlyList<FloodOutcome> Run()
    {
        List<FloodOutcome> outcomes = [];
        foreach (Flood flood in settings.Floods)
        {
            foreach (FloodedPeer peer in settings.Peers)
            {
                FloodOutcome outcome = RunOnce(peer, flood);
                outcomes.Add(outcome);
                string text = outcome.Problem is { } problem
                    ? $"{(outcome.IsSkipped ? "skipped" : "FAILED")}: {problem}"
                    : string.Create(
                        CultureInfo.InvariantCulture,
                        $"{outcome.Measured!.Sent:N0} segments in {outcome.Measured.Seconds:F1} s");
                progress.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{Stopwatch.GetElapsedTime(_began).TotalSeconds,6:F0} s  {flood.Name,-7} {peer.Name,-10} {text}"));
                progress.Flush();
            }
        }

        return outcomes;
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
