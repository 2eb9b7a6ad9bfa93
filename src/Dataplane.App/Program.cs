using Dataplane.App.Hosting;

namespace Dataplane.App;

/// <summary>The <c>dataplane</c> executable: what it does is in the verbs.</summary>
internal static class Program
{
    private static int Main(string[] args) => CommandLine.Run(args, Terminal.OfProcess(), (configuration, terminal) =>
    {
        RouterHost.Run(configuration, terminal.Out);
        return ExitCode.Ok;
    });
}
