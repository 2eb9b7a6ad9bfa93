using System;

namespace Dataplane.Oracle.Tests;

/// <summary>One packet, what both routers knew before and what they made of it.</summary>
internal sealed record Step(
    Flow Flow, Stimulus Stimulus, Connection KernelBefore, Connection OursBefore, Outcome Kernel, Outcome Ours)
{
    /// <summary>The same frame left, or none; the same answer; and the same state, or one that moved in neither.</summary>
    public bool IsEqual =>
        Kernel.Frame == Ours.Frame && Kernel.Answer == Ours.Answer
        && (Kernel.After == Ours.After || (Kernel.After == KernelBefore && Ours.After == OursBefore));

    public override string ToString()
    {
        string text = $"{(Stimulus.Side == Side.Lan ? '>' : '<')} {Stimulus.Text}: netfilter {Kernel}; Dataplane {Ours}";
        bool isAltered = Kernel.Frame is not null && Ours.Frame is not null && Kernel.Frame != Ours.Frame;
        return isAltered ? $"{text}{Environment.NewLine}    netfilter {Kernel.Frame}{Environment.NewLine}    Dataplane {Ours.Frame}" : text;
    }
}
