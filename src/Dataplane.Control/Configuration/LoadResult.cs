using System.Collections.Generic;
using System.Linq;
using Dataplane.Control.Diagnostics;

namespace Dataplane.Control.Configuration;

/// <summary>What came of loading a configuration: all of it, or none and why.</summary>
/// <param name="Configuration">The checked configuration; null if there is any error.</param>
/// <param name="Diagnostics">Errors and warnings in the order of the file.</param>
public sealed record LoadResult(RouterConfiguration? Configuration, IReadOnlyList<Diagnostic> Diagnostics)
{
    public int Errors => Diagnostics.Count(item => item.IsError);

    public int Warnings => Diagnostics.Count - Errors;
}
