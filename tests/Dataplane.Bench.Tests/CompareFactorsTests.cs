using System;
using System.IO;
using System.Linq;
using System.Text.Json;
using Dataplane.Bench.Compare;
using Xunit;

namespace Dataplane.Bench.Tests;

/// <summary>How many times faster, with and without what each one's ports cost.</summary>
public sealed class CompareFactorsTests : IDisposable
{
    // In nanoseconds: 50 and 500 above 20, 2000 above 1250.
    private static readonly PeerResult[] s_row =
    [
        FixedRecord.Result("dataplane", "udp-64k", 20), FixedRecord.Result("ovs-one-pass", "udp-64k", 2),
        FixedRecord.Result("netfilter", "udp-64k", 0.5), FixedRecord.Result("testpmd", "udp-64k", 50),
        FixedRecord.Result("linux-forward", "udp-64k", 0.8),
    ];

    private readonly string _folder = Directory.CreateTempSubdirectory("compare-factors-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("ovs-one-pass", 10, 16)]
    [InlineData("netfilter", 40, 25)]
    [InlineData("dataplane", 1, 1)]
    public void A_factor_is_of_times_and_without_ports_of_what_is_above_each_ones_floor(string peer, double factor, double withoutPorts)
    {
        Assert.Equal(factor, CompareFactors.Of(s_row, peer)!.Value, 9);
        Assert.Equal(withoutPorts, CompareFactors.WithoutPorts(s_row, peer)!.Value, 9);
    }

    [Theory]
    [InlineData("dataplane")]
    [InlineData("netfilter")]
    [InlineData("testpmd")]
    [InlineData("linux-forward")]
    public void Without_one_of_the_four_figures_there_is_no_factor_without_ports(string missing)
    {
        PeerResult[] row = [.. s_row.Where(result => result.Peer.Name != missing)];
        Assert.Null(CompareFactors.WithoutPorts(row, "netfilter"));
        PeerResult[] failed = [.. row, FixedRecord.Problem(missing, "udp-64k", "ended with 1: boom", isSkipped: false)];
        Assert.Null(CompareFactors.WithoutPorts(failed, "netfilter"));
    }

    [Theory]
    [InlineData("dataplane", 50)]
    [InlineData("dataplane", 60)]
    [InlineData("netfilter", 0.8)]
    [InlineData("netfilter", 1)]
    public void Who_is_not_slower_than_its_floor_has_no_factor_without_ports(string peer, double rate)
    {
        PeerResult[] row = [.. s_row.Select(result => result.Peer.Name == peer ? FixedRecord.Result(peer, "udp-64k", rate) : result)];
        Assert.NotNull(CompareFactors.Of(row, "netfilter"));
        Assert.Null(CompareFactors.WithoutPorts(row, "netfilter"));
    }

    [Theory]
    [InlineData("testpmd")]
    [InlineData("linux-forward")]
    public void What_is_a_floor_has_none(string peer) => Assert.Null(CompareFactors.WithoutPorts(s_row, peer));

    [Fact]
    public void The_sentence_has_what_can_be_told_of_each_row()
    {
        PeerResult[] other =
        [
            FixedRecord.Result("dataplane", "tcp-64k", 20), FixedRecord.Result("ovs-one-pass", "tcp-64k", 2),
            FixedRecord.Result("testpmd", "tcp-64k", 50), FixedRecord.Result("netfilter", "tcp-64k", 0.5),
            FixedRecord.Result("dataplane", "tcp-1k", 20),
        ];
        string? text = CompareFactors.Text(s_row.Concat(other).GroupBy(result => result.Traffic));
        Assert.EndsWith(": udp-64k 16.0 × Open vSwitch, 25.0 × netfilter; tcp-64k 16.0 × Open vSwitch.", text, StringComparison.Ordinal);
        Assert.Null(CompareFactors.Text(other[^1..].GroupBy(result => result.Traffic)));
    }

    [Fact]
    public void The_file_has_them_with_the_programs_that_they_are_against()
    {
        CompareFile.Write(_folder, new CompareRecord("A machine", FixedRecord.Time, [], []).With(FixedRecord.Time, [], s_row));
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(Path.Combine(_folder, CompareFile.Name)));
        Assert.Equal(
            [("dataplane", null), ("ovs-one-pass", 16), ("netfilter", 25), ("testpmd", null), ("linux-forward", null)],
            json.RootElement.GetProperty("results").EnumerateArray().Select(row => (row.GetProperty("peer").GetString(), Factor(row))));
    }

    [Fact]
    public void A_table_without_linux_forwarding_does_not_point_to_its_column()
    {
        string with = CompareReport.Markdown(new CompareRecord("A machine", FixedRecord.Time, [], []).With(FixedRecord.Time, [], s_row), [], null);
        string without = CompareReport.Markdown(new CompareRecord("A machine", FixedRecord.Time, [], []).With(FixedRecord.Time, [], s_row[..4]), [], null);
        Assert.Contains("which the column of Linux forwarding shows:", with, StringComparison.Ordinal);
        Assert.Contains("which Linux forwarding shows where it is measured:", without, StringComparison.Ordinal);
    }

    private static double? Factor(JsonElement row) =>
        row.GetProperty("factor_without_ports") is { ValueKind: JsonValueKind.Number } number ? Math.Round(number.GetDouble(), 9) : null;
}
