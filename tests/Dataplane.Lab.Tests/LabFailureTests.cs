using System;
using System.IO;
using Xunit;

namespace Dataplane.Lab.Tests;

/// <summary>What the lab says and leaves behind when something does not work.</summary>
public sealed class LabFailureTests
{
    [Fact]
    public void A_router_that_does_not_start_is_reported_with_its_output_and_leaves_nothing()
    {
        string folder;
        string network;
        using (Lab lab = Lab.Create(new LabOptions()))
        {
            folder = lab.Folder;
            network = "/run/netns/" + lab.Topology.Router.Name;
            DataplaneRouter router = new(lab.Topology, lab.Options with { Cores = "4095" }, lab.Folder);
            LabException error = Assert.Throws<LabException>(() => lab.Start(router));
            Assert.Contains("4095", error.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("   at Dataplane.", error.Message, StringComparison.Ordinal);
        }

        Assert.False(Directory.Exists(folder));
        Assert.False(File.Exists(network));
    }

    [Fact]
    public void A_command_that_hangs_is_ended_and_reported()
    {
        CommandResult result = Command.Run(TimeSpan.FromMilliseconds(300), "sleep", "60");
        Assert.True(result.TimedOut);
        Assert.False(result.Succeeded);
        Assert.True(result.Elapsed < TimeSpan.FromSeconds(5));
    }

    [Fact]
    public void A_tool_that_is_not_installed_is_named()
    {
        LabException error = Assert.Throws<LabException>(() => Command.Run(Command.DefaultTimeout, "dataplane-no-such-tool"));
        Assert.Contains("dataplane-no-such-tool", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_server_that_ends_at_once_is_reported_with_its_output()
    {
        using Lab lab = Lab.Create(new LabOptions());
        LabException error = Assert.Throws<LabException>(
            () => lab.Serve(lab.Topology.Server, _ => false, "sh", "-c", "echo cause; exit 3"));
        Assert.Contains("cause", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unbalanced_reading_is_seen()
    {
        WorkerRow worker = new(0, 0, Received: 10, Made: 1, Transmitted: 8, Consumed: 1, Dropped: 2, Held: 0, CompiledMethods: 0, AllocatedBytes: 0, []);
        Assert.True(PacketBalance.Of([worker], [new DropRow("a", 2)]).Holds);
        Assert.False(PacketBalance.Of([worker with { Received = 11 }], [new DropRow("a", 2)]).Holds);
        Assert.False(PacketBalance.Of([worker], [new DropRow("a", 1)]).Holds);
    }
}
