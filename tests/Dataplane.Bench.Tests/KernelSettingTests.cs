using System;
using System.IO;
using Dataplane.Bench.Trafgen;
using Dataplane.Lab;
using Xunit;

namespace Dataplane.Bench.Tests;

/// <summary>Settings of the machine come back to what they were, also after a process that did not live to see to it.</summary>
public sealed class KernelSettingTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("kernel-setting-");
    private readonly string _setting;

    public KernelSettingTests()
    {
        _setting = Path.Combine(_folder.FullName, "nf_conntrack_max");
        Write("262144\n");
    }

    private string Kept => Path.Combine(_folder.FullName, "kept");

    private string KeptFile => Path.Combine(Kept, _setting.Trim('/').Replace('/', '.'));

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void A_setting_is_set_then_put_back_and_nothing_is_kept()
    {
        using (Set(1000))
        {
            Assert.Equal("1000", Read());
            Assert.Equal("262144 1000\n", File.ReadAllText(KeptFile));
        }

        Assert.Equal("262144", Read());
        Assert.Empty(Directory.EnumerateFileSystemEntries(Kept));
    }

    [Fact]
    public void It_is_put_back_once()
    {
        KernelSetting setting = Set(1000);
        setting.Dispose();
        Write("7");
        setting.Dispose();
        Assert.Equal("7", Read());
    }

    [Fact]
    public void What_a_dead_process_set_is_not_taken_for_what_it_was()
    {
        Keep("262144 1000\n");
        Write("1000\n");
        using (Set(2000))
        {
            Assert.Equal("262144 2000\n", File.ReadAllText(KeptFile));
        }

        Assert.Equal("262144", Read());
        Assert.False(File.Exists(KeptFile));
    }

    [Fact]
    public void What_somebody_set_since_a_process_died_is_put_back()
    {
        Keep("262144 1000\n");
        Write("500000\n");
        Set(2000).Dispose();
        Assert.Equal("500000", Read());
    }

    [Theory]
    [InlineData("")]
    [InlineData("262144")]
    [InlineData("262144 1000 1")]
    [InlineData("much 1000")]
    public void A_file_that_makes_no_sense_counts_for_nothing(string kept)
    {
        Keep(kept);
        Write("1000\n");
        Set(2000).Dispose();
        Assert.Equal("1000", Read());
    }

    [Fact]
    public void Two_processes_at_once_leave_it_as_it_was()
    {
        KernelSetting first = Set(1000);
        KernelSetting second = Set(2000);
        first.Dispose();
        second.Dispose();
        Assert.Equal("262144", Read());
    }

    [Fact]
    public void A_setting_that_the_kernel_does_not_have_is_refused_by_its_name()
    {
        string absent = Path.Combine(_folder.FullName, "absent");
        LabException e = Assert.Throws<LabException>(() => KernelSetting.Set(absent, 1, Kept));
        Assert.Contains(absent, e.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Kept));
    }

    [Theory]
    [InlineData(262_144, 32_768, 65_536)] // half of it
    [InlineData(262_144, 200_000, 262_144)] // as it is
    [InlineData(262_144, 200_000, 300_000)] // raised
    public void The_limit_may_be_lowered_to_twice_what_the_machine_tracks(long limit, long tracked, int wanted) =>
        Assert.Null(FloodedNetfilter.Objection(limit, tracked, wanted));

    [Fact]
    public void The_limit_may_not_be_lowered_near_to_what_the_machine_tracks() => Assert.Equal(
        "the machine tracks 32,769 connections of its own, for which a limit of 65,536 would hold, too",
        FloodedNetfilter.Objection(262_144, 32_769, 65_536));

    private KernelSetting Set(long value) => KernelSetting.Set(_setting, value, Kept);

    private string Read() => File.ReadAllText(_setting).Trim();

    private void Write(string text) => File.WriteAllText(_setting, text);

    private void Keep(string text)
    {
        Directory.CreateDirectory(Kept);
        File.WriteAllText(KeptFile, text);
    }
}
