using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Dataplane.Conntrack;

namespace Dataplane.Bench.Tables;

/// <summary>Collects the figures of one table scenario, prints them and gives the JSON object.</summary>
/// <remarks>Rates are of all workers together; nanoseconds and cycles of an operation are what one worker spends on it.</remarks>
internal sealed class TableReport
{
    private readonly TableSettings _settings;
    private readonly TableShape _shape;
    private readonly Dictionary<string, object> _json;
    private readonly List<RateRow> _rates = [];
    private readonly List<(string Name, string Text)> _notes = [];
    private readonly string _title;
    private readonly int _collectionsBefore = GC.CollectionCount(0);
    private long _allocatedBytes;
    private long _failures;
    private string _pages = "";

    public TableReport(string scenario, TableSettings settings, TableShape shape, int family)
    {
        _settings = settings;
        _shape = shape;
        _title = string.Create(
            CultureInfo.InvariantCulture,
            $"{scenario}: IPv{family}, {shape.Entries:N0} connections in {shape.Buckets:N0} buckets (load {shape.Load:P1}), "
            + $"{settings.Workers} worker(s)");
        _json = new Dictionary<string, object>
        {
            ["scenario"] = scenario,
            ["family"] = family,
            ["flows"] = shape.Entries,
            ["flows_asked"] = settings.Flows,
            ["buckets"] = shape.Buckets,
            ["load"] = shape.Load,
            ["workers"] = settings.Workers,
            ["batch"] = settings.Batch,
            ["locks"] = StripeLocks.Count,
        };
    }

    /// <summary>Notes what the table became.</summary>
    public void Describe<TTuple>(ConntrackMemory<TTuple> memory, uint refused)
        where TTuple : unmanaged
    {
        _pages = memory.ArenaPages.ToString();
        _json["pages"] = _pages;
        _json["refused_while_filling"] = refused;
    }

    /// <summary>A figure of its own.</summary>
    public void Note(string name, object value, string? text = null)
    {
        _json[name] = value;
        _notes.Add((name, text ?? Convert.ToString(value, CultureInfo.InvariantCulture) ?? ""));
    }

    /// <summary>A repeated figure that is not compared with the memory limit.</summary>
    public void Note(string name, Measurement measurement)
    {
        _json[name] = Object(measurement);
        _notes.Add((name, measurement.ToString()));
    }

    /// <summary>A rate in millions a second.</summary>
    /// <param name="name">Of the JSON object that holds it; the first rate's fields stand at the top too.</param>
    /// <param name="rate">Of all workers together.</param>
    /// <param name="linesPerOperation">Cache lines that are in no cache and that an operation cannot do without; 0 where memory does
    /// not bind.</param>
    /// <param name="limitOfBuckets">Compare with random reads of a region as large as the buckets, not the whole table.</param>
    /// <param name="unit">JSON name of the rate.</param>
    public void Rate(string name, Measurement rate, int linesPerOperation, bool limitOfBuckets = false, string unit = "mops") =>
        _rates.Add(new RateRow(name, rate, linesPerOperation, limitOfBuckets, unit));

    /// <summary>A count that is 0 if everything went right; anything else fails the run.</summary>
    public void Check(string name, long failures)
    {
        _failures += failures;
        _json[name] = failures;
        _notes.Add((name, failures.ToString("N0", CultureInfo.InvariantCulture)));
    }

    /// <summary>Adds what measured threads allocated; the uncounted first repeat compiles and may.</summary>
    public void CountAllocated(WorkerRun[] runs, int repeat)
    {
        if (repeat >= 0)
        {
            _allocatedBytes += runs.Sum(run => run.AllocatedBytes);
        }
    }

    /// <summary>Measures the memory limit, when the table is gone, and prints everything.</summary>
    public Dictionary<string, object> Finish(long tableBytes)
    {
        int collections = GC.CollectionCount(0) - _collectionsBefore;
        Dictionary<string, object> ofTable = Limit(tableBytes);
        Dictionary<string, object> ofBuckets = _rates.Exists(row => row.LimitOfBuckets) ? Limit(_shape.BucketBytes) : ofTable;
        double gigahertz = TimeStampCounter.Gigahertz;
        Console.WriteLine($"{_title}, {_pages} pages");
        foreach (RateRow row in _rates)
        {
            double nanoseconds = _settings.Workers * 1000 / row.Rate.Median;
            Dictionary<string, object> json = Object(row.Rate);
            json[row.Unit] = row.Rate.Median;
            json["ns_per_op"] = nanoseconds;
            json["cycles_per_op"] = nanoseconds * gigahertz;
            string compared = "";
            if (row.Lines > 0)
            {
                double limit = (double)(row.LimitOfBuckets ? ofBuckets : ofTable)["median"] * _settings.Workers / row.Lines;
                double limitOfTable = (double)ofTable["median"] * _settings.Workers / row.Lines;
                json["lines_per_op"] = row.Lines;
                json["fraction_of_memory_limit"] = row.Rate.Median / limit;
                json["fraction_of_table_memory_limit"] = row.Rate.Median / limitOfTable;
                compared = $", {row.Rate.Median / limit:F3} of memory-limit at {row.Lines} line(s): {limit:F1}";
            }

            _json[row.Name] = json;
            Console.WriteLine(
                $"  {row.Name,-24} {row.Rate} M/s, {nanoseconds:F1} ns, {nanoseconds * gigahertz:F0} TSC cycles{compared}");
        }

        foreach ((string key, object value) in _rates.Count > 0 ? (Dictionary<string, object>)_json[_rates[0].Name] : [])
        {
            _json[key] = value;
        }

        foreach ((string name, string text) in _notes)
        {
            Console.WriteLine($"  {name,-24} {text}");
        }

        Console.WriteLine($"  {"allocated, collections",-24} {_allocatedBytes} bytes, {collections}");
        _json["allocated_bytes"] = _allocatedBytes;
        _json["collections"] = collections;
        _json["failures"] = _failures;
        _json["memory_limit"] = ofTable;
        _json["memory_limit_of_buckets"] = ofBuckets;
        return _json;
    }

    private static Dictionary<string, object> Object(Measurement measurement) => new()
    {
        ["median"] = measurement.Median,
        ["lowest"] = measurement.Lowest,
        ["highest"] = measurement.Highest,
        ["repeat"] = measurement.Runs,
    };

    private Dictionary<string, object> Limit(long bytes)
    {
        Dictionary<string, object> limit = [];
        PinnedWorkers.RunOne(() => limit = MemoryLimitSweep.Report(_shape.Entries, bytes, repeats: 3));
        return limit;
    }

    private sealed record RateRow(string Name, Measurement Rate, int Lines, bool LimitOfBuckets, string Unit);
}
