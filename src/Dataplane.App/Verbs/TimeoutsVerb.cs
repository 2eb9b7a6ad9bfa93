using System.CommandLine;
using System.CommandLine.Parsing;
using Dataplane.App.Output;
using Dataplane.Control.Client;
using Dataplane.Control.Configuration;

namespace Dataplane.App.Verbs;

/// <summary><c>dataplane timeouts</c>: how long connections live after a packet, by policy and state.</summary>
internal static class TimeoutsVerb
{
    internal static Command Create(Terminal terminal) => new("timeouts", "Shows or changes how long connections live after a packet.")
    {
        ShowVerb.CreateTopic(terminal, "show", "timeouts", "Shows the seconds of every state, of the default policy (-) and the others."),
        CreateSet(terminal),
    };

    private static Command CreateSet(Terminal terminal)
    {
        Argument<string> state = new("state") { Description = "the state, as the configuration names it", HelpName = "STATE" };
        Argument<uint> duration = new("duration")
        {
            Description = "days, hours, minutes and seconds, such as 2h4m or 90s",
            HelpName = "DURATION",
            CustomParser = ParseDuration,
        };
        Option<string?> policy = new("--policy", "-p")
        {
            Description = "the timeout policy; without it the default one",
            HelpName = "NAME",
        };
        Option<OutputFormat> output = SharedOptions.Output();
        Option<string> socket = SharedOptions.Socket();
        Command command = new(
            "set", "Changes a timeout of the running router, not of its configuration; a connection's deadline moves with its next packet.")
        {
            state, duration, policy, output, socket,
        };
        command.SetAction(parsed =>
        {
            using ControlClient client = ControlClient.Connect(parsed.GetRequiredValue(socket));
            string name = parsed.GetRequiredValue(state);
            string? of = parsed.GetValue(policy);
            SettingChange change = client.SetTimeout(of, name, parsed.GetValue(duration));
            string subject = of is null ? $"seconds of {name}" : $"seconds of {name} by policy {of}";
            ChangeLine.Write(terminal, parsed.GetValue(output), subject, change);
            return ExitCode.Ok;
        });
        return command;
    }

    private static uint ParseDuration(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        if (!DurationText.TryParse(text, out uint seconds, out string? error))
        {
            result.AddError($"'{text}': {error}.");
        }

        return seconds;
    }
}
