using System;
using System.IO;
using Dataplane.Control.Configuration;

namespace Dataplane.App.Tests;

/// <summary>One run of the command line in this process.</summary>
internal sealed record Invocation(int Exit, string Out, string Error)
{
    /// <summary>A configuration without errors and warnings.</summary>
    internal const string Good = """
        {
          "Cores": "1",
          "Ports": { "lan": { "Device": "null", "Addresses": ["10.0.0.1/16"] },
                     "wan": { "Device": "null", "Addresses": ["198.51.100.2/30"] } },
          "Filter": { "Default": "accept" },
          "Source": { "90": { "Match": { "In": "lan", "Out": "wan" }, "To": "masquerade" } },
        }
        """;

    internal static Invocation Run(params string[] args) =>
        Run((_, _) => throw new InvalidOperationException("no router was to start"), args);

    internal static Invocation Run(RouterStart start, params string[] args)
    {
        using StringWriter output = new();
        using StringWriter error = new();
        int exit = CommandLine.Run(args, new Terminal(output, error, IsInteractive: false), start);
        return new Invocation(exit, output.ToString(), error.ToString());
    }

    /// <summary>Asserts one line on standard error and no stack trace.</summary>
    internal Invocation FailsWith(int exit, string part)
    {
        Xunit.Assert.Equal(exit, Exit);
        Xunit.Assert.Contains(part, Error, StringComparison.Ordinal);
        Xunit.Assert.Single(Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Xunit.Assert.StartsWith("dataplane: ", Error, StringComparison.Ordinal);
        return this;
    }
}
