using System;
using System.Collections.Generic;
using System.Linq;
using Dataplane.Oracle.Tests.Kernel;
using Dataplane.Oracle.Tests.Recording;
using Dataplane.Packet;
using Dataplane.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace Dataplane.Oracle.Tests;

/// <summary>What real TCP stacks said to each other over bad paths: nothing of it is refused, and netfilter agrees.</summary>
[Collection(OracleCollection.Name)]
public sealed class RecordedTcpTests(OracleFixture oracle, ITestOutputHelper output)
{
    private const int LengthBytes = 200_000;

    public static TheoryData<PathSettings> Paths => new(
        new PathSettings(PathSettings.Perfect, PathSettings.Perfect, DelayMs: 0),
        new PathSettings(PathSettings.Perfect, Losses(3), DelayMs: 1),
        new PathSettings(Losses(2), Losses(2), DelayMs: 2),
        new PathSettings(Losses(1), Losses(3), DelayMs: 1, HasWindowScaling: false),
        new PathSettings(Losses(2), Losses(1), DelayMs: 1, HasSack: false, HasTimestamps: false));

    [OracleTheory]
    [MemberData(nameof(Paths), DisableDiscoveryEnumeration = true)]
    public void Nothing_that_a_real_stack_says_is_refused_and_netfilter_agrees(PathSettings settings)
    {
        int seed = 1;
        long end = OracleSupport.EndOfLongRun();
        do
        {
            Replay(settings, seed++);
        }
        while (Environment.TickCount64 < end);
    }

    private static FaultRates Losses(int percent) => new(percent, Duplicate: percent, Reorder: percent, Corrupt: 0, Truncate: 0);

    private void Replay(PathSettings settings, int seed)
    {
        IReadOnlyList<Recorded> records = Record(settings, seed);
        SortedDictionary<string, int> partings = [];
        int compared = 0;
        using OneCpu stay = OneCpu.Stay();
        foreach (IGrouping<(ushort, ushort), Recorded> connection in records.GroupBy(record => record.Ports))
        {
            AssertNothingIsRefused(connection);
            Duel duel = oracle.Begin(IpProtocol.Tcp);
            foreach (Recorded record in connection)
            {
                if (!duel.Send(record.Of(duel.Flow)))
                {
                    partings[duel.Parting!.Name] = partings.GetValueOrDefault(duel.Parting.Name) + 1;
                    break;
                }
            }

            compared += duel.Steps.Count;
        }

        output.WriteLine($"{settings}: {records.Count} segments recorded, {compared} compared; known differences:");
        output.WriteLine(string.Join(Environment.NewLine, partings.Select(parting => $"{parting.Value,5} {parting.Key}")));
        Assert.True(compared > 500, $"{compared} segments compared");
    }

    /// <remarks>
    /// But for stale resets: a socket that is gone answers a delayed duplicate with a reset of the number which that
    /// acknowledged (RFC 9293 §3.10.7.1). Its receiver has long acknowledged more, and would discard it (§3.5.2).
    /// </remarks>
    private void AssertNothingIsRefused(IEnumerable<Recorded> connection)
    {
        List<string> transcript = [];
        uint?[] acknowledged = [null, null];
        Flow flow = Neighbourhood.NewFlow(IpProtocol.Tcp);
        foreach (Recorded record in connection)
        {
            Outcome outcome = oracle.Ours.Pass(flow, record.Of(flow));
            Segment segment = record.Read();
            transcript.Add($"{(record.Side == Side.Lan ? '>' : '<')} {segment}: {outcome}");
            bool isStaleReset = segment.Class == "RST" && (int)(segment.Sequence - acknowledged[1 - (int)record.Side] ?? 0) < 0;
            Assert.True(
                outcome.IsForwarded || isStaleReset, $"refused:{Environment.NewLine}{string.Join(Environment.NewLine, transcript.TakeLast(60))}");
            if (segment.Flags.HasFlag(TcpFlags.Ack) && (int)(segment.Acknowledgment - acknowledged[(int)record.Side] ?? 1) > 0)
            {
                acknowledged[(int)record.Side] = segment.Acknowledgment;
            }
        }
    }

    private static IReadOnlyList<Recorded> Record(PathSettings settings, int seed)
    {
        using RecordedPath path = new(settings, seed);
        SessionKind[] kinds = [.. Enum.GetValues<SessionKind>(), .. Enum.GetValues<SessionKind>()];
        IReadOnlyList<string> failures = new TcpSessions(path).Run(kinds, LengthBytes);
        Assert.Empty(failures);
        return path.Finish();
    }
}
