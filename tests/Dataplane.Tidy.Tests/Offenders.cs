using System.Collections.Generic;
using System.Linq;
using Xunit;

namespace Dataplane.Tidy.Tests;

/// <summary>A rule's verdict over the whole tree.</summary>
internal static class Offenders
{
    /// <summary>Fails with all places that break the rule, one a line: a rule is mended in one go, not one test run a place.</summary>
    public static void None(IEnumerable<string> places)
    {
        string[] all = [.. places];
        Assert.True(all.Length == 0, $"{all.Length} places:\n{string.Join('\n', all)}");
    }
}
