using System.Linq;
using System.Runtime.InteropServices;
using Dataplane.Packet;
using Dataplane.TestKit;
using Xunit;

namespace Dataplane.Datapath.Tests;

public unsafe class HandoverTests
{
    [Fact]
    public void The_ring_keeps_order_and_takes_what_fits()
    {
        HandoverRing* ring = (HandoverRing*)NativeMemory.AlignedAlloc((nuint)sizeof(HandoverRing), 128);
        NativeMemory.Clear(ring, (nuint)sizeof(HandoverRing));
        Mbuf** packets = stackalloc Mbuf*[100];
        nint pushed = 0;
        nint popped = 0;
        for (int round = 0; round < 1000; round++)
        {
            for (int index = 0; index < 100; index++)
            {
                packets[index] = (Mbuf*)(pushed + index + 1);
            }

            long free = HandoverRing.Capacity - (pushed - popped);
            int taken = ring->Push(packets, 100);
            Assert.Equal(System.Math.Min(free, 100), taken);
            pushed += taken;

            // Pops less than was pushed at first, so that the ring fills up and wraps around.
            int count = ring->Pop(packets, 64);
            for (int index = 0; index < count; index++)
            {
                Assert.Equal(++popped, (nint)packets[index]);
            }
        }

        Assert.True(pushed > 10 * HandoverRing.Capacity);
        while (ring->Pop(packets, 100) is int rest and > 0)
        {
            popped += rest;
        }

        Assert.Equal(pushed, popped);
        NativeMemory.AlignedFree(ring);
    }

    [Fact]
    public void A_worker_without_a_queue_reaches_the_port_through_the_owner()
    {
        using RouterBed bed = Warm();
        int owner = bed.Router.Assignment.TransmitOwner(0, Network.Wan);
        int other = 1 - owner;
        bed.Inject(Network.Lan, Network.FromClient().Udp(5000, 53).Build(), QueueOf(bed, other));
        bed.Poll(other);
        Assert.Empty(bed.Take());
        bed.Check();
        bed.Poll(owner);
        Assert.Single(bed.Take());
    }

    [Fact]
    public void A_full_ring_drops_by_name_and_what_it_holds_is_held()
    {
        using RouterBed bed = Warm();
        int owner = bed.Router.Assignment.TransmitOwner(0, Network.Wan);
        int other = 1 - owner;
        const int extra = 76;
        for (int packet = 0; packet < HandoverRing.Capacity + extra; packet++)
        {
            bed.Inject(Network.Lan, Network.FromClient().Udp(5000, 53).Build(), QueueOf(bed, other));
        }

        while (bed.World.Waiting > 0)
        {
            bed.Poll(other);
        }

        Assert.Equal((ulong)extra, bed.Drops(DropReason.HandoverFull));
        Assert.Equal(HandoverRing.Capacity, bed.World.WithRouter);
        bed.Check();
        bed.Settle();
        Assert.Equal(HandoverRing.Capacity, bed.Take().Length);
    }

    /// <summary>Two workers, one transmit queue a port, and a connection that is open.</summary>
    private static RouterBed Warm()
    {
        RouterBed bed = new(Network.Masquerading(), workers: 2, new PortQueues(2, 1));
        bed.SendForOne(Network.Lan, Network.FromClient().Udp(5000, 53).Build(), Network.Wan);
        return bed;
    }

    private static int QueueOf(RouterBed bed, int worker) =>
        bed.Router.Assignment.ReceiveQueues(worker).First(queue => queue.Port == Network.Lan).Queue;
}
