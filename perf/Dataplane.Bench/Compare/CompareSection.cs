using System;
using System.Collections.Generic;
using System.Linq;

namespace Dataplane.Bench.Compare;

/// <summary>A part of the report: one table, and a chart where bars say something.</summary>
/// <param name="Name">In the names of charts.</param>
/// <param name="Title">The heading.</param>
/// <param name="Has">Which traffic is in it.</param>
internal sealed record CompareSection(string Name, string Title, Func<Traffic, bool> Has)
{
    /// <summary>The heading without what is counted, which an axis says.</summary>
    public string Subject => Title.Split(',')[0];

    /// <summary>Whether this router's rates may be divided by others'.</summary>
    /// <remarks>Not where a full table is answered, which each program does another way, nor where a cell has several rates.</remarks>
    public bool HasFactors => this == Established || this == Sizes || this == Opening;

    /// <summary>Rates with open connections, frames of the least size.</summary>
    public static CompareSection Established { get; } = new("established", "Established connections, Mpps",
        traffic => traffic is { Kind: TrafficKind.Established, Workers: 1, SizeBytes: 64 });

    /// <summary>The same connections with frames of several sizes.</summary>
    public static CompareSection Sizes { get; } = new("sizes", "Frame sizes, Mpps",
        traffic => traffic is { Kind: TrafficKind.Established, Workers: 1, Protocol: "udp", Flows: 65_536, Zipf: 0 });

    public static CompareSection Opening { get; } = new("opening", "New connections, millions a second",
        traffic => traffic is { Kind: TrafficKind.Opening, Workers: 1 });

    public static CompareSection Flood { get; } = new("flood", "SYN flood into a full table, million segments taken a second",
        traffic => traffic is { Kind: TrafficKind.Flood, Workers: 1 });

    public static CompareSection BesideFlood { get; } = new("beside", "Established connections beside a SYN flood into a full table",
        traffic => traffic.Kind == TrafficKind.BesideFlood);

    public static CompareSection Workers { get; } = new("workers", "Two workers against one",
        traffic => traffic.Workers > 1);

    /// <summary>All, in the order of the report.</summary>
    public static IReadOnlyList<CompareSection> All { get; } = [Established, Sizes, Opening, Flood, BesideFlood, Workers];

    /// <summary>The results of this part, a group for each kind of traffic; none where a table would repeat another's rows.</summary>
    public IReadOnlyList<IGrouping<Traffic, PeerResult>> Rows(CompareRecord record)
    {
        IGrouping<Traffic, PeerResult>[] rows = [.. record.Results.Where(result => Has(result.Traffic)).GroupBy(result => result.Traffic)];
        return this == Sizes && rows.All(row => row.Key.SizeBytes == 64) ? [] : rows;
    }
}
