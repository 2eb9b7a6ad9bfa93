using Dataplane.Control.Diagnostics;

namespace Dataplane.Control.Reading;

/// <summary>One key of the JSON file, in the flat form of configuration keys.</summary>
/// <param name="Key">Sections and key separated by colons; list elements are numbered from 0.</param>
/// <param name="Kind">Section, list, value or null.</param>
/// <param name="Value">The text of a value: strings unescaped, numbers and booleans as written.</param>
/// <param name="KeyLocation">Where the key stands; for a list element, its value.</param>
/// <param name="ValueLocation">Where the value starts.</param>
internal sealed record JsonEntry(
    string Key, NodeKind Kind, string? Value, SourceLocation KeyLocation, SourceLocation ValueLocation);
