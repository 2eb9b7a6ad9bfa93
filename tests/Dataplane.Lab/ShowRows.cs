using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;

namespace Dataplane.Lab;

/// <summary>One worker of <c>show workers -o json</c>; counts are packets since start, <c>Held</c> is at the moment.</summary>
public sealed record WorkerRow(
    int Worker,
    int Lcore,
    long Received,
    long Made,
    long Transmitted,
    long Consumed,
    long Dropped,
    long Held,
    long CompiledMethods,
    long AllocatedBytes,
    IReadOnlyList<QueueRow> Queues);

/// <summary>The row of <c>status -o json</c>, as far as the lab looks at it.</summary>
public sealed record StatusRow(long Connections, long Collections, long AllocatedBytes);

/// <summary>The row of <c>show table -o json</c>, as far as the lab looks at it.</summary>
public sealed record TableRow(long Buckets, long PreviousBuckets, long Resizes, long Entries);

/// <summary>One row of <c>show limits -o json</c>; the zone is null for the whole table, the limit for none.</summary>
public sealed record LimitRow(string? Zone, long? Max, long Count, long Refused);

/// <summary>A receive queue that a worker polls.</summary>
public sealed record QueueRow(string Port, int Queue);

/// <summary>One port of <c>show ports -o json</c>.</summary>
public sealed record PortRow(string Port, string Driver, long RxPackets, long TxPackets);

/// <summary>One reason of <c>show drops -o json</c>.</summary>
public sealed record DropRow(string Reason, long Packets);

/// <summary>One direction of a connection.</summary>
public sealed record TupleRow(string Source, string Destination, int SourcePort, int DestinationPort);

/// <summary>One connection of <c>show conntrack -o json</c>; the label is 32 hexadecimal digits, null for none.</summary>
public sealed record ConnectionRow(string Protocol, string State, TupleRow Original, TupleRow Reply, long Mark = 0, string? Label = null);

/// <summary>Reads what <c>show … -o json</c> prints. The only place of the lab that knows these shapes.</summary>
public static class ShowRows
{
    private static readonly JsonSerializerOptions s_options = new(JsonSerializerDefaults.Web);

    public static IReadOnlyList<WorkerRow> Workers(string json) => Read<WorkerRow>(json);

    public static IReadOnlyList<StatusRow> Status(string json) => Read<StatusRow>(json);

    public static IReadOnlyList<TableRow> Table(string json) => Read<TableRow>(json);

    public static IReadOnlyList<LimitRow> Limits(string json) => Read<LimitRow>(json);

    public static IReadOnlyList<PortRow> Ports(string json) => Read<PortRow>(json);

    public static IReadOnlyList<DropRow> Drops(string json) => Read<DropRow>(json);

    public static IReadOnlyList<ConnectionRow> Connections(string json) => Read<ConnectionRow>(json);

    /// <summary>Reads one JSON array, or one JSON object a line: dumps of any length are streamed as lines.</summary>
    /// <exception cref="LabException">It is neither, or a row lacks a field.</exception>
    private static List<T> Read<T>(string json)
        where T : class
    {
        try
        {
            return json.TrimStart().StartsWith('[')
                ? JsonSerializer.Deserialize<List<T>>(json, s_options) ?? []
                : [.. json.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Row<T>)];
        }
        catch (JsonException e)
        {
            throw new LabException($"not rows of {typeof(T).Name}: {e.Message}\n{json}", e);
        }
    }

    private static T Row<T>(string line)
        where T : class =>
        JsonSerializer.Deserialize<T>(line, s_options) ?? throw new JsonException("a row is null");
}
