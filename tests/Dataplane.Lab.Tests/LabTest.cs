using System;
using Xunit;

namespace Dataplane.Lab.Tests;

/// <summary>The addresses and servers that most lab tests use, and the rule that holds at the end of all of them.</summary>
public abstract class LabTest
{
    protected const string FarUrl = "http://203.0.113.10/";
    protected const string PublishedUrl = "http://198.51.100.2:8080/";

    protected const long HundredMegabytes = 100_000_000;

    /// <summary>Runs <paramref name="test"/> in a lab with the router under test and checks that every packet is accounted for.</summary>
    protected static void InLab(LabOptions options, Action<Lab> test)
    {
        ArgumentNullException.ThrowIfNull(test);
        using Lab lab = Lab.WithDataplane(options);
        test(lab);
        AssertConserved(lab.Dataplane);
    }

    protected static void AssertConserved(DataplaneRouter router)
    {
        ArgumentNullException.ThrowIfNull(router);
        PacketBalance packets = router.Balance();
        Assert.True(packets.Holds, packets.ToString());
        Assert.True(packets.In > 0, "no packet was counted");

        // Published four times a second: what the workers' threads compiled and allocated since their loops began.
        Assert.All(router.Workers(), worker => Assert.Equal((0L, 0L), (worker.CompiledMethods, worker.AllocatedBytes)));
    }

    protected static void AssertIntact(Transfer transfer)
    {
        ArgumentNullException.ThrowIfNull(transfer);
        Assert.True(transfer.Command.Succeeded, transfer.Command.ToString());
        Assert.Equal(transfer.Expected, transfer.Seen);
    }

    protected static WebServer ServeInternet(Lab lab)
    {
        ArgumentNullException.ThrowIfNull(lab);
        return WebServer.Start(lab, lab.Topology.Internet, LabAddresses.Far);
    }

    protected static WebServer ServeInside(Lab lab)
    {
        ArgumentNullException.ThrowIfNull(lab);
        return WebServer.Start(lab, lab.Topology.Server, LabAddresses.Server);
    }
}
