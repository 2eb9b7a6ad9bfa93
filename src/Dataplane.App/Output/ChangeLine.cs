using System.Globalization;
using Dataplane.Control.Client;

namespace Dataplane.App.Output;

/// <summary>A changed setting as one line: <c>limit 1000000 -> 500000</c>.</summary>
internal static class ChangeLine
{
    /// <param name="terminal">People get groups of digits, pipes do not.</param>
    /// <param name="format">JSON is the router's reply as it came.</param>
    /// <param name="subject">What changed.</param>
    /// <param name="change">From what to what.</param>
    internal static void Write(Terminal terminal, OutputFormat format, string subject, SettingChange change)
    {
        string numbers = terminal.IsInteractive ? "N0" : "D";
        terminal.Out.WriteLine(
            format == OutputFormat.Json ? change.Json
            : change.Before == change.After ? $"{subject} {Text(change.After, numbers)}, as before"
            : $"{subject} {Text(change.Before, numbers)} -> {Text(change.After, numbers)}");
    }

    private static string Text(long? value, string numbers) => value?.ToString(numbers, CultureInfo.InvariantCulture) ?? "none";
}
