using System.CommandLine;
using System.Runtime.InteropServices;
using Dataplane.App.Hosting;

namespace Dataplane.App.Verbs;

/// <summary><c>dataplane version</c>: of this executable; that of a running router is in <c>status</c>.</summary>
internal static class VersionVerb
{
    internal static Command Create(Terminal terminal)
    {
        Command command = new("version", "Shows the version of this executable.");
        command.SetAction(_ =>
        {
            terminal.Out.WriteLine($"dataplane {ProductVersion.Text} ({RuntimeInformation.FrameworkDescription})");
            return ExitCode.Ok;
        });
        return command;
    }
}
