using System.Collections.Generic;

namespace Dataplane.Bench.Trafgen;

/// <summary>A kind of segment in numbers: a configuration of trafgen in perf/trafgen.</summary>
/// <param name="Name">For the command line; the file is NAME.cfg.</param>
/// <param name="Title">For tables.</param>
internal sealed record Flood(string Name, string Title)
{
    public static IReadOnlyList<Flood> All { get; } =
    [
        new("syn", "SYN flood"),
        new("synack", "SYN+ACK flood"),
        new("ack", "ACK flood"),
    ];
}
