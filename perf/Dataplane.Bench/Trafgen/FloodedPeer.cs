using System;
using System.Collections.Generic;

namespace Dataplane.Bench.Trafgen;

/// <summary>A router that is flooded.</summary>
/// <param name="Name">For the command line.</param>
/// <param name="Title">For tables.</param>
/// <param name="Start">Starts it in a lab.</param>
/// <param name="Missing">Why it cannot run so on this machine; null when it can.</param>
internal sealed record FloodedPeer(
    string Name, string Title, Func<Lab.Lab, FloodSettings, FloodedRouter> Start, Func<FloodSettings, string?> Missing)
{
    public static IReadOnlyList<FloodedPeer> All { get; } =
    [
        new("dataplane", "this router", (lab, settings) => new FloodedDataplane(lab, settings), _ => FloodedDataplane.Missing()),
        new("netfilter", "Linux netfilter", (lab, settings) => new FloodedNetfilter(lab, settings), FloodedNetfilter.Missing),
    ];
}
