using System.CommandLine;
using Dataplane.App.Output;
using Dataplane.Control.Client;

namespace Dataplane.App.Verbs;

/// <summary><c>dataplane table</c>: the connection table's size.</summary>
internal static class TableVerb
{
    internal static Command Create(Terminal terminal) => new("table", "Shows or changes the size of the connection table.")
    {
        ShowVerb.CreateTopic(terminal, "show", "table", "Shows size, occupancy and memory of the connection table."),
        CreateResize(terminal),
    };

    private static Command CreateResize(Terminal terminal)
    {
        Argument<long> buckets = new("buckets")
        {
            Description = "at least so many buckets; the router rounds up",
            HelpName = "N",
            CustomParser = result => SharedOptions.ParseCount(result, result.Tokens[0].Value, ""),
        };
        Option<OutputFormat> output = SharedOptions.Output();
        Option<string> socket = SharedOptions.Socket();
        Command command = new("resize", "Begins to move the connections into another number of buckets; no packet waits for it.")
        {
            buckets, output, socket,
        };
        command.SetAction(parsed =>
        {
            using ControlClient client = ControlClient.Connect(parsed.GetRequiredValue(socket));
            SettingChange change = client.SetBuckets(parsed.GetValue(buckets));
            ChangeLine.Write(terminal, parsed.GetValue(output), "buckets", change);
            return ExitCode.Ok;
        });
        return command;
    }
}
