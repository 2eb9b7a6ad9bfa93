using System;

namespace Dataplane.Conntrack.Tests;

/// <summary>What the table promised and did not keep.</summary>
internal enum BreachKind
{
    /// <summary>A connection that lived throughout a lookup was not found.</summary>
    Lost,

    /// <summary>A connection that was gone throughout a lookup, or had passed its deadline, was found.</summary>
    Dead,

    /// <summary>A lookup ended at another entry, or in another direction, than the connection's.</summary>
    Astray,

    /// <summary>What was found is not completely built.</summary>
    Unbuilt,

    /// <summary>What was found became another connection's before the burst was over.</summary>
    Reused,

    /// <summary>Two live entries have one tuple.</summary>
    Twice,

    /// <summary>The connection that a clash names does not have the tuple that clashed.</summary>
    WrongWinner,

    /// <summary>A closed connection is open again although nobody reopened it, or lives longer than its close allowed.</summary>
    CloseUndone,

    /// <summary>An assured connection was evicted.</summary>
    Evicted,

    /// <summary>More connections than a limit allows.</summary>
    LimitPassed,

    /// <summary>A dump missed a connection that lived throughout, or showed one that did not live, or one twice.</summary>
    Dump,
}

/// <summary>Ends a run: a checker saw something that must not be.</summary>
internal sealed class BreachException(BreachKind kind, string what) : Exception($"{kind}: {what}")
{
    public BreachKind Kind { get; } = kind;
}
