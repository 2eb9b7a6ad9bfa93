using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Dataplane.Bench.Compare;

/// <summary>compare.json: everything that was measured. It is written after each kind of traffic, and read to add to it.</summary>
internal static class CompareFile
{
    public const string Name = "compare.json";

    private const string Scenario = "compare";

    private static readonly JsonSerializerOptions s_json = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
    };

    private sealed record Document(string Scenario, DateTime Time, string Machine, IReadOnlyList<Row> Checks, IReadOnlyList<Row> Results)
    {
        public CompareBuilds? Builds { get; init; }

        public string? Processors { get; init; }

        public IReadOnlyList<string>? ProcessorNotes { get; init; }
    }

    /// <summary>A result. What follows from the traffic and the figures is there for other readers and not read back.</summary>
    private sealed record Row(string Peer, string Traffic, IReadOnlyList<PeerFigure> Repeat, string? Problem, bool Skipped)
    {
        public DateTime? Time { get; init; }

        public int? Flows { get; init; }

        public int? SizeBytes { get; init; }

        public int? Workers { get; init; }

        public double? Mpps { get; init; }

        public double? MconnPerS { get; init; }

        public double? Median { get; init; }

        public double? NsPerPacket { get; init; }

        public double? FactorWithoutPorts { get; init; }
    }

    /// <summary>Replaces the file in a folder, wholly or not at all.</summary>
    public static void Write(string folder, CompareRecord record)
    {
        Directory.CreateDirectory(folder);
        Document document = new(
            Scenario, record.Time, record.Machine, [.. record.Checks.Select(result => ToRow(result, [result]))],
            [.. record.Results.Select(result => ToRow(result, record.Results.Where(other => other.Traffic == result.Traffic)))])
        {
            Builds = record.Builds,
            Processors = record.Processors,
            ProcessorNotes = record.ProcessorNotes,
        };
        string path = Path.Combine(folder, Name);
        File.WriteAllText(path + ".new", JsonSerializer.Serialize(document, s_json) + "\n");
        File.Move(path + ".new", path, overwrite: true);
    }

    /// <summary>Reads the file in a folder; null when there is none.</summary>
    /// <exception cref="InvalidDataException">It is not what <see cref="Write"/> writes, or speaks of what is not compared any more.
    /// </exception>
    public static CompareRecord? Read(string folder)
    {
        string path = Path.Combine(folder, Name);
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            Document? document = JsonSerializer.Deserialize<Document>(File.ReadAllText(path), s_json);
            return document is { Scenario: Scenario, Machine: not null, Checks: not null, Results: not null }
                ? new CompareRecord(
                    document.Machine, document.Time, [.. document.Checks.Select(FromRow)], [.. document.Results.Select(FromRow)])
                {
                    Builds = document.Builds ?? CompareBuilds.NotTold,
                    Processors = document.Processors,
                    ProcessorNotes = [.. (document.ProcessorNotes ?? []).OfType<string>()],
                }
                : throw new InvalidDataException($"{path} is not a comparison's");
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"{path} is not a comparison's: {error.Message}");
        }
    }

    /// <summary>This machine, as records name it.</summary>
    public static string Machine()
    {
        const string key = "model name";
        string? line = File.ReadLines("/proc/cpuinfo").FirstOrDefault(text => text.StartsWith(key, StringComparison.Ordinal));
        string model = line is null ? "unknown processor" : line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
        Version kernel = Environment.OSVersion.Version;
        return $"{model}, {Environment.ProcessorCount} processors, Linux {kernel.ToString(2)}, {RuntimeInformation.FrameworkDescription}";
    }

    /// <param name="result">What is written.</param>
    /// <param name="row">All results with the same traffic.</param>
    private static Row ToRow(PeerResult result, IEnumerable<PeerResult> row)
    {
        double? median = result.Rate?.Median;
        bool isOpening = result.Traffic.Kind == TrafficKind.Opening;
        return new Row(result.Peer.Name, result.Traffic.Name, result.Figures, result.Problem, result.IsSkipped)
        {
            Time = result.Time,
            Flows = result.Traffic.Flows,
            SizeBytes = result.Traffic.SizeBytes,
            Workers = result.Traffic.Workers,
            Mpps = isOpening ? null : median,
            MconnPerS = isOpening ? median : null,
            Median = median,
            NsPerPacket = 1000 / median,
            FactorWithoutPorts = result.Peer.Name == Peer.Own ? null : CompareFactors.WithoutPorts(row, result.Peer.Name),
        };
    }

    private static PeerResult FromRow(Row? row)
    {
        Peer? peer = row?.Peer is { } peerName ? Peer.Find(peerName) : null;
        Traffic? traffic = row?.Traffic is { } trafficName ? Traffic.Find(trafficName) : null;
        return peer is not null && traffic is not null && row?.Repeat is { } figures && figures.All(figure => figure is not null)
            ? new PeerResult(peer, traffic, figures, row.Problem, row.Skipped) { Time = row.Time }
            : throw new InvalidDataException($"{Name}: a result of '{row?.Peer}' with '{row?.Traffic}': not compared any more; begin anew");
    }
}
