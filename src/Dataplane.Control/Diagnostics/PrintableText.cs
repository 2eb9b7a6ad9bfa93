using System.Linq;

namespace Dataplane.Control.Diagnostics;

/// <summary>Text from a file on its way to a terminal: control characters could move the cursor or forge lines.</summary>
internal static class PrintableText
{
    /// <summary>The text with each control character as its <c>\u</c> escape.</summary>
    internal static string Of(string text) => text.Any(char.IsControl)
        ? string.Concat(text.Select(c => char.IsControl(c) ? $"\\u{(int)c:x4}" : c.ToString()))
        : text;
}
