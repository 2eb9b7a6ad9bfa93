using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json;

namespace Dataplane.Control.Diagnostics;

/// <summary>Diagnostics as text for people and as one JSON document for tools.</summary>
public static class DiagnosticFormat
{
    private static readonly JsonWriterOptions s_indented = new() { Indented = true };

    /// <summary>
    /// A head line that counts, then <c>place  code  path = "value": message</c> in columns with the suggestion
    /// beneath it.
    /// </summary>
    public static string ToText(string file, IReadOnlyList<Diagnostic> diagnostics)
    {
        ArgumentNullException.ThrowIfNull(diagnostics);
        int errors = diagnostics.Count(item => item.IsError);
        int warnings = diagnostics.Count - errors;
        StringBuilder text = new();
        text.Append(PrintableText.Of(file)).Append(errors > 0 ? ": rejected, " : ": accepted, ");
        text.Append(Count(errors, "error")).Append(", ").Append(Count(warnings, "warning")).Append('\n');
        int width = diagnostics.Count == 0 ? 0 : diagnostics.Max(item => item.Location.ToString().Length);
        foreach (Diagnostic item in diagnostics)
        {
            string place = item.Location.ToString().PadRight(width);
            text.Append("  ").Append(place).Append("  ").Append(DiagnosticCodes.Format(item.Code)).Append("  ");
            text.Append(PrintableText.Of(Subject(item))).Append(item.Message).Append('\n');
            if (item.Suggestion is not null)
            {
                const int codeColumns = 9;
                text.Append(' ', width + 2 + codeColumns).Append(item.Suggestion).Append('\n');
            }
        }

        return text.ToString();
    }

    /// <summary>
    /// <c>{"file","accepted","errors","warnings","diagnostics":[{"code","severity","origin","line","column","path",
    /// "value","message","suggestion"}]}</c>; line and column are 0 where there are none, value and suggestion may be null.
    /// </summary>
    public static string ToJson(string file, IReadOnlyList<Diagnostic> diagnostics)
    {
        ArgumentNullException.ThrowIfNull(diagnostics);
        int errors = diagnostics.Count(item => item.IsError);
        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream, s_indented))
        {
            writer.WriteStartObject();
            writer.WriteString("file", file);
            writer.WriteBoolean("accepted", errors == 0);
            writer.WriteNumber("errors", errors);
            writer.WriteNumber("warnings", diagnostics.Count - errors);
            writer.WriteStartArray("diagnostics");
            foreach (Diagnostic item in diagnostics)
            {
                WriteItem(writer, item);
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray()) + "\n";
    }

    private static void WriteItem(Utf8JsonWriter writer, Diagnostic item)
    {
        writer.WriteStartObject();
        writer.WriteString("code", DiagnosticCodes.Format(item.Code));
        writer.WriteString("severity", item.IsError ? "error" : "warning");
        writer.WriteString("origin", item.Location.Origin);
        writer.WriteNumber("line", item.Location.Line);
        writer.WriteNumber("column", item.Location.Column);
        writer.WriteString("path", item.Path);
        writer.WriteString("value", item.Value);
        writer.WriteString("message", item.Message);
        writer.WriteString("suggestion", item.Suggestion);
        writer.WriteEndObject();
    }

    private static string Subject(Diagnostic item) => (item.Path.Length, item.Value) switch
    {
        (0, _) => "",
        (_, null) => item.Path + ": ",
        _ => $"{item.Path} = \"{Shorten(item.Value)}\": ",
    };

    private static string Shorten(string value) => value.Length <= 80 ? value : value[..77] + "...";

    private static string Count(int count, string noun) =>
        string.Create(CultureInfo.InvariantCulture, $"{count} {noun}{(count == 1 ? "" : "s")}");
}
