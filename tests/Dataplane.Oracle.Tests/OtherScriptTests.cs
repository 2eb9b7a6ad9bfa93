using Dataplane.Oracle.Tests.Kernel;
using Xunit;

namespace Dataplane.Oracle.Tests;

/// <summary>Conversations of UDP, ICMP, SCTP, GRE and others: both routers do what is expected of them at every packet.</summary>
[Collection(OracleCollection.Name)]
public sealed class OtherScriptTests(OracleFixture oracle)
{
    public static TheoryData<string> Names => new(OtherScripts.All.Keys);

    [OracleTheory]
    [MemberData(nameof(Names))]
    public void Both_routers_agree_and_do_what_is_expected(string name)
    {
        using OneCpu stay = OneCpu.Stay();
        OtherScript script = OtherScripts.All[name];
        Duel duel = oracle.Begin(script.Protocol, script.IsIpv6);
        foreach (string line in script.Lines)
        {
            Assert.True(duel.Send(Scripts.Parse(duel.Flow, line)), $"{duel.Parting?.Name}: {duel.Transcript()}");
            Outcome ours = duel.Steps[^1].Ours;
            string expected = Scripts.Expected(line);
            string actual = ours.IsForwarded ? ours.After.ToString() : "drop";

            // Where a difference in name is known the line says nothing: that both have forwarded it is compared already.
            Assert.True(expected == actual || (expected.Length == 0 && ours.IsForwarded), $"not as expected at {line}: {duel.Transcript()}");
        }
    }
}
