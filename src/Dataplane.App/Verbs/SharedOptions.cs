using System.CommandLine;
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
}
