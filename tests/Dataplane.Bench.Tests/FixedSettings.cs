using System;
using System.Linq;
using Dataplane.Bench.Compare;

namespace Dataplane.Bench.Tests;

/// <summary>Settings of sittings that never take place.</summary>
internal static class FixedSettings
{
    /// <summary>Of programs and traffic by their names, with commas between them.</summary>
    public static CompareSettings Of(string peers, string traffic, int repeats) => new()
    {
        Root = "/nowhere",
        Generator = "/nowhere/librte_net_generator.so",
        Router = "/nowhere/dataplane.dll",
        Feed = "/nowhere/netfilter_feed",
        Output = "/nowhere/results",
        Peers = [.. peers.Split(',').Select(name => Peer.Find(name) ?? throw new ArgumentException(name, nameof(peers)))],
        Traffic = [.. traffic.Split(',').Select(name => Traffic.Find(name) ?? throw new ArgumentException(name, nameof(traffic)))],
        Repeats = repeats,
        Seconds = 3,
        WorkerCpu = 1,
        ControlCpu = 0,
        ProcessorLine = FixedRecord.Processors,
    };
}
