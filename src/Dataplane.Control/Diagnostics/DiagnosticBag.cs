using System.Collections.Generic;
using System.Linq;

namespace Dataplane.Control.Diagnostics;

/// <summary>Collects what is found wrong, so that everything is reported at once.</summary>
internal sealed class DiagnosticBag
{
    private readonly List<Diagnostic> _items = [];

    internal bool HasErrors => _items.Any(item => item.IsError);

    /// <summary>Messages may quote the file: what is not printable in them is escaped, so that each stays one line.</summary>
    internal void Add(Diagnostic diagnostic) => _items.Add(diagnostic with
    {
        Message = PrintableText.Of(diagnostic.Message),
        Suggestion = diagnostic.Suggestion is null ? null : PrintableText.Of(diagnostic.Suggestion),
    });

    /// <summary>In the order of the file, then overrides; warnings of the whole file come last.</summary>
    internal IReadOnlyList<Diagnostic> ToSortedList() =>
    [
        .. _items.OrderBy(item => item.Location.IsOverride)
            .ThenBy(item => item.Location.Line == 0 && !item.IsError)
            .ThenBy(item => item.Location.Line)
            .ThenBy(item => item.Location.Column)
            .ThenBy(item => item.Code),
    ];
}
