using System.Globalization;

namespace Dataplane.Control.Diagnostics;

/// <summary>Where a configuration value comes from: a place in the file, an environment variable or the command line.</summary>
/// <param name="Origin">File name, <c>env NAME</c> or <c>command line</c>.</param>
/// <param name="Line">From 1; 0 where the origin has no lines, or the whole of it is meant.</param>
/// <param name="Column">From 1, in characters; 0 as for <paramref name="Line"/>.</param>
public readonly record struct SourceLocation(string Origin, int Line, int Column)
{
    /// <summary>True if a later layer, the environment or the command line, replaced what the file may say.</summary>
    public bool IsOverride { get; init; }

    public override string ToString() => Line == 0
        ? Origin
        : string.Create(CultureInfo.InvariantCulture, $"{Origin}:{Line}:{Column}");
}
