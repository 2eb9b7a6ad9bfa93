using System;
using System.Collections.Generic;
using Dataplane.Packet;
using Xunit;

namespace Dataplane.Datapath.Tests.Model;

public class ReferenceComparisonTests
{
    /// <summary>Endings that a stream must have met to be worth anything.</summary>
    private static readonly DropReason[] s_mustOccur =
    [
        DropReason.None, DropReason.NatPortsExhausted, DropReason.TcpNotSyn, DropReason.TcpStateInvalid,
        DropReason.TcpSequenceAboveWindow, DropReason.TcpSequenceBelowWindow, DropReason.TcpAckAboveWindow,
        DropReason.TcpAckBelowWindow, DropReason.TcpResetOutsideWindow, DropReason.IcmpErrorUnrelated,
        DropReason.IcmpReplyUnsolicited, DropReason.NoRoute, DropReason.TtlExceeded, DropReason.MtuExceeded, DropReason.FilterDropped,
        DropReason.FilterRejected, DropReason.LocalUnsupported, DropReason.L4ChecksumBad, DropReason.VlanNotConfigured,
    ];

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(2, 2, 2)]
    [InlineData(3, 2, 1)]
    public void Router_and_reference_agree_on_every_packet_of_a_random_stream(int seed, int workers, int transmitQueues)
    {
        using ModelRun run = new(seed, workers, transmitQueues);
        try
        {
            run.Run(70_000);
        }
        catch (Exception failure)
        {
            throw new InvalidOperationException($"seed {seed}, {workers} workers, {transmitQueues} transmit queues: {failure.Message}", failure);
        }

        Assert.All(s_mustOccur, reason => Assert.True(run.Seen.GetValueOrDefault(reason) > 10, $"{reason} hardly occurred"));
    }
}
