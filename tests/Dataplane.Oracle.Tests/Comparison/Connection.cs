namespace Dataplane.Oracle.Tests;

/// <summary>What a router knows of a flow, in netfilter's words.</summary>
/// <param name="State">Of TCP and SCTP netfilter's name of it; <see cref="Open"/> for other protocols, <see cref="Gone"/> without an entry.</param>
/// <param name="IsReplied">A packet of the reply direction has been seen.</param>
/// <param name="IsAssured">Not to be evicted under pressure.</param>
internal readonly record struct Connection(string State, bool IsReplied, bool IsAssured)
{
    public const string Open = "OPEN";
    public const string Gone = "-";

    public static Connection None => new(Gone, IsReplied: false, IsAssured: false);

    public override string ToString() => State + (IsReplied ? "+r" : "") + (IsAssured ? "+a" : "");
}

/// <summary>A connection, and where its replies are sent: the client as the wan sees it.</summary>
internal sealed record Sighting(Connection Connection, Endpoint? Outside)
{
    public static Sighting None { get; } = new(Connection.None, Outside: null);
}

/// <summary>What became of one packet.</summary>
/// <param name="Frame">The frame that left by the other side, without what translation chose (<see cref="FrameText"/>); null if none did.</param>
/// <param name="Answer">A frame of the router's own, back to where the packet came from; null mostly.</param>
/// <param name="After">The flow's connection behind the packet.</param>
/// <param name="Reason">Why it was dropped, where the router says.</param>
internal sealed record Outcome(string? Frame, string? Answer, Connection After, string Reason)
{
    public bool IsForwarded => Frame is not null;

    public override string ToString() => $"{(IsForwarded ? "forwarded" : $"dropped {Reason}".TrimEnd())}, {After}{(Answer is null ? "" : $", answered with {Answer}")}";
}
