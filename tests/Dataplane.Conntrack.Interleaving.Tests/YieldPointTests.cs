using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Text.RegularExpressions;
using Xunit;

namespace Dataplane.Conntrack.Interleaving.Tests;

/// <summary>An atomic access that goes past <see cref="Shared"/> is one that no schedule can come before.</summary>
public sealed partial class YieldPointTests
{
    // What the table is made of; the trackers beside it share entries, not the table.
    private static readonly string[] s_files =
    [
        "ConntrackTable*.cs", "BucketArray.cs", "Bucket.cs", "StripeLocks.cs", "Quiescence.cs", "ResizeState.cs", "RetireRing.cs", "EntryPool.cs",
        "IndexPool.cs", "CreditPool.cs", "LimitTable.cs",
    ];

    // A point belongs to the statement right before the access.
    private const int LinesBefore = 2;

    private static readonly Dictionary<string, string> s_without = new()
    {
        ["StripeLocks.cs: while (Volatile.Read(ref *word) != 0)"] = "a turn of the wait, which is a point itself",
        ["CreditPool.cs: public readonly long Max => Volatile.Read(in _max);"] = "a figure; workers do not act on it",
        ["CreditPool.cs: public readonly long Left => Volatile.Read(in _credits);"] = "a figure, and a hint: whether to prepare a connection",
        ["CreditPool.cs: public readonly bool IsScarce => Volatile.Read(in _credits) < _scarce;"] = "a hint: how many credits to keep",
        ["IndexPool.cs: private readonly bool IsEmpty => Volatile.Read(in _count) == 0;"] = "a hint: whether a refill is worth its lock",
        ["CreditPool.cs: Interlocked.Add(ref _credits, max - _max);"] = "the control thread's",
        ["CreditPool.cs: Volatile.Write(ref _max, max);"] = "the control thread's",
    };

    [Fact]
    public void Every_atomic_access_of_the_table_is_a_yield_point()
    {
        string folder = typeof(YieldPointTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(attribute => attribute.Key == "ConntrackSources").Value!;
        Assert.All(s_files, pattern => Assert.NotEmpty(Directory.EnumerateFiles(folder, pattern)));
        string[] past =
        [
            .. s_files.SelectMany(pattern => Directory.EnumerateFiles(folder, pattern)).SelectMany(Past).Order(StringComparer.Ordinal),
        ];
        Assert.Equal(s_without.Keys.Order(StringComparer.Ordinal), past);
    }

    private static IEnumerable<string> Past(string path)
    {
        string[] lines = File.ReadAllLines(path);
        for (int line = 0; line < lines.Length; line++)
        {
            string[] before = lines[Math.Max(0, line - LinesBefore)..line];
            if (Atomic().IsMatch(lines[line]) && !before.Any(text => text.Contains("Shared.Point()", StringComparison.Ordinal)))
            {
                yield return $"{Path.GetFileName(path)}: {lines[line].Trim()}";
            }
        }
    }

    [GeneratedRegex(@"^(?!\s*//).*\b(?:Volatile\.(?:Read|Write)\(|Interlocked\.)")]
    private static partial Regex Atomic();
}
