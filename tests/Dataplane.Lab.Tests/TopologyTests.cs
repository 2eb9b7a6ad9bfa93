using System;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using Xunit;

namespace Dataplane.Lab.Tests;

public sealed partial class TopologyTests : LabTest
{
    [Fact]
    public void Every_end_has_the_queues_and_no_offload_that_changes_frames()
    {
        using Lab lab = Lab.Create(new LabOptions { Queues = 2 });
        (NetworkNamespace Host, string Device)[] ends =
        [
            (lab.Topology.Client, Topology.HostInterface), (lab.Topology.Server, Topology.HostInterface),
            (lab.Topology.Internet, Topology.HostInterface), (lab.Topology.Router, Topology.LanInterface),
            (lab.Topology.Router, Topology.DmzInterface), (lab.Topology.Router, Topology.WanInterface),
        ];
        Assert.All(ends, end =>
        {
            string features = end.Host.Run(Command.DefaultTimeout, "ethtool", "-k", end.Device).OrThrow().Output;
            Assert.DoesNotMatch(ChangesFrames(), features);
            string link = end.Host.Ip("-d", "link", "show", end.Device).Output;
            Assert.Contains("numtxqueues 2 numrxqueues 2", link, StringComparison.Ordinal);
            Assert.Contains("mtu 1500", link, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void The_routers_ends_have_no_address_and_no_arp()
    {
        using Lab lab = Lab.Create(new LabOptions());
        string links = lab.Topology.Router.Ip("addr", "show").Output;
        foreach (string device in (string[])[Topology.LanInterface, Topology.DmzInterface, Topology.WanInterface])
        {
            Assert.DoesNotContain("inet", lab.Topology.Router.Ip("addr", "show", "dev", device).Output, StringComparison.Ordinal);
        }

        Assert.Equal(3, NoArp().Count(links));
    }

    [Fact]
    public void A_disposed_lab_leaves_no_namespace_process_or_file()
    {
        Lab lab = Lab.Create(new LabOptions());
        string folder = lab.Folder;
        string name = lab.Topology.Client.Name;
        BackgroundProcess sleeper = lab.Serve(lab.Topology.Client, _ => true, "sleep", "600");
        int processId = sleeper.Id;
        Assert.True(Directory.Exists($"/proc/{processId}"));
        lab.Dispose();
        Assert.False(Directory.Exists(folder));
        Assert.False(Directory.Exists($"/proc/{processId}"));
        string prefix = name[..name.LastIndexOf('-')];
        Assert.DoesNotContain(Directory.EnumerateFiles("/run/netns"), path => Path.GetFileName(path).StartsWith(prefix, StringComparison.Ordinal));
    }

    [Fact]
    public void A_lab_that_was_killed_is_removed_by_the_next_one()
    {
        // Process 1 never has this start time, so the name is that of a dead owner.
        string leftover = "dplab-1-18446744073709551615-1-client";
        Command.Run(Command.DefaultTimeout, "ip", "netns", "add", leftover).OrThrow();
        string folder = Path.Combine(Path.GetTempPath(), "dplab-1-18446744073709551615-1");
        Directory.CreateDirectory(folder);
        Lab.Create(new LabOptions()).Dispose();
        Assert.False(File.Exists("/run/netns/" + leftover));
        Assert.False(Directory.Exists(folder));
    }

    [Fact]
    public void A_host_sends_by_the_queue_that_was_chosen()
    {
        using Lab lab = Lab.WithKernel(new LabOptions { Queues = 2 });
        // An idle interface with a queue per CPU would hide a choice that does nothing: both are tried.
        foreach (int queue in (int[])[1, 0, 1])
        {
            lab.Topology.SendByQueue(lab.Topology.Client, queue);
            string chosen = lab.Topology.Client.Run(
                Command.DefaultTimeout, "cat", $"/sys/class/net/{Topology.HostInterface}/queues/tx-{queue}/xps_cpus").OrThrow().Output.Trim();
            string other = lab.Topology.Client.Run(
                Command.DefaultTimeout, "cat", $"/sys/class/net/{Topology.HostInterface}/queues/tx-{1 - queue}/xps_cpus").OrThrow().Output.Trim();
            Assert.NotEqual("0", chosen);
            Assert.Equal("0", other);
            Assert.Equal(3, Traffic.Ping(lab.Topology.Client, LabAddresses.RouterLan, 3).Replies);
        }
    }

    [GeneratedRegex("(tcp-segmentation-offload|generic-segmentation-offload|generic-receive-offload|tx-checksumming|rx-checksumming): on")]
    private static partial Regex ChangesFrames();

    [GeneratedRegex("NOARP")]
    private static partial Regex NoArp();
}
