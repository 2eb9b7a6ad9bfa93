using System.CommandLine;
using System.CommandLine.Parsing;
using Dataplane.App.Output;
using Dataplane.Control.Client;

namespace Dataplane.App.Verbs;

/// <summary><c>dataplane limits</c>: how many connections the table and each zone may hold.</summary>
internal static class LimitsVerb
{
    private const string NoLimit = "none";

    /// <summary>The argument; a type of its own, as the parser takes a nullable number for one that may be left out.</summary>
    private readonly record struct Limit(long? EntriesMax);

    internal static Command Create(Terminal terminal) => new("limits", "Shows or changes how many connections there may be.")
    {
        ShowVerb.CreateTopic(terminal, "show", "limits", "Shows the limits of the table (zone -) and of the zones."),
        CreateSet(terminal),
    };

    private static Command CreateSet(Terminal terminal)
    {
        Argument<Limit> max = new("max")
        {
            Description = $"connections, or {NoLimit} for a zone without a limit of its own",
            HelpName = $"N|{NoLimit}",
            CustomParser = Parse,
        };
        Option<string?> zone = new("--zone", "-z") { Description = "the zone; without it the whole table", HelpName = "NAME" };
        Option<OutputFormat> output = SharedOptions.Output();
        Option<string> socket = SharedOptions.Socket();
        Command command = new("set", "Changes a limit of the running router, not of its configuration; live connections stay.")
        {
            max, zone, output, socket,
        };
        command.Validators.Add(result =>
        {
            if (result.GetResult(max) is { Tokens: [{ Value: NoLimit }] } && result.GetResult(zone) is null)
            {
                result.AddError($"The whole table always has a limit: {NoLimit} is for a zone.");
            }
        });
        command.SetAction(parsed =>
        {
            using ControlClient client = ControlClient.Connect(parsed.GetRequiredValue(socket));
            long? entriesMax = parsed.GetValue(max).EntriesMax;
            string? name = parsed.GetValue(zone);
            SettingChange change = name is null
                ? client.SetEntriesMax(entriesMax.GetValueOrDefault())
                : client.SetZoneMax(name, entriesMax);
            ChangeLine.Write(terminal, parsed.GetValue(output), name is null ? "limit" : $"limit of zone {name}", change);
            return ExitCode.Ok;
        });
        return command;
    }

    private static Limit Parse(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        return new Limit(text == NoLimit ? null : SharedOptions.ParseCount(result, text, $" or {NoLimit}"));
    }
}
