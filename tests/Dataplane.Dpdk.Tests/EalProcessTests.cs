using System;
using System.Linq;
using Xunit;

namespace Dataplane.Dpdk.Tests;

[Collection(nameof(HostProcess))]
public sealed class EalProcessTests
{
    [Fact]
    public void The_eal_starts_without_hugepages_and_writes_nothing_of_its_own()
    {
        HostResult result = HostProcess.Run("start", "Off");
        Assert.Equal("version=DPDK 22.11", result.Output[..18]);
        Assert.Equal((0, "False", "0", ""), (result.ExitCode, result["hugepages"], result["notes"], result.Errors));
        Assert.Equal(3, result.Output.Count(c => c == '\n'));
    }

    [Fact]
    public void The_eal_starts_with_what_memory_there_is()
    {
        HostResult result = HostProcess.Run("start", "Auto");
        Assert.True(result.ExitCode == 0, result.Output + result.Errors);
        bool enough = HugepageState.Read("dpdktest").Suffices(192);
        Assert.Equal(enough.ToString(), result["hugepages"]);
    }

    [Fact]
    public void A_second_start_in_one_process_is_refused()
    {
        HostResult result = HostProcess.Run("start-twice");
        Assert.Equal((3, "the EAL was started in this process before"), (result.ExitCode, result["error"]));
    }

    [Fact]
    public void A_worker_runs_on_its_cpu_and_the_caller_keeps_its_affinity()
    {
        HostResult result = HostProcess.Run("lcores");
        string[] expected = ["True", "True", "7", "True", "True", "False"];
        string[] names = ["affinity-kept", "later-thread-affinity-kept", "result", "lcore", "cpu", "busy"];
        Assert.Equal(expected, names.Select(name => result[name]));
    }

    [Fact]
    public void An_lcore_that_does_not_exist_cannot_be_started()
    {
        HostResult result = HostProcess.Run("lcores");
        Assert.Equal((3, "starting lcore 2: Invalid argument"), (result.ExitCode, result["error"]));
    }

    [Fact]
    public void A_second_process_with_the_same_prefix_learns_who_holds_it()
    {
        string prefix = HostProcess.NewPrefix();
        using HostProcess first = HostProcess.Start("hold", prefix, [], []);
        Assert.Equal($"holding={first.Id}", first.ReadLine());

        using (HostProcess second = HostProcess.Start("start", prefix, [], [], "Off"))
        {
            HostResult refused = second.Finish();
            Assert.Equal(3, refused.ExitCode);
            Assert.Equal($"process {first.Id} already runs DPDK with file prefix '{prefix}'", refused["error"]);
            Assert.Contains($"kill -TERM {first.Id}", refused["remedy"], StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_killed_process_leaves_nothing_that_stops_the_next()
    {
        string prefix = HostProcess.NewPrefix();
        using HostProcess first = HostProcess.Start("hold", prefix, [], []);
        first.ReadLine();
        first.Kill();

        using HostProcess second = HostProcess.Start("start", prefix, [], [], "Off");
        Assert.Equal(0, second.Finish().ExitCode);
    }

    [Fact]
    public void A_missing_shim_is_one_line_with_a_remedy()
    {
        HostResult result = StartWithShim("/nonexistent");
        Assert.Equal((3, "cannot load the DPDK shim: /nonexistent does not exist"), (result.ExitCode, result["error"]));
        Assert.Contains("apt-get install", result["remedy"], StringComparison.Ordinal);
    }

    [Fact]
    public void A_shim_that_is_no_library_is_named()
    {
        HostResult result = StartWithShim("/etc/hostname");
        Assert.Equal(3, result.ExitCode);
        Assert.Contains("/etc/hostname", result["error"], StringComparison.Ordinal);
    }

    private static HostResult StartWithShim(string path)
    {
        using HostProcess host = HostProcess.Start("start", HostProcess.NewPrefix(), [], [(NativeLoader.Variable, path)], "Off");
        return host.Finish();
    }
}
