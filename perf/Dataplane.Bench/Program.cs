using System;
using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using System.Text.Json;
using Dataplane.Bench.Compare;
using Dataplane.Bench.Latency;
using Dataplane.Bench.Stages;
using Dataplane.Bench.Tables;
using Dataplane.Bench.Trafgen;

namespace Dataplane.Bench;

/// <summary>Scenarios by name; each prints a table and writes JSON where asked.</summary>
internal static class Program
{
    private static readonly JsonSerializerOptions s_json = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
    };

    private static int Main(string[] args)
    {
        Option<int> flows = new("--flows") { Description = "connections", DefaultValueFactory = _ => 1_000_000 };
        Option<double> seconds = new("--seconds") { Description = "length of each repeat", DefaultValueFactory = _ => 2 };
        Option<int> workers = new("--workers") { Description = "worker threads", DefaultValueFactory = _ => 1 };
        Option<int> repeats = new("--repeats") { Description = "repeats", DefaultValueFactory = _ => 5 };
        Option<bool> noAccounting = new("--no-accounting") { Description = "do not count packets and bytes per connection" };
        Option<string> protocol = new("--protocol")
        {
            Description = "udp, or tcp with sequence numbers that advance",
            DefaultValueFactory = _ => "udp",
        };
        protocol.AcceptOnlyFromAmong("udp", "tcp");
        Option<FileInfo?> json = new("--json") { Description = "write the results to this file" };
        flows.Require(value => value is >= 1 and <= 100_000_000, "--flows: 1 to 100000000");
        repeats.Require(value => value is >= 1 and <= 1000, "--repeats: 1 to 1000");
        workers.Require(value => value is 1 or 2, "--workers: 1 or 2");
        seconds.Require(value => value is > 0 and <= 600, "--seconds: up to 600");

        Command limit = new("memory-limit", "random cache lines a second that one core can fetch, in C, with prefetch")
        {
            flows, repeats, json,
        };
        limit.SetAction(result => Write(result.GetValue(json), RunLimit(result.GetValue(flows), result.GetValue(repeats))));
        Command established = new("nat44-established", "established SNAT connections through the whole pipeline on memory ports")
        {
            flows, seconds, workers, repeats, protocol, noAccounting, json,
        };
        established.SetAction(result => Write(result.GetValue(json), RunEstablished(new EstablishedSettings(
            result.GetValue(flows), result.GetValue(seconds), result.GetValue(workers), result.GetValue(repeats),
            !result.GetValue(noAccounting), result.GetValue(protocol) == "tcp"))));
        Command opening = new("nat44-opening", "every packet opens a SNAT connection, through the whole pipeline on memory ports")
        {
            flows, workers, repeats, protocol, json,
        };
        opening.SetAction(result => Write(result.GetValue(json), RunOpening(new OpeningSettings(
            result.GetValue(flows), result.GetValue(workers), result.GetValue(repeats), result.GetValue(protocol) == "tcp"))));
        RootCommand root = new("Benchmarks. Method and current figures: perf/README.md")
        {
            limit, established, opening, CompareCommand.Create(),
        };
        root.Add(StagesCommand.Create(json, Write));
        root.Add(TrafgenCommand.Create());
        root.Add(LatencyCommand.Create());
        foreach (Command table in TableCommands.All(json, Write))
        {
            root.Add(table);
        }

        return root.Parse(args).Invoke();
    }

    private static Dictionary<string, object> RunLimit(int flows, int repeats)
    {
        long buckets = Conntrack.ConntrackMemory<Packet.Ipv4Tuple>.BucketsFor((uint)flows, 0);
        long bytes = (long)flows * 128 + buckets * Conntrack.Bucket.SizeBytes;
        return MemoryLimitSweep.Report(flows, bytes, repeats);
    }

    private static Dictionary<string, object> RunEstablished(EstablishedSettings settings)
    {
        EstablishedResult result = Nat44Established.Run(settings);
        Dictionary<string, object> limit = MemoryLimitSweep.Report(settings.Flows, result.TableBytes, 3);
        double atTwoLines = (double)limit["median"] / 2;
        double nanoseconds = 1000 / result.Mpps.Median;
        double fraction = result.Mpps.Median / (settings.Workers * atTwoLines);
        string title = $"nat44-established ({result.Csit}): {settings.Flows:N0} flows, {settings.Workers} worker(s), {result.Pages} pages";
        Console.WriteLine(title);
        Console.WriteLine($"  Mpps, median (range)       {result.Mpps}");
        Console.WriteLine($"  ns per packet              {nanoseconds:F1}, of which the generator port {result.PortNanoseconds}");
        Console.WriteLine($"  TSC cycles per packet      {nanoseconds * result.TscGigahertz:F0}");
        Console.WriteLine($"  of memory-limit, 2 lines   {fraction:F3} of {atTwoLines:F1} Mpps");
        Console.WriteLine($"  allocated, collections     {result.AllocatedBytes} bytes, {result.Collections}");
        Console.WriteLine($"  wrong packets, dropped     {result.BadPackets}, {result.Dropped}");
        return new Dictionary<string, object>
        {
            ["scenario"] = "nat44-established",
            ["csit"] = result.Csit,
            ["flows"] = settings.Flows,
            ["workers"] = settings.Workers,
            ["protocol"] = settings.IsTcp ? "tcp" : "udp",
            ["accounting"] = settings.Accounting,
            ["mpps"] = result.Mpps.Median,
            ["median"] = result.Mpps.Median,
            ["repeat"] = result.Mpps.Runs,
            ["ns_per_packet"] = nanoseconds,
            ["cycles_per_packet"] = nanoseconds * result.TscGigahertz,
            ["port_ns_per_packet"] = result.PortNanoseconds.Median,
            ["allocated_bytes"] = result.AllocatedBytes,
            ["collections"] = result.Collections,
            ["bad_packets"] = result.BadPackets,
            ["dropped"] = result.Dropped,
            ["memory_limit"] = limit,
            ["fraction_of_memory_limit_at_two_lines"] = fraction,
        };
    }

    private static Dictionary<string, object> RunOpening(OpeningSettings settings)
    {
        OpeningResult result = Nat44Opening.Run(settings);
        double nanoseconds = 1000 * settings.Workers / result.MconnPerSecond.Median;
        Console.WriteLine($"nat44-opening: {settings.Flows:N0} connections, {settings.Workers} worker(s), {result.Pages} pages");
        Console.WriteLine($"  M connections/s (range)    {result.MconnPerSecond}");
        Console.WriteLine($"  ns per connection          {nanoseconds:F1}, of one worker");
        Console.WriteLine($"  TSC cycles per connection  {nanoseconds * result.TscGigahertz:F0}");
        Console.WriteLine($"  allocated, collections     {result.AllocatedBytes} bytes, {result.Collections}");
        Console.WriteLine($"  not opened                 {result.Failures}");
        return new Dictionary<string, object>
        {
            ["scenario"] = "nat44-opening",
            ["flows"] = settings.Flows,
            ["workers"] = settings.Workers,
            ["protocol"] = settings.IsTcp ? "tcp" : "udp",
            ["mconn_per_s"] = result.MconnPerSecond.Median,
            ["median"] = result.MconnPerSecond.Median,
            ["repeat"] = result.MconnPerSecond.Runs,
            ["ns_per_packet"] = nanoseconds,
            ["cycles_per_packet"] = nanoseconds * result.TscGigahertz,
            ["allocated_bytes"] = result.AllocatedBytes,
            ["collections"] = result.Collections,
            ["failures"] = result.Failures,
        };
    }

    private static int Write(FileInfo? file, Dictionary<string, object> result)
    {
        if (file != null)
        {
            File.WriteAllText(file.FullName, JsonSerializer.Serialize(result, s_json) + "\n");
        }

        // What a scenario counts of what must not happen.
        bool isBad = (result.TryGetValue("bad_packets", out object? bad) && (long)bad != 0)
            || (result.TryGetValue("failures", out object? failures) && (long)failures != 0);
        return isBad ? 1 : 0;
    }
}
