using System.Linq;
using Dataplane.Oracle.Tests.Kernel;
using Xunit;

namespace Dataplane.Oracle.Tests;

/// <summary>The list of differences is exact: each of them exists, and is found for what it is.</summary>
[Collection(OracleCollection.Name)]
public sealed class KnownDifferenceTests(OracleFixture oracle)
{
    public static TheoryData<string, int> Cases
    {
        get
        {
            TheoryData<string, int> cases = [];
            foreach (KnownDifference known in KnownDifferences.All)
            {
                for (int index = 0; index < known.Cases.Count; index++)
                {
                    cases.Add(known.Name, index);
                }
            }

            return cases;
        }
    }

    [OracleTheory]
    [MemberData(nameof(Cases))]
    public void A_known_difference_exists(string name, int index)
    {
        using OneCpu stay = OneCpu.Stay();
        KnownDifference known = KnownDifferences.All.Single(known => known.Name == name);
        string[] witness = known.Cases[index].Witness;
        Duel duel = oracle.Begin(known.Protocol, known.Cases[index].IsIpv6);
        foreach (string line in witness.SkipLast(1))
        {
            Assert.True(duel.Send(Scripts.Parse(duel.Flow, line)), $"differs before its last packet, {duel.Parting?.Name}: {duel.Transcript()}");
        }

        Step last = duel.Try(Scripts.Parse(duel.Flow, witness[^1]));
        Assert.False(last.IsEqual, $"is none: {duel.Transcript()}");
        Assert.True(known.Cases[index].Covers(last), $"is something else ({KnownDifferences.Find(last)?.Name}): {duel.Transcript()}");
        Assert.Equal(known, KnownDifferences.Find(last));
    }

    [Fact]
    public void Every_difference_has_a_name_of_its_own_and_a_reason()
    {
        Assert.Equal(KnownDifferences.All.Count, KnownDifferences.All.Select(known => known.Name).Distinct().Count());
        Assert.All(KnownDifferences.All, known => Assert.True(known.Reason.Length > 20 && known.Cases.Count > 0, known.Name));
    }
}
