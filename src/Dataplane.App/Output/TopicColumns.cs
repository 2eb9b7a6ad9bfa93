using System.Collections.Generic;
using System.Linq;
using System.Text.Json;

namespace Dataplane.App.Output;

/// <summary>One column of a table.</summary>
/// <param name="Header">In capitals; part of the stable output.</param>
/// <param name="Field">The row's property.</param>
/// <param name="IsNumber">Right-aligned.</param>
internal sealed record Column(string Header, string Field, bool IsNumber);

/// <summary>Which columns each topic has, in order. Columns are only ever added at the end.</summary>
internal static class TopicColumns
{
    private static readonly Dictionary<string, Column[]> s_columns = new()
    {
        ["ports"] =
        [
            Text("PORT", "port"), Text("DEVICE", "device"), Text("DRIVER", "driver"), Text("LINK", "link"),
            Number("MBPS", "speedMbps"), Text("MAC", "mac"), Number("MTU", "mtu"),
            Number("RX-PACKETS", "rxPackets"), Number("RX-BYTES", "rxBytes"),
            Number("TX-PACKETS", "txPackets"), Number("TX-BYTES", "txBytes"),
            Number("RX-MISSED", "rxMissed"), Number("RX-ERRORS", "rxErrors"),
            Number("RX-NOMBUF", "rxNoMbuf"), Number("TX-ERRORS", "txErrors"),
            Number("RXQ", "rxQueues"), Number("TXQ", "txQueues"), Text("ADDRESSES", "addresses"),
        ],
        ["workers"] =
        [
            Number("WORKER", "worker"), Number("LCORE", "lcore"), Number("RECEIVED", "received"), Number("MADE", "made"),
            Number("TRANSMITTED", "transmitted"), Number("CONSUMED", "consumed"), Number("DROPPED", "dropped"), Number("HELD", "held"),
            Number("POLLS", "polls"), Number("EMPTY", "emptyPolls"), Text("QUEUES", "queues"),
        ],
        ["drops"] = [Text("REASON", "reason"), Number("PACKETS", "packets"), Text("DESCRIPTION", "description")],
        ["routes"] = [Text("PREFIX", "prefix"), Text("VIA", "via"), Text("PORT", "port")],
        ["neighbours"] =
            [Text("ADDRESS", "address"), Text("MAC", "mac"), Text("PORT", "port"), Text("STATE", "state"), Number("HELD", "held")],
        ["limits"] =
        [
            Text("ZONE", "zone"), Number("ID", "id"), Number("MAX", "max"), Number("COUNT", "count"), Number("REFUSED", "refused"),
            Number("CAPACITY", "capacity"),
        ],
        ["timeouts"] = [Text("POLICY", "policy"), Text("STATE", "state"), Number("SECONDS", "seconds")],
    };

    /// <summary>The columns of a topic; null for one that is shown as a list of its fields.</summary>
    internal static IReadOnlyList<Column>? Of(string what) => s_columns.GetValueOrDefault(what);

    /// <summary>A field as the cell shows it: lists joined, queues as PORT:QUEUE, absent and null as a dash.</summary>
    internal static string Cell(JsonElement row, string field) =>
        row.TryGetProperty(field, out JsonElement value) ? Format(value) : "-";

    internal static string Format(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => "-",
        JsonValueKind.Array => value.GetArrayLength() == 0 ? "-" : string.Join(' ', value.EnumerateArray().Select(Format)),
        JsonValueKind.Object => string.Join(':', value.EnumerateObject().Select(property => Format(property.Value))),
        JsonValueKind.String => value.GetString() is { Length: > 0 } text ? text : "-",
        _ => value.GetRawText(),
    };

    private static Column Text(string header, string field) => new(header, field, IsNumber: false);

    private static Column Number(string header, string field) => new(header, field, IsNumber: true);
}
