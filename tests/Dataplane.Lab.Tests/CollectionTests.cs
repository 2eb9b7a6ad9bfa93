using Xunit;

namespace Dataplane.Lab.Tests;

public sealed class CollectionTests : LabTest
{
    [Fact]
    public void Traffic_and_a_hundred_questions_make_the_router_neither_allocate_nor_collect() => InLab(new LabOptions(), lab =>
    {
        ServeInternet(lab);
        string[] topics = ["workers", "ports", "drops", "routes", "neighbours", "conntrack"];
        foreach (string topic in topics)
        {
            lab.Dataplane.Show(topic).OrThrow();
        }

        StatusRow before = lab.Dataplane.Status();
        AssertIntact(Traffic.Download(lab, lab.Topology.Client, FarUrl, HundredMegabytes));
        for (int question = 0; question < 100; question++)
        {
            lab.Dataplane.Show(topics[question % topics.Length]).OrThrow();
        }

        StatusRow after = lab.Dataplane.Status();
        Assert.Equal(before.Collections, after.Collections);
        Assert.Equal(before.AllocatedBytes, after.AllocatedBytes);
    });
}
