using System;
using System.Collections.Generic;
using System.Linq;
using Dataplane.Datapath.Tests.Model;
using Dataplane.Packet;
using Dataplane.TestKit;
using Xunit;

namespace Dataplane.Datapath.Tests;

/// <summary>Random IPv6 packets against a naive reference, and damaged ones against the ledger.</summary>
public class Ipv6ModelTests
{
    private static readonly int[] s_mtu = [1500, 1500, 1280];

    private static readonly DropReason[] s_mustOccur =
    [
        DropReason.Ipv6SourceInvalid, DropReason.Ipv6DestinationInvalid, DropReason.L4ChecksumBad, DropReason.NotForThisRouter, DropReason.NoRoute,
        DropReason.TcpNotSyn, DropReason.IcmpReplyUnsolicited, DropReason.TtlExceeded, DropReason.MtuExceeded, DropReason.FilterDropped,
        DropReason.FilterRejected, DropReason.LocalUnsupported,
    ];

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    public void Router_and_reference_agree_on_every_packet_of_a_random_stream(int seed, int workers)
    {
        Random random = new(seed);
        Ipv6Reference reference = new(s_mtu);
        using RouterBed bed = Ipv6Network.Started(Ipv6Reference.Build(s_mtu), workers, entriesMax: 65_536);
        ulong found = bed.Router.Totals().Found;
        for (int number = 0; number < 60_000; number++)
        {
            Ipv6Stimulus packet = Ipv6Stimulus.Next(random);
            byte[] frame = packet.Build();
            Ipv6Outcome expected = reference.Judge(packet, frame);
            ulong[] before = Drops(bed);
            bed.Take();
            bed.Inject(packet.Port, frame, random.Next(workers));
            bed.Settle();
            string[] sent = Lines(bed.Take().Select(one => (one.Port, one.Bytes)));
            DropReason[] dropped = [.. Added(before, Drops(bed))];
            bool agree = sent.SequenceEqual(Lines(expected.Frames)) && dropped.SequenceEqual(expected.Drops.Order());
            Assert.True(agree, $"seed {seed}, packet {number}, {packet}: expected {Text(expected.Drops, Lines(expected.Frames))}, got {Text(dropped, sent)}");
        }

        WorkerCounters totals = bed.Router.Totals();
        Assert.True(totals.Found - found > 5000, "hardly a packet of a known connection");
        Assert.True(totals.Opened > 500, "hardly a connection");
        ulong[] drops = Drops(bed);
        Assert.All(s_mustOccur, reason => Assert.True(drops[(int)reason] > 50, $"{reason} hardly occurred"));
    }

    [Fact]
    public void Damaged_frames_end_in_the_ledger_whatever_they_have_become()
    {
        Random random = new(5);
        using RouterBed bed = Ipv6Network.Started(Trusting());
        byte[][] seeds = [.. Seeds(random)];
        for (int number = 0; number < 100_000; number++)
        {
            byte[] frame = [.. seeds[random.Next(seeds.Length)]];
            for (int flips = random.Next(4); flips > 0; flips--)
            {
                frame[random.Next(12, frame.Length)] = (byte)random.Next(256);
            }

            Assert.Equal(0, bed.World.Waiting);
            bed.World.Captures = false;
            bed.Inject(random.Next(3), random.Next(8) == 0 ? frame[..random.Next(1, frame.Length)] : frame);
            bed.Poll();
            bed.Poll();
            if (number % 1000 == 0)
            {
                bed.Advance(0.3);
                bed.Settle();
                bed.Check();
            }
        }

        bed.Settle();
    }

    /// <summary>Nothing is refused for its checksum, so that damage gets as far as it can.</summary>
    private static PlanBuilder Trusting()
    {
        PlanBuilder builder = Ipv6Network.Plain();
        builder.VerifyChecksums = false;
        Ipv6Network.Advertise(builder, Network.Lan);
        return builder;
    }

    private static IEnumerable<byte[]> Seeds(Random random)
    {
        for (int index = 0; index < 300; index++)
        {
            yield return Ipv6Stimulus.Next(random).Build();
        }

        PacketBuilder From() => Ipv6Network.FromHost(Network.Lan, "fe80::77", Ipv6Network.LanLinkLocal, 255);
        byte[] option = PacketBuilder.LinkLayerOption(1, Ipv6Network.MacOf("fe80::77"));
        byte[] quoted = Ipv6Network.FromServer().Extension(IpProtocol.DestinationOptions, 0, 0, 1, 4, 0, 0, 0, 0).Udp(80, 1000).Payload(40).Build();
        for (int copy = 0; copy < 30; copy++)
        {
            yield return From().NeighbourSolicitation(Ipv6Network.LanAddress, option).Build();
            yield return From().NeighbourAdvertisement(NeighbourFlags.Override, "fe80::77", PacketBuilder.LinkLayerOption(2, Ipv6Network.MacOf("fe80::77"))).Build();
            yield return From().RouterSolicitation(option).Build();
            yield return From().Icmpv6(134).Payload(40).Build();
            yield return From().Icmpv6(137).Payload(48).Build();
            yield return Ipv6Network.FromClient().Icmpv6(2, 0, 1280).Payload(quoted[14..]).Build();
        }
    }

    private static string Text(IEnumerable<DropReason> drops, string[] frames) => string.Join(", ", [.. drops.Select(one => one.ToString()), .. frames]);

    private static string[] Lines(IEnumerable<(int Port, byte[] Frame)> frames) =>
        [.. frames.Select(frame => $"{frame.Port} {Convert.ToHexString(frame.Frame)}").Order()];

    private static ulong[] Drops(RouterBed bed) => [.. Enum.GetValues<DropReason>().Select(bed.Drops)];

    private static IEnumerable<DropReason> Added(ulong[] before, ulong[] after) =>
        Enum.GetValues<DropReason>().SelectMany(reason => Enumerable.Repeat(reason, (int)(after[(int)reason] - before[(int)reason])));
}
