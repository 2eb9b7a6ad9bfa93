using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using Dataplane.Bench.Compare;
using Xunit;

namespace Dataplane.Bench.Tests;

/// <summary>Results of several sittings: put together, written, read back.</summary>
public sealed class CompareRecordTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("compare-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Newer_results_replace_those_of_the_same_peer_and_traffic_only()
    {
        DateTime later = FixedRecord.Time.AddDays(1);
        CompareRecord record = FixedRecord.Full.With(later, [], [FixedRecord.Result("dataplane", "udp-64k", 21)]);
        Assert.Equal(later, record.Time);
        Assert.Equal(FixedRecord.Full.Results.Count, record.Results.Count);
        Assert.Equal(21, record.Of("dataplane", Traffic.Find("udp-64k")!)!.Rate!.Median);
        Assert.Equal(2, record.Of("ovs-one-pass", Traffic.Find("udp-64k")!)!.Rate!.Median);
        Assert.Equal(FixedRecord.Full.Checks, record.Checks);
    }

    [Fact]
    public void Results_stand_in_the_order_of_traffic_and_peers_whenever_they_were_measured()
    {
        CompareRecord none = new("A machine", FixedRecord.Time, [], []);
        CompareRecord backward = FixedRecord.Full.Results.Reverse().Aggregate(none, (record, result) => record.With(record.Time, [], [result]));
        Assert.Equal(FixedRecord.Full.Results, backward.Results);
    }

    [Fact]
    public void What_was_written_is_read_back()
    {
        CompareFile.Write(_folder, FixedRecord.Full);
        CompareRecord read = CompareFile.Read(_folder)!;
        Assert.Equal((FixedRecord.Full.Machine, FixedRecord.Full.Time), (read.Machine, read.Time));
        Assert.Equal(FixedRecord.Processors, read.Processors);
        Assert.Equal(FixedRecord.Full.ProcessorNotes, read.ProcessorNotes);
        Equal(FixedRecord.Full.Checks, read.Checks);
        Equal(FixedRecord.Full.Results, read.Results);
        Assert.Equal([Path.Combine(_folder, CompareFile.Name)], Directory.GetFiles(_folder)); // nothing half written stays
    }

    [Fact]
    public void The_file_names_what_other_tools_look_for()
    {
        CompareFile.Write(_folder, FixedRecord.Full);
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(Path.Combine(_folder, CompareFile.Name)));
        Assert.Equal("compare", json.RootElement.GetProperty("scenario").GetString());
        JsonElement row = json.RootElement.GetProperty("results").EnumerateArray().Single(
            one => one.GetProperty("traffic").GetString() == "udp-1m-2w" && one.GetProperty("peer").GetString() == "dataplane");
        Assert.Equal(1_000_000, row.GetProperty("flows").GetInt32());
        Assert.Equal(2, row.GetProperty("workers").GetInt32());
        Assert.Equal(28.4, row.GetProperty("mpps").GetDouble(), 9);
        Assert.Equal(28.4, row.GetProperty("median").GetDouble(), 9);
        Assert.Equal(1000 / 28.4, row.GetProperty("ns_per_packet").GetDouble(), 9);
        Assert.Equal(28, row.GetProperty("repeat")[0].GetProperty("rate").GetDouble(), 9);
    }

    [Fact]
    public void A_folder_without_the_file_has_no_record() => Assert.Null(CompareFile.Read(_folder));

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("""{"scenario":"table-lookup"}""")]
    [InlineData("""{"scenario":"compare","machine":"m","checks":[]}""")]
    [InlineData("""{"scenario":"compare","machine":"m","checks":[],"results":[{"peer":"dataplane","traffic":"udp-2","repeat":[]}]}""")]
    [InlineData("""{"scenario":"compare","machine":"m","checks":[],"results":[{"peer":"vpp","traffic":"udp-1m","repeat":[]}]}""")]
    [InlineData("""{"scenario":"compare","machine":"m","checks":[],"results":[{"peer":"dataplane","traffic":"udp-1m"}]}""")]
    [InlineData("""{"scenario":"compare","machine":"m","checks":[],"results":[{}]}""")]
    [InlineData("""{"scenario":"compare","machine":"m","checks":[],"results":[null]}""")]
    public void Another_file_is_not_added_to(string text)
    {
        File.WriteAllText(Path.Combine(_folder, CompareFile.Name), text);
        InvalidDataException error = Assert.Throws<InvalidDataException>(() => CompareFile.Read(_folder));
        Assert.Contains(CompareFile.Name, error.Message, StringComparison.Ordinal);
    }

    private static void Equal(IReadOnlyList<PeerResult> expected, IReadOnlyList<PeerResult> read)
    {
        Assert.Equal(expected.Select(result => result with { Figures = [] }), read.Select(result => result with { Figures = [] }));
        Assert.Equal(expected.SelectMany(result => result.Figures), read.SelectMany(result => result.Figures));
    }
}
