using System;
using System.Globalization;
using System.IO;
using System.Linq;
using Dataplane.Bench.Compare;
using Dataplane.Os;
using Xunit;

namespace Dataplane.Bench.Tests;

/// <summary>Which processors a comparison takes, and what is said of them.</summary>
public sealed class CompareProcessorsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("compare-processors-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("0,1", null, null, 2, "0,1/0")] // two workers and the rest on two processors
    [InlineData("0,1,2", null, null, 2, "1,2/0")]
    [InlineData("0,1,2,3", null, null, 2, "2,3/0")]
    [InlineData("4,6,9", null, null, 1, "9/4")]
    [InlineData("0,1,2,3", null, 3, 2, "1,2/3")]
    [InlineData("0,1", null, 1, 2, "1,0/1")] // a single worker has the last
    [InlineData("0,1,2,3", "2,1", null, 2, "1,2/0")]
    [InlineData("0,1,2,3", "0", null, 2, "0/1")]
    [InlineData("0,1,2,3", "0-1", null, 2, "0,1/2")]
    [InlineData("0,1", "0,1", null, 2, "0,1/0")]
    [InlineData("0,1,2,3", "2,3", 1, 2, "2,3/1")]
    public void Processors_are_those_asked_for_and_else_the_last_and_the_first(
        string allowed, string? workers, int? control, int most, string expected)
    {
        Assert.True(Processors.TryChoose(Numbers(allowed), workers, control, most, out Processors? chosen, out string error), error);
        Assert.Equal(expected, $"{string.Join(',', chosen.Workers)}/{chosen.Control}");
        Assert.NotEqual(chosen.Control, chosen.Worker);
    }

    [Theory]
    [InlineData("0", null, null, 2, "two processors are needed")]
    [InlineData("0,1", "4", null, 2, "--worker-cpus: this process may not run on processor 4, only on 0-1")]
    [InlineData("0,1", "4", null, 1, "--worker-cpu: this process may not run on processor 4, only on 0-1")]
    [InlineData("0,1", null, 2, 2, "--control-cpu: this process may not run on processor 2, only on 0-1")]
    [InlineData("0,1", null, -1, 2, "--control-cpu: this process may not run on processor -1, only on 0-1")]
    [InlineData("0,1", "1", 1, 2, "--worker-cpus: 1 is the processor of everything else, too")]
    [InlineData("0,1,2", "1,2", 1, 2, "--worker-cpus: 1 is the processor of everything else, too")]
    [InlineData("0,1,2,3", "1,2,3", null, 2, "--worker-cpus: at most 2")]
    [InlineData("0,1", "one", null, 2, "--worker-cpus: 'one' is not a processor number")]
    [InlineData("0,1", "", null, 2, "--worker-cpus: '' is not a processor number")]
    [InlineData("0,1", "1,1", null, 2, "--worker-cpus: processor 1 is named twice")]
    [InlineData("0,1", "-3", null, 1, "--worker-cpu: '-3' is not a processor number")]
    public void What_cannot_be_is_refused_with_the_options_name(string allowed, string? workers, int? control, int most, string expected)
    {
        Assert.False(Processors.TryChoose(Numbers(allowed), workers, control, most, out Processors? chosen, out string error));
        Assert.Null(chosen);
        Assert.StartsWith(expected, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0\n", "0")]
    [InlineData("0,64\n", "0,64")]
    [InlineData("2-3\n", "2,3")]
    [InlineData("", "")]
    [InlineData("many\n", "")]
    public void Siblings_are_the_kernels_list(string text, string expected) => Assert.Equal(Numbers(expected), ProcessorPlace.SiblingsOf(text));

    [Theory]
    [InlineData("topology,node1,cache", 1)]
    [InlineData("node12", 12)]
    [InlineData("nodes,node,nodeA,anode1,node-1", null)]
    public void The_node_is_the_link_with_its_number(string entries, int? expected) =>
        Assert.Equal(expected, ProcessorPlace.NodeOf(entries.Split(',')));

    [Fact]
    public void A_place_is_read_from_the_kernels_folder()
    {
        string own = Path.Combine(_folder, "cpu5");
        Directory.CreateDirectory(Path.Combine(own, "topology"));
        Directory.CreateDirectory(Path.Combine(own, "node1"));
        File.WriteAllText(Path.Combine(own, "topology", "thread_siblings_list"), "5,69\n");
        ProcessorPlace place = ProcessorPlace.Read(5, _folder);
        Assert.Equal((5, 1), (place.Cpu, place.Node));
        Assert.Equal([5, 69], place.Siblings);
        ProcessorPlace missing = ProcessorPlace.Read(6, _folder);
        Assert.Equal((6, null), (missing.Cpu, missing.Node));
        Assert.Empty(missing.Siblings);
    }

    [Fact]
    public void This_machines_processors_have_themselves_as_siblings()
    {
        int cpu = CpuAffinity.GetCurrentThread()[0];
        Assert.Contains(cpu, ProcessorPlace.Read(cpu).Siblings);
    }

    [Fact]
    public void The_line_names_all_of_them()
    {
        Assert.Equal("worker processors 1, control 0, node 0", new Processors([1], 0).Line([Place(0, 0), Place(1, 0)]));
        Assert.Equal("worker processors 1 (of two workers 0 and 1), control 0, node 0", new Processors([0, 1], 0).Line([Place(0, 0), Place(1, 0)]));
        Assert.Equal(
            "worker processors 3 (of two workers 2 and 3), control 0, nodes 0, 1",
            new Processors([2, 3], 0).Line([Place(0, 0), Place(2, 1), Place(3, 1)]));
        Assert.Equal("worker processors 1, control 0, node unknown", new Processors([1], 0).Line([new ProcessorPlace(0, [], null)]));
    }

    [Fact]
    public void A_core_of_their_own_on_one_node_needs_no_note() =>
        Assert.Empty(new Processors([2, 4], 0).Notes([Place(0, 0, 0, 1), Place(2, 0, 2, 3), Place(4, 0, 4, 5)], workers: 2));

    [Fact]
    public void Threads_of_one_core_are_told_of() => Assert.Equal(
        ["Processors 2 (worker) and 3 (worker) are threads of one core, which they share."],
        new Processors([2, 3], 0).Notes([Place(0, 0, 0, 1), Place(2, 0, 2, 3), Place(3, 0, 2, 3)], workers: 2));

    [Fact]
    public void A_core_that_is_shared_with_everything_else_is_told_of() => Assert.Equal(
        ["Processors 0 (control) and 1 (worker) are threads of one core, which they share."],
        new Processors([1], 0).Notes([Place(0, 0, 0, 1), Place(1, 0, 0, 1)], workers: 1));

    [Fact]
    public void Different_nodes_are_told_of() => Assert.Equal(
        [
            "Processors 0 (control) and 3 (worker) are of different NUMA nodes, 0 and 1.",
            "Processors 2 (worker) and 3 (worker) are of different NUMA nodes, 0 and 1.",
        ],
        new Processors([2, 3], 0).Notes([Place(0, 0), Place(2, 0), Place(3, 1)], workers: 2));

    [Fact]
    public void What_only_a_second_worker_would_use_is_not_told_of_one() =>
        Assert.Empty(new Processors([2, 3], 0).Notes([Place(0, 0), Place(2, 0, 2, 3), Place(3, 0, 2, 3)], workers: 1));

    [Fact]
    public void A_processor_that_a_worker_shares_with_the_rest_is_not_its_own_sibling() =>
        Assert.Empty(new Processors([0, 1], 0).Notes([Place(0, 0, 0), Place(1, 0, 1)], workers: 2));

    private static ProcessorPlace Place(int cpu, int node, params int[] siblings) => new(cpu, siblings, node);

    private static int[] Numbers(string text) =>
        [.. text.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(part => int.Parse(part, CultureInfo.InvariantCulture))];
}
