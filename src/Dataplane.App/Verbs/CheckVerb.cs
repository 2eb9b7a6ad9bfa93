using System.CommandLine;
using Dataplane.App.Output;
using Dataplane.Control.Configuration;
using Dataplane.Control.Diagnostics;

namespace Dataplane.App.Verbs;

/// <summary><c>dataplane check FILE</c>: everything that is wrong with a configuration, and where.</summary>
internal static class CheckVerb
{
    internal static Command Create(Terminal terminal)
    {
        Argument<string> file = new("file") { Description = "the configuration", HelpName = "FILE" };
        Option<string[]> set = SharedOptions.Set();
        Option<OutputFormat> output = SharedOptions.Output();
        Command command = new("check", "Checks a configuration and reports every error and warning at once.") { file, set, output };
        command.SetAction(parsed =>
        {
            string path = parsed.GetRequiredValue(file);
            LoadResult result = ConfigurationFile.Load(path, parsed.GetValue(set));
            terminal.Out.Write(parsed.GetValue(output) == OutputFormat.Json
                ? DiagnosticFormat.ToJson(path, result.Diagnostics)
                : DiagnosticFormat.ToText(path, result.Diagnostics));
            return result.Configuration is null ? ExitCode.Rejected : ExitCode.Ok;
        });
        return command;
    }
}
