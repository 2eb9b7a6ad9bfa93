using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Dataplane.App.Output;
using Dataplane.Control.Configuration;

namespace Dataplane.App.Verbs;

/// <summary>Options that several verbs have, made anew for each.</summary>
internal static class SharedOptions
{
    internal static Option<OutputFormat> Output() => new("--output", "-o")
    {
        Description = "table for people, json for programs",
        DefaultValueFactory = _ => OutputFormat.Table,
    };

    internal static Option<string> Socket() => new("--socket", "-s")
    {
        Description = "the router's control socket",
        DefaultValueFactory = _ => ControlConfiguration.DefaultSocket,
    };

    internal static Option<string[]> Set() => new("--set")
    {
        Description = "override a value of the file, such as Conntrack:MaxEntries=100000; may be repeated",
        HelpName = "KEY=VALUE",
    };

    /// <summary>A whole number of 64 bits without a sign; reports anything else. The router knows the bounds.</summary>
    /// <param name="result">Takes the error.</param>
    /// <param name="text">The word on the command line.</param>
    /// <param name="others">What else could have stood there, for the error.</param>
    internal static long ParseCount(ArgumentResult result, string text, string others)
    {
        if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long value))
        {
            result.AddError($"'{text}' is not a whole number{others}.");
        }

        return value;
    }
}
