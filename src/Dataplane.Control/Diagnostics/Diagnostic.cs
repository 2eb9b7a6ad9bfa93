namespace Dataplane.Control.Diagnostics;

/// <summary>One thing that is wrong with a configuration, or that is probably not meant.</summary>
/// <param name="Code">Which kind; stable across versions.</param>
/// <param name="Location">Where the value was written.</param>
/// <param name="Path">The key with its sections, separated by dots; empty if the file as a whole is meant.</param>
/// <param name="Value">The value as it was written, or null if there is none to show.</param>
/// <param name="Message">What is wrong and why, one line.</param>
/// <param name="Suggestion">What to write instead, or null.</param>
public sealed record Diagnostic(
    DiagnosticCode Code, SourceLocation Location, string Path, string? Value, string Message, string? Suggestion)
{
    /// <summary>True if the configuration is refused for it.</summary>
    public bool IsError => DiagnosticCodes.IsError(Code);
}
