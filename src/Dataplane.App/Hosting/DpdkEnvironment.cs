using Dataplane.Datapath;
using Dataplane.Dpdk;
using Dataplane.Packet;

namespace Dataplane.App.Hosting;

/// <summary>The world of a real worker: DPDK's ports, buffers and routes.</summary>
internal readonly unsafe struct DpdkEnvironment : IEnvironment
{
    private readonly void* _pool;
    private readonly QueueMap* _map;

    /// <param name="pool">Where packets that the router makes come from.</param>
    /// <param name="map">Where the router's ports and queues are among DPDK's; outlives the worker.</param>
    public DpdkEnvironment(void* pool, QueueMap* map)
    {
        _pool = pool;
        _map = map;
    }

    public int ReceiveBurst(ushort port, ushort queue, Mbuf** packets, int count)
    {
        PortQueue device = _map->Receive(port, queue);
        return Burst.Rx(device.Port, device.Queue, packets, (ushort)count);
    }

    public int TransmitBurst(ushort port, ushort queue, Mbuf** packets, int count)
    {
        PortQueue device = _map->Transmit(port, queue);
        return Burst.Tx(device.Port, device.Queue, packets, (ushort)count);
    }

    public Mbuf* Allocate()
    {
        Mbuf* packet;
        return Burst.Allocate(_pool, &packet, 1) == 0 ? packet : null;
    }

    public void Free(Mbuf** packets, int count) => Burst.Free(packets, (uint)count);

    public int LookupRoute(Plan* plan, uint destination)
    {
        ulong nextHop = 0;
        _ = Burst.FibLookup((void*)plan->RouteTable, &destination, &nextHop, 1);
        return (int)nextHop;
    }

    public int LookupRoute6(Plan* plan, Ipv6Address* destination)
    {
        // A router without IPv6 routes has no table for them: it would take 64 MiB to say "none".
        ulong nextHop = 0;
        if (plan->RouteTable6 != 0)
        {
            _ = Burst.Fib6Lookup((void*)plan->RouteTable6, destination, &nextHop, 1);
        }

        return (int)nextHop;
    }

    public long NowNanoseconds() => (long)Burst.ClockNs();

    public void Relax() => Burst.Pause();

    public void Sleep(long nanoseconds) => Burst.SleepNs((ulong)nanoseconds);

    public void EndStage(PipelineStage stage)
    {
    }
}
