using System.Collections.Generic;
using System.Linq;

namespace Dataplane.Oracle.Tests;

/// <summary>What one router did with a packet, as far as a known difference says.</summary>
/// <param name="IsForwarded">Whether it let the packet through.</param>
/// <param name="After">The state behind it, with flags where they are the point; null where it stayed as it was.</param>
/// <param name="Reason">The drop reason's label; null where that does not matter, or the packet was forwarded.</param>
internal sealed record Did(bool IsForwarded, string? After, string? Reason = null)
{
    private const string AnyState = "*";

    public static Did Keep { get; } = new(IsForwarded: true, After: null);

    /// <summary>Forwarded, whatever it made of the state.</summary>
    public static Did Pass { get; } = new(IsForwarded: true, AnyState);

    public static Did Drop { get; } = new(IsForwarded: false, After: null);

    public static Did Move(string state) => new(IsForwarded: true, state);

    public static Did Refuse(string reason) => new(IsForwarded: false, After: null, reason);

    public bool Fits(Outcome outcome, Connection before) =>
        outcome.IsForwarded == IsForwarded
        && (After == AnyState || (After is null ? outcome.After.State == before.State : After == outcome.After.State || After == outcome.After.ToString()))
        && (Reason is null || outcome.Reason == Reason);
}

/// <summary>One way in which a difference shows.</summary>
/// <param name="States">Netfilter's states before the packet, separated by blanks.</param>
/// <param name="Side">Where the packet comes from; null for both.</param>
/// <param name="Classes">Of the packet (<see cref="Stimulus.Class"/>), separated by blanks.</param>
/// <param name="Kernel">What netfilter does.</param>
/// <param name="Ours">What we do.</param>
/// <param name="Witness">The shortest conversation whose last packet shows it (<see cref="Scripts"/>).</param>
/// <remarks>Only verdicts and states may differ: two forwarded frames never.</remarks>
internal sealed record Case(string States, Side? Side, string Classes, Did Kernel, Did Ours, params string[] Witness)
{
    /// <summary>The witness is a conversation over IPv6, without translation.</summary>
    public bool IsIpv6 { get; init; }

    public bool Covers(Step step) =>
        States.Split(' ').Contains(step.KernelBefore.State)
        && (Side is null || Side == step.Stimulus.Side)
        && Classes.Split(' ').Contains(step.Stimulus.Class)
        && step.Kernel.Answer == step.Ours.Answer
        && (step.Kernel.Frame == step.Ours.Frame || step.Kernel.IsForwarded != step.Ours.IsForwarded)
        && Kernel.Fits(step.Kernel, step.KernelBefore)
        && Ours.Fits(step.Ours, step.OursBefore);
}

/// <summary>A difference that is meant.</summary>
/// <param name="Name">Short.</param>
/// <param name="Reason">Why we differ.</param>
/// <param name="Protocol">IANA number.</param>
/// <param name="Cases">Which packets it is about and what each router does.</param>
internal sealed record KnownDifference(string Name, string Reason, byte Protocol, params IReadOnlyList<Case> Cases)
{
    /// <summary>Only the name of a state or a flag differs: what follows is compared all the same.</summary>
    public bool IsInName { get; init; }

    /// <summary>The case that a step is; null if it is none.</summary>
    public Case? Find(Step step) => step.Flow.Protocol == Protocol ? Cases.FirstOrDefault(one => one.Covers(step)) : null;
}
