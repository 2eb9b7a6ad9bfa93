using System.CommandLine;
using Dataplane.Control.Configuration;
using Dataplane.Control.Diagnostics;

namespace Dataplane.App.Verbs;

/// <summary><c>dataplane run -c FILE</c>: the router itself, in the foreground until SIGTERM or SIGINT.</summary>
internal static class RunVerb
{
    internal static Command Create(Terminal terminal, RouterStart start)
    {
        Option<string> file = new("--config", "-c") { Description = "the configuration", HelpName = "FILE", Required = true };
        Option<string[]> set = SharedOptions.Set();
        Command command = new("run", "Runs the router until SIGTERM or Ctrl-C.") { file, set };
        command.SetAction(parsed =>
        {
            string path = parsed.GetRequiredValue(file);
            LoadResult result = ConfigurationFile.Load(path, parsed.GetValue(set));
            if (result.Diagnostics.Count > 0)
            {
                terminal.Error.Write(DiagnosticFormat.ToText(path, result.Diagnostics));
            }

            return result.Configuration is null ? ExitCode.Rejected : start(result.Configuration, terminal);
        });
        return command;
    }
}
