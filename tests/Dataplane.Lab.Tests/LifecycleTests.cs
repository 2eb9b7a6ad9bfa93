using System;
using System.Globalization;
using System.IO;
using Xunit;

namespace Dataplane.Lab.Tests;

public sealed class LifecycleTests : LabTest
{
    [Theory]
    [InlineData(DeviceKind.AfXdp)]
    [InlineData(DeviceKind.AfPacket)]
    public void Sigterm_stops_within_a_second_and_closes_the_ports(DeviceKind device)
    {
        using Lab lab = Lab.WithDataplane(new LabOptions { Device = device });
        TrafficAssertions.PingPassesWithOneHopLess(lab);
        AssertConserved(lab.Dataplane);
        bool isXdp = device == DeviceKind.AfXdp;
        Assert.Equal(isXdp, HasProgram(lab));

        (int exitCode, TimeSpan elapsed) = lab.Dataplane.Stop();

        Assert.True(exitCode == 0, lab.Dataplane.Log);
        Assert.True(elapsed < TimeSpan.FromSeconds(1), $"took {elapsed.TotalMilliseconds:F0} ms");
        Assert.False(HasProgram(lab));
        Assert.False(File.Exists(lab.Dataplane.SocketPath));
    }

    [Fact]
    public void It_can_be_started_again_after_it_was_killed()
    {
        using Lab lab = Lab.WithDataplane(new LabOptions());
        Command.Run(Command.DefaultTimeout, "kill", "-KILL", Id(lab.Dataplane)).OrThrow();
        lab.Start(new DataplaneRouter(lab.Topology, lab.Options, lab.Folder));
        TrafficAssertions.PingPassesWithOneHopLess(lab);
        AssertConserved(lab.Dataplane);
    }

    [Fact]
    public void A_second_start_names_the_process_that_holds_it_and_does_not_disturb_it() => InLab(new LabOptions(), lab =>
    {
        CommandResult second = lab.Dataplane.StartAgain();
        Assert.False(second.TimedOut);
        Assert.NotEqual(0, second.ExitCode);
        Assert.Contains(Id(lab.Dataplane), second.Error + second.Output, StringComparison.Ordinal);
        TrafficAssertions.PingPassesWithOneHopLess(lab);
    });

    private static string Id(DataplaneRouter router) => router.ProcessId.ToString(CultureInfo.InvariantCulture);

    private static bool HasProgram(Lab lab) =>
        lab.Topology.Router.Ip("-details", "link", "show", Topology.WanInterface).Output.Contains("xdp", StringComparison.Ordinal);
}
