using System.IO;
using Spectre.Console;

namespace Dataplane.App;

/// <summary>Where verbs write, and whether a person reads it.</summary>
/// <param name="Out">Results.</param>
/// <param name="Error">Everything that is not a result.</param>
/// <param name="IsInteractive">True on a terminal: tables and colours. False in a pipe: plain, stable columns.</param>
internal sealed record Terminal(TextWriter Out, TextWriter Error, bool IsInteractive)
{
    /// <summary>The terminal of this process.</summary>
    internal static Terminal OfProcess() => new(System.Console.Out, System.Console.Error, !System.Console.IsOutputRedirected);

    /// <summary>One line about what went wrong, without colours and without control characters.</summary>
    internal void Fail(string message) => Error.WriteLine($"dataplane: {message.ReplaceLineEndings(" ")}");

    /// <summary>The console that tables are drawn on.</summary>
    internal IAnsiConsole Console => AnsiConsole.Create(new AnsiConsoleSettings
    {
        Ansi = IsInteractive ? AnsiSupport.Detect : AnsiSupport.No,
        ColorSystem = IsInteractive ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
        Interactive = InteractionSupport.No,
        Out = new AnsiConsoleOutput(Out),
    });
}
