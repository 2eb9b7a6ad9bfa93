using System;
using System.Globalization;
using System.IO;
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
        Assert.DoesNotContain(
            Directory.EnumerateFiles("/run/netns"),
            path => Path.GetFileName(path).StartsWith(prefix, StringComparison.Ordinal));
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
        // Aggregation makes a veth end count per receive queue; nothing else in this test depends on it.
        lab.Topology.Router.Run(Command.DefaultTimeout, "ethtool", "-K", Topology.LanInterface, "gro", "on").OrThrow();
        foreach (int queue in (int[])[1, 0])
        {
            lab.Topology.SendByQueue(lab.Topology.Client, queue);
            long chosenBefore = ReceivedBy(lab, queue);
            long otherBefore = ReceivedBy(lab, 1 - queue);
            Assert.Equal(5, Traffic.Ping(lab.Topology.Client, LabAddresses.RouterLan, 5).Replies);
            Assert.True(ReceivedBy(lab, queue) >= chosenBefore + 5);
            Assert.Equal(otherBefore, ReceivedBy(lab, 1 - queue));
        }
    }

    private static long ReceivedBy(Lab lab, int queue)
    {
        string statistics = lab.Topology.Router.Run(Command.DefaultTimeout, "ethtool", "-S", Topology.LanInterface).OrThrow().Output;
        Match count = Regex.Match(statistics, $"rx_queue_{queue}_xdp_packets: ([0-9]+)");
        Assert.True(count.Success, statistics);
        return long.Parse(count.Groups[1].Value, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex("(tcp-segmentation-offload|generic-segmentation-offload|generic-receive-offload|tx-checksumming|rx-checksumming): on")]
    private static partial Regex ChangesFrames();

    [GeneratedRegex("NOARP")]
    private static partial Regex NoArp();
}
