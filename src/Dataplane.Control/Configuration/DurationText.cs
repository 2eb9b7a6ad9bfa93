using System.Diagnostics.CodeAnalysis;
using Dataplane.Control.Reading;

namespace Dataplane.Control.Configuration;

/// <summary>Durations as people write them in the configuration and on the command line.</summary>
public static class DurationText
{
    /// <summary>Days, hours, minutes and seconds as in <c>2h4m</c>, <c>90s</c> or <c>300</c> (seconds), up to 365 days.</summary>
    /// <param name="text">What was written.</param>
    /// <param name="seconds">At least 1.</param>
    /// <param name="error">What is wrong with it, to follow the text.</param>
    public static bool TryParse(string text, out uint seconds, [NotNullWhen(false)] out string? error)
    {
        bool good = ValueSyntax.TryDuration(text, out seconds, out string problem, out string? remedy);
        error = good ? null : remedy is null ? problem : $"{problem}: {remedy}";
        return good;
    }
}
