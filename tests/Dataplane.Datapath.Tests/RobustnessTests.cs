using System;
using System.Collections.Generic;
using System.Linq;
using Dataplane.Packet;
using Dataplane.TestKit;
using Xunit;

namespace Dataplane.Datapath.Tests;

public unsafe class RobustnessTests
{
    [Theory]
    [InlineData(11, 1)]
    [InlineData(12, 2)]
    public void Lost_doubled_late_cut_and_corrupt_frames_leak_nothing_and_leave_sound(int seed, int workers)
    {
        Random random = new(seed);
        Model.Traffic traffic = new(random);
        FaultPort cable = new(new FaultRates(Drop: 5, Duplicate: 10, Reorder: 10, Corrupt: 30, Truncate: 10), random);
        using RouterBed bed = new(Model.OfficePolicy.Build(), workers) { MayLeave = Model.OfficePolicy.MayLeave };
        for (int packet = 0; packet < 20_000; packet++)
        {
            Model.Stimulus stimulus = traffic.Next([], strays: true);
            foreach (byte[] frame in cable.Pass(stimulus.Frame))
            {
                bed.Inject(stimulus.Port, frame, random.Next(workers));
            }

            bed.World.AllocationsToRefuse = random.Next(50) == 0 ? 3 : 0;
            bed.World.TransmitLimit = random.Next(20) == 0 ? random.Next(4) : int.MaxValue;
            bed.Advance(0.002);
            bed.Poll(random.Next(workers));
        }

        bed.World.TransmitLimit = int.MaxValue;
        bed.Settle();
        Assert.True(bed.Take().Length > 1000);
    }

    [Fact]
    public void A_changed_route_moves_open_connections_with_the_new_generation()
    {
        using RouterBed bed = new(Network.Plain());
        byte[] frame = Network.FromClient().Udp(5000, 53).Build();
        bed.SendForOne(Network.Lan, frame, Network.Wan);
        bed.SendForOne(Network.Lan, frame, Network.Wan);

        PlanBuilder changed = Network.Plain();
        changed.Generation = 2;
        changed.AddRoute(Ipv4Address.Parse(Network.Server).Host, 32,
            new NextHop { Kind = NextHopKind.Gateway, Port = Network.Dmz, Gateway = Ipv6Address.FromIpv4(Ipv4Address.Parse("172.16.0.50")) });
        Plan* plan = changed.Build();
        try
        {
            bed.Router.Context(0)->Plan = plan;
            for (int packet = 0; packet < 2; packet++)
            {
                byte[] sent = bed.SendForOne(Network.Lan, frame, Network.Dmz);
                Assert.Equal(MemoryWorld.MacOf(Ipv4Address.Parse("172.16.0.50")), MacAddress.FromBytes(sent));
            }

            Assert.Equal(1, bed.CountByDump());
        }
        finally
        {
            bed.Router.Context(0)->Plan = bed.Router.Plan;
            PlanBuilder.Free(plan);
        }
    }

    [Fact]
    public void The_two_directions_of_a_connection_may_meet_different_workers()
    {
        using RouterBed bed = new(Network.Masquerading(), workers: 2);
        byte[] outside = bed.SendForOne(Network.Lan, Network.FromClient().Tcp(4000, 80, TcpFlags.Syn).Build(), Network.Wan);
        ushort port = new ReferencePacket(outside).Tuple.SourcePort.Host;
        byte[] answer = Network.FromHost(Network.Wan, Network.Server, Network.WanAddress).Tcp(80, port, TcpFlags.Syn | TcpFlags.Ack).Build();
        List<int> workers = [.. Enumerable.Range(0, 2)];
        foreach (int worker in workers)
        {
            int queue = bed.Router.Assignment.ReceiveQueues(worker).First(own => own.Port == Network.Wan).Queue;
            bed.Inject(Network.Wan, answer, queue);
            bed.Settle();
            Assert.Equal(Network.Lan, Assert.Single(bed.Take(), frame => frame.Port == Network.Lan).Port);
        }

        Assert.Equal(1, bed.CountByDump());
    }
}
