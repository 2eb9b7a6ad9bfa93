using System;
using System.Collections.Generic;
using System.Linq;
using Dataplane.Oracle.Tests.Kernel;
using Xunit;

namespace Dataplane.Oracle.Tests;

/// <summary>Gives the same packets of one flow to both routers and compares after each.</summary>
/// <remarks>
/// A difference is either known (<see cref="KnownDifferences"/>) or the test fails with everything since the flow's first packet. Behind a known
/// difference that is more than a name the two may rightly disagree about anything: nothing of the flow is compared any more.
/// </remarks>
internal sealed class Duel(Contender kernel, Contender ours, Flow flow)
{
    private readonly List<Step> _steps = [];

    public Flow Flow => flow;

    public IReadOnlyList<Step> Steps => _steps;

    /// <summary>The difference that ended the comparison; null while there was none.</summary>
    public KnownDifference? Parting { get; private set; }

    /// <summary>The server has opened the tuple of an ended connection: from here on client and server have changed places.</summary>
    public bool HasTurned => _steps.Count > 0 && _steps[^1] is
        { Stimulus.Side: Side.Wan, Ours.After.State: "SYN_SENT", OursBefore.State: "TIME_WAIT" or "CLOSE" };

    /// <summary>Sends one packet through both.</summary>
    /// <returns>False at a known difference: the flow is not to be gone on with.</returns>
    public bool Send(Stimulus stimulus)
    {
        Step step = Try(stimulus);
        if (step.IsEqual)
        {
            return true;
        }

        KnownDifference? known = KnownDifferences.Find(step);
        Assert.True(known is not null, $"an unknown difference:{Environment.NewLine}{Transcript()}");
        Parting = known.IsInName ? null : known;
        return Parting is null;
    }

    /// <summary>Sends one packet through both and judges nothing.</summary>
    public Step Try(Stimulus stimulus)
    {
        (Connection kernelBefore, Connection oursBefore) =
            _steps.Count == 0 ? (Connection.None, Connection.None) : (_steps[^1].Kernel.After, _steps[^1].Ours.After);
        Step step = new(flow, stimulus, kernelBefore, oursBefore, kernel.Pass(flow, stimulus), ours.Pass(flow, stimulus));
        _steps.Add(step);
        return step;
    }

    /// <summary>Every step so far.</summary>
    public string Transcript() => $"{flow}{Environment.NewLine}{string.Join(Environment.NewLine, _steps.Select(step => step.ToString()))}";
}
