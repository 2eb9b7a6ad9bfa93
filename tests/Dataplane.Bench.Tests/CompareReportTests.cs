using System;
using System.IO;
using System.Linq;
using Dataplane.Bench.Compare;
using Xunit;

namespace Dataplane.Bench.Tests;

/// <summary>The report as a whole, and what gnuplot is told, from fixed figures.</summary>
public sealed class CompareReportTests
{
    // compare-report.golden is what the page was when somebody last read it; a change of its text is a change of that file.
    [Fact]
    public void The_page_is_made_of_the_figures() => Assert.Equal(
        File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "compare-report.golden")),
        CompareReport.Markdown(FixedRecord.Full, ["compare-established.svg", "compare-workers.svg"], null));

    [Fact]
    public void Without_charts_the_page_says_why()
    {
        string page = CompareReport.Markdown(FixedRecord.Full, [], "gnuplot is not installed");
        Assert.Contains("No charts: gnuplot is not installed.", page, StringComparison.Ordinal);
        Assert.DoesNotContain(".svg", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Frame_sizes_need_more_than_one()
    {
        CompareRecord record = new CompareRecord("A machine", FixedRecord.Time, [], [])
            .With(FixedRecord.Time, [], [FixedRecord.Result("dataplane", "udp-64k", 18)]);
        Assert.DoesNotContain("Frame sizes", CompareReport.Markdown(record, [], null), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_kind_of_traffic_has_a_part_of_the_report() =>
        Assert.All(Traffic.All, traffic => Assert.Contains(CompareSection.All, section => section.Has(traffic)));

    [Fact]
    public void Bars_have_their_ranges_and_lack_what_was_not_measured()
    {
        string script = CompareCharts.Script(CompareSection.Established, FixedRecord.Full)!;
        Assert.Contains("\"udp-64k\" 19.0000 18.0000 20.0000 2.0000 2.0000 2.0000 0.5000 0.5000 0.5000\n", script, StringComparison.Ordinal);
        Assert.Contains("\"udp-1m\" 16.0000 16.0000 16.0000 NaN NaN NaN NaN NaN NaN\n", script, StringComparison.Ordinal);
        Assert.DoesNotContain("testpmd", script, StringComparison.Ordinal);
    }

    [Fact]
    public void Bars_of_two_workers_are_in_units_of_one()
    {
        string script = CompareCharts.Script(CompareSection.Workers, FixedRecord.Full)!;
        Assert.Contains("\"udp-1m-2w\" 1.7750 1.7500 1.8000\n", script, StringComparison.Ordinal); // Open vSwitch has no figure of one
        Assert.Contains("\"new-udp-2w\" 1.7500 1.7500 1.7500\n", script, StringComparison.Ordinal);
    }

    [Fact]
    public void Where_no_factor_is_known_nothing_is_drawn()
    {
        CompareRecord record = new CompareRecord("A machine", FixedRecord.Time, [], [])
            .With(FixedRecord.Time, [], [FixedRecord.Result("dataplane", "udp-1m-2w", 18)]);
        Assert.Null(CompareCharts.Script(CompareSection.Workers, record));
        Assert.Null(CompareCharts.Script(CompareSection.Opening, record));
    }

    [Fact]
    public void Charts_are_of_files_that_the_page_looks_for() =>
        Assert.Equal(CompareSection.All.Count, CompareSection.All.Select(CompareCharts.FileOf).Distinct().Count());
}
