using System;
using System.Collections.Generic;
using System.Linq;

namespace Dataplane.Oracle.Tests;

/// <summary>A frame that left a router.</summary>
internal sealed record Departure(Side Side, byte[] Frame);

/// <summary>A router that is given one packet at a time and asked what it made of it.</summary>
internal abstract class Contender : IDisposable
{
    private readonly Dictionary<Flow, Endpoint> _outside = [];

    /// <summary>Sends one packet through.</summary>
    public Outcome Pass(Flow flow, Stimulus stimulus)
    {
        Endpoint outside = OutsideOf(flow);
        byte[] frame = stimulus.Build(stimulus.Side == Side.Lan ? flow.Client : outside);
        (IReadOnlyList<Departure> departures, string reason) = Exchange(stimulus.Side, frame);
        Sighting sighting = Find(flow);
        if (sighting.Outside is Endpoint now)
        {
            _outside[flow] = outside = now;
        }

        Departure[] forwarded = [.. departures.Where(departure => departure.Side != stimulus.Side)];
        Departure[] answers = [.. departures.Where(departure => departure.Side == stimulus.Side)];
        if (forwarded.Length > 1 || answers.Length > 1)
        {
            throw new InvalidOperationException($"{this} made {departures.Count} frames of {stimulus.Text}");
        }

        return new Outcome(
            forwarded.Length == 0 ? null : FrameText.Of(forwarded[0].Frame, flow, outside),
            answers.Length == 0 ? null : FrameText.KindOf(answers[0].Frame),
            sighting.Connection, forwarded.Length == 0 ? reason : "");
    }

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Hands a frame over and waits until nothing more comes of it.</summary>
    /// <returns>What left, and why it was dropped if the router knows.</returns>
    protected abstract (IReadOnlyList<Departure> Departures, string Reason) Exchange(Side side, byte[] frame);

    /// <summary>Looks the flow up in the connection table.</summary>
    protected abstract Sighting Find(Flow flow);

    protected abstract void Dispose(bool disposing);

    // Before there is an entry the client cannot be addressed from outside; its own port at the translated address is a fair guess.
    private Endpoint OutsideOf(Flow flow) => _outside.TryGetValue(flow, out Endpoint? known) ? known
        : flow.IsIpv6 ? flow.Client : new Endpoint(Neighbourhood.Translated, flow.Client.Port);
}
