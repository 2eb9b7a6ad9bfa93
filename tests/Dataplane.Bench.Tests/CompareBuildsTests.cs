using System;
using System.Collections.Generic;
using System.IO;
using System.Text.Json.Nodes;
using Dataplane.Bench.Compare;
using Dataplane.Lab;
using Xunit;

namespace Dataplane.Bench.Tests;

/// <summary>What was measured is written down, and figures of something else are not added to it.</summary>
public sealed class CompareBuildsTests : IDisposable
{
    private static readonly CompareBuilds s_then = new("4078c3f41a2b", "3.1.0", "22.11.11", "1.0.6", 1024, "77aa");

    private readonly string _folder = Directory.CreateTempSubdirectory("compare-builds-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("ovs-vswitchd (Open vSwitch) 3.1.0\nDPDK 22.11.11\n", "Open vSwitch", "3.1.0")]
    [InlineData("ovs-vswitchd (Open vSwitch) 3.1.0\nDPDK 22.11.11\n", "DPDK", "22.11.11")]
    [InlineData("nftables v1.0.6 (Lester Gooch #5)", "nftables", "1.0.6")]
    [InlineData("DPDK 24.11.0-rc1", "DPDK", "24.11.0-rc1")]
    [InlineData("Open vSwitch 2 (Open vSwitch) 3", "Open vSwitch", "2")]
    public void A_version_is_the_first_number_behind_the_name(string text, string name, string version) =>
        Assert.Equal(version, CompareBuilds.VersionOf(text, name));

    [Theory]
    [InlineData("")]
    [InlineData("ovs-vswitchd (Open vSwitch) 3.1.0")]
    [InlineData("22.11.11 DPDK")]
    [InlineData("DPDK of some kind\nnftables v1.0.6")]
    public void A_program_that_says_no_version_has_an_unknown_one(string text) =>
        Assert.Equal(CompareBuilds.Unknown, CompareBuilds.VersionOf(text, "DPDK"));

    [Fact]
    public void A_program_that_could_not_be_asked_is_not_installed() =>
        Assert.Equal(CompareBuilds.NotInstalled, CompareBuilds.VersionOf(null, "DPDK"));

    [Fact]
    public void The_same_does_not_differ() => Assert.Null(s_then.Difference(s_then with { }));

    [Fact]
    public void Each_part_that_differs_is_named_with_both_values()
    {
        Assert.Equal("this router's source 4078c3f41a2b, now 4078c3f41a2b with changes",
            s_then.Difference(s_then with { Source = "4078c3f41a2b with changes" }));
        Assert.Equal("Open vSwitch 3.1.0, now not installed", s_then.Difference(s_then with { OpenVswitch = CompareBuilds.NotInstalled }));
        Assert.Equal("DPDK 22.11.11, now 22.11.12", s_then.Difference(s_then with { Dpdk = "22.11.12" }));
        Assert.Equal("nft 1.0.6, now 1.0.9", s_then.Difference(s_then with { Nft = "1.0.9" }));
        Assert.Equal("the harness 77aa, now 77ab", s_then.Difference(s_then with { Harness = "77ab" }));
        Assert.Equal("hugepages of 2 MiB 1024, now 0", s_then.Difference(s_then with { Hugepages = 0 }));
        Assert.Equal("hugepages of 2 MiB 1024, now unknown", s_then.Difference(s_then with { Hugepages = null }));
        Assert.Equal("DPDK 22.11.11, now 22.11.12; nft 1.0.6, now 1.0.9", s_then.Difference(s_then with { Dpdk = "22.11.12", Nft = "1.0.9" }));
    }

    [Fact]
    public void What_was_not_installed_then_does_not_differ() => Assert.Null(
        (s_then with { OpenVswitch = CompareBuilds.NotInstalled, Nft = CompareBuilds.NotInstalled }).Difference(s_then));

    [Theory]
    [InlineData(null)]
    [InlineData(CompareBuilds.Unknown)]
    [InlineData("4078c3f41a2b with changes")]
    public void What_nobody_can_name_is_not_the_same_as_itself(string? source)
    {
        CompareBuilds builds = s_then with { Source = source };
        Assert.Equal($"this router's source {source ?? "unknown"}, now {source ?? "unknown"}", builds.Difference(builds));
        CompareBuilds measuring = s_then with { Harness = source };
        Assert.Equal($"the harness {source ?? "unknown"}, now {source ?? "unknown"}", measuring.Difference(measuring));
    }

    [Fact]
    public void A_clean_checkout_is_named_by_its_source()
    {
        string tree = Repository();
        Assert.Equal(tree, CompareBuilds.SourceOf(_folder));
        Write("README.md", "other words\n");
        Write("artifacts/made", "by a build\n");
        Assert.Equal(tree, CompareBuilds.SourceOf(_folder)); // nothing of it is in the router
    }

    [Theory]
    [InlineData("src/Router.cs")]
    [InlineData("src/New.cs")]
    [InlineData("native/shim.c")]
    public void A_checkout_with_changes_says_so(string changed)
    {
        string tree = Repository();
        Write(changed, "changed\n");
        Assert.Equal($"{tree} with changes", CompareBuilds.SourceOf(_folder));
    }

    [Theory]
    [InlineData("src/Router.cs")]
    [InlineData("native/shim.c")]
    public void Other_source_has_another_name(string changed)
    {
        string before = Repository();
        Write(changed, "something else\n");
        string after = Commit();
        Assert.NotEqual(before, after);
        Assert.Equal(after, CompareBuilds.SourceOf(_folder));
    }

    [Theory]
    [InlineData("perf/peers/common.sh")]
    [InlineData("perf/Dataplane.Bench/New.cs")]
    public void The_harness_is_named_by_what_measures(string changed)
    {
        string source = Repository();
        string before = CompareBuilds.HarnessOf(_folder);
        Assert.Equal($"{Tree("perf/peers")}-{Tree("perf/Dataplane.Bench")}", before);
        Write("perf/results/compare.md", "figures\n");
        Write("src/Router.cs", "something else\n");
        Assert.Equal(before, CompareBuilds.HarnessOf(_folder)); // nothing of it measures
        Write(changed, "something else\n");
        Assert.Equal($"{before} with changes", CompareBuilds.HarnessOf(_folder));
        Assert.NotEqual(source, Commit());
        string after = CompareBuilds.HarnessOf(_folder);
        Assert.NotEqual(before, after);
        Assert.Equal(after, CompareBuilds.Read(_folder, "/elsewhere/dataplane.dll").Harness);
    }

    [Fact]
    public void What_is_no_checkout_is_of_unknown_source()
    {
        Write("src/Router.cs", "class Router;\n");
        Assert.Equal(CompareBuilds.Unknown, CompareBuilds.SourceOf(_folder));
        Assert.Equal(CompareBuilds.Unknown, CompareBuilds.SourceOf(Path.Combine(_folder, "missing")));
        Assert.Equal(CompareBuilds.Unknown, CompareBuilds.HarnessOf(_folder));
    }

    [Fact]
    public void A_router_from_elsewhere_is_of_unknown_source()
    {
        string tree = Repository();
        Assert.Equal(tree, CompareBuilds.Read(_folder, Path.Combine(_folder, "artifacts", "dataplane.dll")).Source);
        Assert.Equal(CompareBuilds.Unknown, CompareBuilds.Read(_folder, Path.Combine(_folder + "-other", "dataplane.dll")).Source);
    }

    [Fact]
    public void Builds_and_times_that_were_written_are_read_back()
    {
        DateTime time = FixedRecord.Time.AddMinutes(-5).AddTicks(7);
        PeerResult timed = FixedRecord.Result("dataplane", "udp-1k", 20) with { Time = time };
        PeerResult timeless = FixedRecord.Result("testpmd", "udp-1k", 60) with { Time = null };
        CompareRecord record = Record("A machine", s_then with { Nft = null }).With(FixedRecord.Time, [timed], [timed, timeless]);
        CompareFile.Write(_folder, record);
        CompareRecord read = CompareFile.Read(_folder)!;
        Assert.Equal(s_then with { Nft = null }, read.Builds);
        Assert.Equal(time, Assert.Single(read.Checks).Time);
        Assert.Equal(DateTimeKind.Utc, read.Checks[0].Time!.Value.Kind);
        Assert.Equal([time, null], [read.Results[0].Time, read.Results[1].Time]);
    }

    [Fact]
    public void A_file_without_builds_and_times_does_not_tell_them()
    {
        WriteWithoutBuilds();
        CompareRecord read = CompareFile.Read(_folder)!;
        Assert.Equal(CompareBuilds.NotTold, read.Builds);
        Assert.Null(Assert.Single(read.Results).Time);
    }

    [Fact]
    public void Figures_of_the_same_are_added_to()
    {
        CompareFile.Write(_folder, Record("A machine", s_then));
        CompareRecord earlier = CompareCommand.Earlier(Settings(append: true), "A machine", s_then);
        Assert.Equal("dataplane", Assert.Single(earlier.Results).Peer.Name);
        Assert.Equal(s_then, earlier.Builds);
    }

    [Fact]
    public void Figures_of_another_machine_are_not_added_to()
    {
        CompareFile.Write(_folder, Record("Another machine, 64 processors", s_then));
        Refuses("Another machine, 64 processors", "A machine", s_then);
    }

    [Fact]
    public void Figures_of_another_source_are_not_added_to()
    {
        CompareFile.Write(_folder, Record("A machine", s_then));
        Refuses("this router's source 4078c3f41a2b, now 000000000000", "A machine", s_then with { Source = "000000000000" });
    }

    [Fact]
    public void Figures_of_another_harness_are_not_added_to()
    {
        CompareFile.Write(_folder, Record("A machine", s_then with { Harness = null }));
        Refuses("the harness unknown, now 77aa", "A machine", s_then);
    }

    [Theory]
    [InlineData("worker processors 3, control 0, node 0")]
    [InlineData(null)]
    public void Figures_of_other_processors_are_not_added_to(string? processors)
    {
        CompareFile.Write(_folder, Record("A machine", s_then) with { Processors = processors });
        Refuses($"{processors ?? "unknown"}, now {FixedRecord.Processors}", "A machine", s_then);
    }

    [Fact]
    public void What_is_to_be_said_of_processors_stays_when_a_sitting_adds_to_it()
    {
        CompareFile.Write(_folder, Record("A machine", s_then) with { ProcessorNotes = ["One.", "Two."] });
        CompareRecord earlier = CompareCommand.Earlier(Settings(append: true) with { ProcessorNotes = ["Two.", "Three."] }, "A machine", s_then);
        Assert.Equal(["One.", "Two.", "Three."], earlier.ProcessorNotes);
        Assert.Equal(FixedRecord.Processors, earlier.Processors);
    }

    [Fact]
    public void A_file_without_builds_is_not_added_to()
    {
        WriteWithoutBuilds();
        Refuses("this router's source unknown, now 4078c3f41a2b", "A machine", s_then);
    }

    [Theory]
    [InlineData(true, "4078c3f41a2b")]
    [InlineData(false, "4078c3f41a2b")]
    [InlineData(true, "4078c3f41a2b with changes")] // there is nothing that it could be mixed with
    [InlineData(false, "4078c3f41a2b with changes")]
    [InlineData(false, CompareBuilds.Unknown)]
    public void A_first_sitting_has_nothing_earlier(bool append, string source)
    {
        CompareBuilds builds = s_then with { Source = source };
        CompareRecord earlier = CompareCommand.Earlier(Settings(append) with { ProcessorNotes = ["One."] }, "A machine", builds);
        Assert.Empty(earlier.Results);
        Assert.Equal(("A machine", builds, FixedRecord.Processors), (earlier.Machine, earlier.Builds, earlier.Processors));
        Assert.Equal(["One."], earlier.ProcessorNotes);
    }

    [Fact]
    public void What_is_not_added_to_may_be_anybodys()
    {
        CompareFile.Write(_folder, Record("Another machine", s_then));
        CompareRecord earlier = CompareCommand.Earlier(Settings(append: false), "A machine", s_then with { Source = "000000000000" });
        Assert.Empty(earlier.Results);
        Assert.Equal(("A machine", "000000000000"), (earlier.Machine, earlier.Builds.Source));
    }

    private void Refuses(string named, string machine, CompareBuilds builds)
    {
        InvalidDataException error = Assert.Throws<InvalidDataException>(() => CompareCommand.Earlier(Settings(append: true), machine, builds));
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
        Assert.Contains(_folder, error.Message, StringComparison.Ordinal);
    }

    private CompareSettings Settings(bool append) =>
        FixedSettings.Of("dataplane", "udp-1k", repeats: 1) with { Output = _folder, Append = append };

    private static CompareRecord Record(string machine, CompareBuilds builds) =>
        new(machine, FixedRecord.Time, [], [FixedRecord.Result("dataplane", "udp-1k", 20) with { Time = FixedRecord.Time }])
        {
            Builds = builds,
            Processors = FixedRecord.Processors,
        };

    /// <summary>A file from before builds and times were written down.</summary>
    private void WriteWithoutBuilds()
    {
        CompareFile.Write(_folder, Record("A machine", s_then));
        string path = Path.Combine(_folder, CompareFile.Name);
        JsonObject document = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        Assert.True(document.Remove("builds"));
        Assert.True(document["results"]![0]!.AsObject().Remove("time"));
        File.WriteAllText(path, document.ToJsonString());
    }

    /// <summary>Makes a checkout; the name of its source.</summary>
    private string Repository()
    {
        Write("src/Router.cs", "class Router;\n");
        Write("native/shim.c", "int shim;\n");
        Write("perf/peers/common.sh", "true\n");
        Write("perf/Dataplane.Bench/Program.cs", "class Program;\n");
        Write("README.md", "words\n");
        Git("init", "--quiet");
        return Commit();
    }

    /// <summary>The names of what is committed of src and native, in twelve digits.</summary>
    private string Commit()
    {
        Git("add", "--all");
        Git("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false", "commit", "--quiet", "--message=all");
        return $"{Tree("src")}-{Tree("native")}";
    }

    // "040000 tree HASH src", the last gap a tab
    private string Tree(string folder) => Git("ls-tree", "HEAD", folder).Split(' ', '\t')[2][..12];

    private string Git(params IEnumerable<string> arguments)
    {
        CommandResult result = Command.Run(Command.DefaultTimeout, "git", ["-C", _folder, .. arguments]);
        Assert.True(result.Succeeded, result.Error);
        return result.Output;
    }

    private void Write(string path, string text)
    {
        string file = Path.Combine(_folder, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }
}
