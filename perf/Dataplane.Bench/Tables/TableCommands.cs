using System;
using System.Collections.Generic;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.IO;
using Dataplane.Dpdk;
using Dataplane.Os;
using Dataplane.Packet;

namespace Dataplane.Bench.Tables;

/// <summary>The command lines of the table scenarios.</summary>
internal static class TableCommands
{
    private static readonly Option<int> s_flows = new("--flows") { Description = "connections", DefaultValueFactory = _ => 1_000_000 };
    private static readonly Option<int?> s_load = new("--load")
    {
        Description = "percent of the places that are filled; the number of connections follows. Otherwise as the router sizes its table",
    };

    private static readonly Option<int> s_workers = new("--workers") { Description = "worker threads", DefaultValueFactory = _ => 1 };
    private static readonly Option<int> s_family = new("--family") { Description = "4 or 6", DefaultValueFactory = _ => 4 };
    private static readonly Option<int?> s_batch = new("--batch") { Description = "operations in a burst" };
    private static readonly Option<int> s_repeats = new("--repeats") { Description = "repeats", DefaultValueFactory = _ => 5 };
    private static readonly Option<double> s_seconds = new("--seconds") { Description = "of each repeat", DefaultValueFactory = _ => 1 };

    /// <summary>One command for each scenario.</summary>
    /// <param name="json">Where the results go.</param>
    /// <param name="write">Writes them and gives the exit code.</param>
    public static IEnumerable<Command> All(Option<FileInfo?> json, Func<FileInfo?, Dictionary<string, object>, int> write)
    {
        AddValidators();
        Option<LookupKind> kind = new("--lookups") { Description = "what is looked up", DefaultValueFactory = _ => LookupKind.Both };
        Option<LookupForm> form = new("--form")
        {
            Description = "burst as in the router; prefetched and single were rejected for it", DefaultValueFactory = _ => LookupForm.Burst,
        };
        Option<bool> handover = new("--handover") { Description = "each worker removes what the other one inserted" };
        handover.Validators.Add(result =>
        {
            if (result.GetValue(handover) && OptionRules.TryRead(result, s_workers, out int workers) && workers != 2)
            {
                result.AddError("--handover: needs --workers 2");
            }
        });

        Command lookup = new("table-lookup", "lookups of tuples that are in the table, and of tuples that are not")
        {
            s_flows, s_load, s_workers, s_family, s_batch, s_seconds, s_repeats, kind, form, json,
        };
        SetAction(lookup, json, write, 128, (parsed, settings) => parsed.GetValue(s_family) == 4
            ? TableLookup<Ipv4Tuple, Ipv4Family>.Run(settings, parsed.GetValue(kind), parsed.GetValue(form))
            : TableLookup<Ipv6Tuple, Ipv6Family>.Run(settings, parsed.GetValue(kind), parsed.GetValue(form)));

        Command insert = new("table-insert", "insertions of both tuples into an empty table until it is full")
        {
            s_flows, s_load, s_workers, s_family, s_batch, s_repeats, json,
        };
        SetAction(insert, json, write, 32, (parsed, settings) => parsed.GetValue(s_family) == 4
            ? TableInsert<Ipv4Tuple, Ipv4Family>.Run(settings)
            : TableInsert<Ipv6Tuple, Ipv6Family>.Run(settings));

        Command churn = new("table-churn", "steady state: every step removes the oldest connection and opens a new one")
        {
            s_flows, s_load, s_workers, s_family, s_batch, s_seconds, s_repeats, handover, json,
        };
        SetAction(churn, json, write, 32, (parsed, settings) => parsed.GetValue(s_family) == 4
            ? TableChurn<Ipv4Tuple, Ipv4Family>.Run(settings, parsed.GetValue(handover))
            : TableChurn<Ipv6Tuple, Ipv6Family>.Run(settings, parsed.GetValue(handover)));

        Command resize = new("table-resize", "four times the buckets and back under lookups; --seconds is the length of each steady phase")
        {
            s_flows, s_workers, s_family, s_batch, s_seconds, s_repeats, json,
        };
        SetAction(resize, json, write, 32, (parsed, settings) => parsed.GetValue(s_family) == 4
            ? TableResize<Ipv4Tuple, Ipv4Family>.Run(settings)
            : TableResize<Ipv6Tuple, Ipv6Family>.Run(settings));

        Command clash = new("table-clash", "two workers insert the same connections at the same time")
        {
            s_flows, s_load, s_family, s_batch, s_repeats, json,
        };
        SetAction(clash, json, write, 32, (parsed, settings) => parsed.GetValue(s_family) == 4
            ? TableClash<Ipv4Tuple, Ipv4Family>.Run(settings with { Workers = 2 })
            : TableClash<Ipv6Tuple, Ipv6Family>.Run(settings with { Workers = 2 }));
        return [lookup, insert, churn, resize, clash];
    }

    private static void AddValidators()
    {
        s_flows.Require(value => value is >= 10_000 and <= 100_000_000, "--flows: 10000 to 100000000");
        s_load.Require(value => value is null or (>= 10 and <= 95), "--load: 10 to 95");
        s_workers.Require(
            value => value is 1 or 2 && value <= Environment.ProcessorCount, "--workers: 1 or 2, and a processor for each");
        s_family.Require(value => value is 4 or 6, "--family: 4 or 6");
        s_batch.Require(value => value is null or (>= 1 and <= LookupBurst.Max), $"--batch: 1 to {LookupBurst.Max}");
        s_repeats.Require(value => value is >= 1 and <= 1000, "--repeats: 1 to 1000");
        s_seconds.Require(value => value is > 0 and <= 600, "--seconds: more than 0, up to 600");
    }

    private static void SetAction(
        Command command, Option<FileInfo?> json, Func<FileInfo?, Dictionary<string, object>, int> write, int batch,
        Func<ParseResult, TableSettings, Dictionary<string, object>> run) => command.SetAction(parsed =>
    {
        TableSettings settings = new(
            parsed.GetValue(s_flows),
            command.Options.Contains(s_load) ? parsed.GetValue(s_load) : null,
            command.Options.Contains(s_workers) ? parsed.GetValue(s_workers) : 1,
            command.Options.Contains(s_seconds) ? parsed.GetValue(s_seconds) : 0,
            parsed.GetValue(s_repeats),
            parsed.GetValue(s_batch) ?? batch);
        try
        {
            return write(parsed.GetValue(json), run(parsed, settings));
        }
        catch (Exception error) when (error is OsException or DpdkException)
        {
            Console.Error.WriteLine($"bench: {error.Message}");
            return 1;
        }
    });
}
