using System;
using System.Collections.Generic;
using Dataplane.Nat;
using Dataplane.Packet;
using Dataplane.TestKit;
using Xunit;

namespace Dataplane.Datapath.Tests;

/// <summary>Runs while nothing else does: collections that other tests cause would be counted here.</summary>
[CollectionDefinition(nameof(ZeroAllocationTests), DisableParallelization = true)]
[Collection(nameof(ZeroAllocationTests))]
public class ZeroAllocationTests
{
    private const int Packets = 1_000_000;
    private const int Burst = 32;

    [Fact]
    public void A_million_mixed_packets_allocate_nothing_and_collect_nothing()
    {
        PlanBuilder builder = Model.OfficePolicy.Build();
        Ipv6Network.AddTo(builder);
        Ipv6Network.Advertise(builder, Network.Lan);
        builder.Filter6Rules.Add(new FilterRule6 { Match = new RuleMatch6 { Common = RuleMatch.Any }, Verdict = FilterVerdict.Accept });
        using RouterBed bed = new(builder);
        bed.World.Captures = false;
        byte[][] frames = Frames();
        Run(bed, frames, 100_000);
        WorkerCounters before = bed.Router.Totals();
        ulong expired = bed.Router.Conntrack.Counters().Expired;
        ulong expired6 = bed.Router.Conntrack6!.Counters().Expired;

        // A collection books what is left of this thread's allocation buffer as allocated: after this one there is no buffer.
        GC.Collect();
        int collections = GC.CollectionCount(0);
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        Run(bed, frames, Packets);
        Assert.Equal(allocated, GC.GetAllocatedBytesForCurrentThread());
        Assert.Equal(collections, GC.CollectionCount(0));

        // The stream was what it claims to be.
        WorkerCounters after = bed.Router.Totals();
        Assert.True(after.Opened - before.Opened > 1000, "hardly a new connection");
        Assert.True(after.Made - before.Made > 1000, "hardly an ICMP error or ARP request");
        Assert.True(after.Consumed - before.Consumed > 10, "hardly an ARP reply");
        Assert.True(after.Dropped - before.Dropped > 1000, "hardly a drop");
        Assert.True(after.Found - before.Found > 100_000, $"hardly a packet of a known connection: {after.Found - before.Found}");
        Assert.True(bed.Router.Conntrack.Counters().Expired - expired > 1000, "hardly an expiry");
        Assert.True(bed.Router.Conntrack6.Counters().Expired - expired6 > 1000, $"hardly an expiry of IPv6: {bed.Router.Conntrack6.Counters().Expired - expired6}");
    }

    private static void Run(RouterBed bed, byte[][] frames, int packets)
    {
        MemoryWorld world = bed.World;
        Worker<MemoryEnvironment> worker = bed.Worker(0);
        int next = 0;
        for (int sent = 0; sent < packets; sent += Burst)
        {
            for (int index = 0; index < Burst; index++)
            {
                byte[] frame = frames[next];
                next = next + 1 < frames.Length ? next + 1 : 0;

                // The first byte of the port's MAC address is everywhere the same, its last one tells the port.
                world.Inject(frame[5] - 1, 0, frame);
            }

            worker.Poll();

            // Now and then long enough for everything to expire.
            world.NowNanoseconds += sent % (4000 * Burst) == 0 ? 400_000_000_000 : 400_000_000;
        }

        for (int idle = 0; idle < 100; idle++)
        {
            worker.Poll();
        }
    }

    private static byte[][] Frames()
    {
        Random random = new(9);
        Model.Traffic traffic = new(random);
        List<byte[]> frames = [];
        while (frames.Count < 3000)
        {
            Model.Stimulus stimulus = traffic.Next([], strays: true);
            if (stimulus.Malformed == DropReason.None && stimulus.Frame[5] == stimulus.Port + 1)
            {
                frames.Add(stimulus.Frame);
            }

            if (frames.Count % 100 == 0)
            {
                frames.Add(RequestFor(Network.LanAddress));
                frames.Add(SolicitationFor(Ipv6Network.LanAddress));
            }

            if (frames.Count % 2 == 0)
            {
                Model.Ipv6Stimulus packet = Model.Ipv6Stimulus.Next(random);
                if (!packet.IsForStranger)
                {
                    frames.Add(packet.Build());
                }
            }
        }

        return [.. frames];
    }

    /// <summary>An ARP request sent to the port's own MAC address, as a neighbour that refreshes its cache sends it.</summary>
    private static byte[] RequestFor(string own) => new PacketBuilder()
        .Ethernet(MemoryWorld.MacOf(Ipv4Address.Parse(Network.Client)), Network.MacOfPort(Network.Lan))
        .Arp(1, Network.Client, own)
        .Build();

    /// <summary>A neighbour's question whether the router is still there.</summary>
    private static byte[] SolicitationFor(string own) => Ipv6Network.FromHost(Network.Lan, "fe80::77", own, 255)
        .NeighbourSolicitation(own, PacketBuilder.LinkLayerOption(1, Ipv6Network.MacOf("fe80::77")))
        .Build();
}
