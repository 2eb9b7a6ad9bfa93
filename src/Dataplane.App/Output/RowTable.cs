using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using Spectre.Console;

namespace Dataplane.App.Output;

/// <summary>Rows as a table on a terminal, and as padded columns in a pipe.</summary>
internal static class RowTable
{
    /// <param name="terminal">Where to write.</param>
    /// <param name="columns">The columns; null prints each row as lines of <c>field value</c>.</param>
    /// <param name="rows">JSON objects.</param>
    internal static void Write(Terminal terminal, IReadOnlyList<Column>? columns, IEnumerable<JsonElement> rows)
    {
        if (columns is null)
        {
            WriteFields(terminal, rows);
            return;
        }

        List<string[]> cells = [.. rows.Select(row => columns.Select(column => TopicColumns.Cell(row, column.Field)).ToArray())];
        if (terminal.IsInteractive)
        {
            WriteTable(terminal, columns, cells);
        }
        else
        {
            WriteColumns(terminal, columns, cells);
        }
    }

    private static void WriteTable(Terminal terminal, IReadOnlyList<Column> columns, List<string[]> cells)
    {
        Table table = new() { Border = TableBorder.Simple };
        foreach (Column column in columns)
        {
            TableColumn header = new(new Markup($"[bold]{Markup.Escape(column.Header)}[/]"));
            table.AddColumn(column.IsNumber ? header.RightAligned().NoWrap() : header);
        }

        foreach (string[] row in cells)
        {
            table.AddRow(row.Select(Markup.Escape).ToArray());
        }

        terminal.Console.Write(table);
    }

    private static void WriteColumns(Terminal terminal, IReadOnlyList<Column> columns, List<string[]> cells)
    {
        List<string[]> lines = [[.. columns.Select(column => column.Header)], .. cells];
        int[] widths = [.. columns.Select((_, index) => lines.Max(line => line[index].Length))];
        foreach (string[] line in lines)
        {
            IEnumerable<string> padded = line.Select((cell, index) =>
                columns[index].IsNumber ? cell.PadLeft(widths[index]) : cell.PadRight(widths[index]));
            terminal.Out.WriteLine(string.Join("  ", padded).TrimEnd());
        }
    }

    private static void WriteFields(Terminal terminal, IEnumerable<JsonElement> rows)
    {
        foreach (JsonElement row in rows)
        {
            JsonProperty[] fields = [.. row.EnumerateObject()];
            int width = fields.Length == 0 ? 0 : fields.Max(field => field.Name.Length);
            foreach (JsonProperty field in fields)
            {
                terminal.Out.WriteLine($"{field.Name.PadRight(width)}  {TopicColumns.Format(field.Value)}");
            }
        }
    }
}
