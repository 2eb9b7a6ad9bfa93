using System.Collections.Generic;
using System.CommandLine;
using System.Text.Json;
using Dataplane.App.Output;
using Dataplane.Control.Client;

namespace Dataplane.App.Verbs;

/// <summary><c>dataplane show WHAT</c>: what a running router knows.</summary>
internal static class ShowVerb
{
    private static readonly (string What, string Description)[] s_topics =
    [
        ("ports", "ports with their link, counters and addresses"),
        ("workers", "workers with the fate of their packets and the queues they poll"),
        ("drops", "packets dropped, by reason"),
        ("routes", "the routes in use"),
        ("neighbours", "resolved and waiting neighbours"),
        ("conntrack", "tracked connections, both tuples"),
        ("limits", "limits of the table (zone -) and of the zones, with what they count"),
        ("table", "size, occupancy and memory of the connection table"),
        ("timeouts", "how long connections live after a packet, by policy (- is the default one) and state"),
    ];

    internal static Command Create(Terminal terminal)
    {
        Command command = new("show", "Shows what a running router knows.");
        foreach ((string what, string description) in s_topics)
        {
            command.Subcommands.Add(CreateTopic(terminal, what, what, description));
        }

        return command;
    }

    /// <summary>A verb that prints one topic.</summary>
    internal static Command CreateTopic(Terminal terminal, string name, string what, string description)
    {
        Option<OutputFormat> output = SharedOptions.Output();
        Option<string> socket = SharedOptions.Socket();
        Command command = new(name, description) { output, socket };
        command.SetAction(parsed =>
        {
            using ControlClient client = ControlClient.Connect(parsed.GetRequiredValue(socket));
            IEnumerable<JsonElement> rows = client.Show(what);
            if (parsed.GetValue(output) == OutputFormat.Json)
            {
                JsonRows.Write(terminal.Out, rows);
            }
            else if (what == "conntrack")
            {
                ConnectionLines.Write(terminal, rows);
            }
            else
            {
                RowTable.Write(terminal, TopicColumns.Of(what), rows);
            }

            return ExitCode.Ok;
        });
        return command;
    }
}
