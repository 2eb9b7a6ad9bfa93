using Xunit;

namespace Dataplane.Lab.Tests;

/// <summary>The same expectations with Linux as the router: they must hold there too, or they expect the wrong thing.</summary>
public sealed class KernelControlTests : LabTest
{
    [Fact]
    public void Linux_netfilter_meets_every_expectation_of_this_lab()
    {
        using Lab lab = Lab.WithKernel(new LabOptions { Queues = 2 });
        WebServer web = ServeInternet(lab);
        ServeInside(lab);
        TrafficAssertions.PingPassesWithOneHopLess(lab);
        TrafficAssertions.RouterAnswersPing(lab);
        TrafficAssertions.TraceRouteShowsTheRouter(lab, icmp: false);
        TrafficAssertions.TraceRouteShowsTheRouter(lab, icmp: true);
        TrafficAssertions.DnsResolves(lab);
        TrafficAssertions.SourceIsTranslated(lab, FarUrl);
        TrafficAssertions.DestinationIsTranslatedAndSourceKept(lab, PublishedUrl);
        TrafficAssertions.OutsideCannotReachWhatIsNotPublished(lab);
        TrafficAssertions.ManyConnectionsPass(lab, web, FarUrl, 100);
        AssertIntact(Traffic.Download(lab, lab.Topology.Client, FarUrl, HundredMegabytes));
        AssertIntact(Traffic.Upload(lab, lab.Topology.Client, FarUrl, HundredMegabytes));
    }
}
