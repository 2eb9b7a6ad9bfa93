using System;
using System.Collections.Generic;
using System.Linq;
using Dataplane.Oracle.Tests.Kernel;
using Dataplane.Packet;
using Xunit;
using Xunit.Abstractions;

namespace Dataplane.Oracle.Tests;

/// <summary>Random conversations over a bad network, with a forger in most of them: after every packet both routers agree.</summary>
[Collection(OracleCollection.Name)]
public sealed class GeneratedTcpTests(OracleFixture oracle, ITestOutputHelper output)
{
    private const int Conversations = 2_000;

    [OracleTheory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(3, true)]
    public void Both_routers_agree(int batch, bool isIpv6)
    {
        int seed = batch * 100_000_000;
        long end = OracleSupport.EndOfLongRun();
        do
        {
            Compare(seed, Conversations, isIpv6);
            seed += Conversations;
        }
        while (Environment.TickCount64 < end);
    }

    private void Compare(int firstSeed, int conversations, bool isIpv6)
    {
        using OneCpu stay = OneCpu.Stay();
        SortedDictionary<string, int> partings = [];
        int packets = 0;
        int finished = 0;
        for (int seed = firstSeed; seed < firstSeed + conversations; seed++)
        {
            Duel duel = oracle.Begin(IpProtocol.Tcp, isIpv6);
            GeneratedConversation conversation = new(duel, seed);
            finished += conversation.Run() ? 1 : 0;
            Step? refused = duel.Steps.FirstOrDefault(step => !conversation.HasForged && !step.Ours.IsForwarded && step.OursBefore != Connection.None);
            Assert.True(refused is null, $"seed {seed}: an honest segment is refused: {duel.Transcript()}");

            packets += duel.Steps.Count;
            if (duel.Parting is KnownDifference known)
            {
                partings[known.Name] = partings.GetValueOrDefault(known.Name) + 1;
            }
        }

        output.WriteLine($"{packets} packets, {finished} of {conversations} conversations closed, {partings.Values.Sum()} ended at a known difference:");
        output.WriteLine(string.Join(Environment.NewLine, partings.Select(parting => $"{parting.Value,5} {parting.Key}")));

        // The conversations are long and regular enough to mean something, and disturbed enough to be worth it.
        Assert.True(packets > conversations * 30, $"{packets} packets");
        Assert.True(finished > conversations / 6, $"{finished} finished");
        Assert.True(partings.Count > 10, $"{partings.Count} kinds of differences");
    }
}
