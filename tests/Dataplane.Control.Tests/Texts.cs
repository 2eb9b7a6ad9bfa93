using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Dataplane.Control.Configuration;
using Dataplane.Control.Diagnostics;
using Xunit;

namespace Dataplane.Control.Tests;

/// <summary>Configuration texts and what they must lead to.</summary>
internal static class Texts
{
    /// <summary>The smallest router that warns of nothing.</summary>
    internal const string Home = """
        {
          "Cores": "1",
          "Ports": {
            "lan": { "Device": "af_xdp:eth0", "Addresses": ["10.0.0.1/16"] },
            "wan": { "Device": "af_xdp:eth1", "Addresses": ["198.51.100.2/30"] },
            "bare": { "Device": "null" },
          },
          "Pools": { "cgn1": { "Addresses": "203.0.113.0/28" } },
          "Filter": { "Default": "drop", "10": { "Do": "accept" } },
          "Source": { "90": { "Match": { "In": "lan", "Out": "wan" }, "To": "pool:cgn1" } },
        }
        """;

    internal static LoadResult Load(string text, LoadOptions? options = null) =>
        ConfigurationLoader.Load("c.json", Encoding.UTF8.GetBytes(text), options ?? new LoadOptions());

    internal static RouterConfiguration Accepted(string text, LoadOptions? options = null)
    {
        LoadResult result = Load(text, options);
        Assert.True(result.Configuration is not null, DiagnosticFormat.ToText("c.json", result.Diagnostics));
        return result.Configuration!;
    }

    /// <summary>
    /// <see cref="Home"/> with one line put in, marked by <c>^</c> where the complaint must point; returns the text and the place.
    /// </summary>
    internal static (string Text, int Line, int Column) Insert(string line)
    {
        string[] lines = Home.Split('\n');
        const int afterCores = 2;
        int column = line.IndexOf('^', StringComparison.Ordinal) + 1;
        IEnumerable<string> whole = [.. lines[..afterCores], line.Remove(column - 1, 1), .. lines[afterCores..]];
        return (string.Join('\n', whole), afterCores + 1, column);
    }

    internal static Diagnostic Single(LoadResult result, DiagnosticCode code)
    {
        Diagnostic[] found = [.. result.Diagnostics.Where(item => item.Code == code)];
        Assert.True(found.Length == 1, $"{code} in:\n{DiagnosticFormat.ToText("c.json", result.Diagnostics)}");
        return found[0];
    }
}
