using System.Collections.Generic;
using System.Linq;

namespace Dataplane.Oracle.Tests;

/// <summary>Where we differ from netfilter on purpose. Netfilter is that of Linux 6.1 and later.</summary>
internal static class KnownDifferences
{
    public static IReadOnlyList<KnownDifference> All { get; } = [.. TcpDifferences.All, .. OtherDifferences.All];

    /// <summary>The entry that says why a step differs; null if none does.</summary>
    public static KnownDifference? Find(Step step) => All.FirstOrDefault(known => known.Find(step) is not null);
}
