using System.Collections.Generic;
using System.IO;
using System.Text.Json;

namespace Dataplane.App.Output;

/// <summary>Rows as one JSON array, a row a line, written as they arrive.</summary>
internal static class JsonRows
{
    internal static void Write(TextWriter output, IEnumerable<JsonElement> rows)
    {
        string separator = "[\n";
        foreach (JsonElement row in rows)
        {
            output.Write(separator);
            output.Write(row.GetRawText());
            separator = ",\n";
        }

        output.Write(separator == "[\n" ? "[]\n" : "\n]\n");
        output.Flush();
    }
}
